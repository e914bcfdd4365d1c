/* Allocates for the program that opened it; its twin does the same at the same place. */
#ifndef IN_PLUGIN
#define IN_PLUGIN in_one
#endif

#include <stdlib.h>

__attribute__((visibility("default"), noinline)) void *IN_PLUGIN(size_t size)
{
    void *p = malloc(size);
    __asm__ volatile("" : "+r"(p));
    return p;
}

__attribute__((visibility("default"))) void *plugin_makes(size_t size)
{
    void *p = IN_PLUGIN(size);
    __asm__ volatile("" : "+r"(p));
    return p;
}
