/* dlmopen brings a second libc along, with a heap of its own, where nothing is preloaded. */
#include "blocks.h"

#include <dlfcn.h>

int main(void)
{
    void *plugin = dlmopen(LM_ID_NEWLM, "deepbind.so", RTLD_NOW);
    MUST(plugin != NULL);
    void *(*make)(size_t) = (void *(*)(size_t))dlsym(plugin, "deep_make");
    void (*release)(void *) = (void (*)(void *))dlsym(plugin, "deep_free");
    for (unsigned i = 0; i < 100; i++) {
        void *mine = block(100 + i), *other = make(100 + i);
        release(other);
        free(mine);
    }
    MUST(dlclose(plugin) == 0);
    puts("each kept to its own");
    return 0;
}
