/* A plugin opened with RTLD_DEEPBIND frees and resizes the program's blocks, and the program those of the plugin. */
#include "blocks.h"

#include <dlfcn.h>

int main(void)
{
    void *plugin = dlopen("deepbind.so", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    MUST(plugin != NULL);
    void *(*make)(size_t) = (void *(*)(size_t))dlsym(plugin, "deep_make");
    char *(*text)(void) = (char *(*)(void))dlsym(plugin, "deep_text");
    void *(*resize)(void *, size_t) = (void *(*)(void *, size_t))dlsym(plugin, "deep_resize");
    size_t (*usable)(void *) = (size_t(*)(void *))dlsym(plugin, "deep_usable");
    void (*release)(void *) = (void (*)(void *))dlsym(plugin, "deep_free");

    for (size_t size = 1; size < 1 << 20; size = size * 3 + 1) {
        char *p = malloc(size);
        fill(p, size, 1);
        MUST(usable(p) >= size);
        release(hide(p));

        p = malloc(size);
        fill(p, size, 2);
        p = resize(hide(p), size * 2);
        MUST(holds(p, size, 2));
        free(p);

        p = make(size);
        MUST(malloc_usable_size(p) >= size && p[size - 1] == 'd');
        p = realloc(p, size * 2);
        MUST(p[size - 1] == 'd');
        free(p);

        release(memalign(4096, size));
        free(make(size));
    }
    char *copy = text();
    puts(copy);
    free(copy);
    MUST(dlclose(plugin) == 0);
    return 0;
}
