/* A library to load and unload. It is built twice, and but for NAME both are the same. */
#ifndef NAME
#define NAME twin_a
#endif
#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
#define FUNCTION(n) JOIN(NAME, n)

#include <stdlib.h>

static void *shown(void *p)
{
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

void *FUNCTION(_make)(size_t size);
void *FUNCTION(_make)(size_t size)
{
    return shown(malloc(size));
}

void *FUNCTION(_copy)(const void *unused, size_t size);
void *FUNCTION(_copy)(const void *unused, size_t size)
{
    (void)unused;
    return shown(calloc(size, 1));
}
