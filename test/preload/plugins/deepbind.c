/* Opened with RTLD_DEEPBIND its malloc and free are glibc's, whatever was preloaded. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void *kept;

__attribute__((constructor)) static void construct(void)
{
    kept = malloc(64);
}

__attribute__((destructor)) static void destruct(void)
{
    free(kept);
}

void *deep_make(size_t size)
{
    void *p = malloc(size);
    return memset(p, 'd', size);
}

char *deep_text(void)
{
    return strdup("from the deep");
}

void *deep_resize(void *p, size_t size)
{
    void *q = realloc(p, size);
    return q;
}

size_t deep_usable(void *p)
{
    size_t size = malloc_usable_size(p);
    return size;
}

void deep_free(void *p)
{
    free(p);
}
