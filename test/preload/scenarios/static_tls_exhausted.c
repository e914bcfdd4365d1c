/* A library that needs the loader's reserve of static thread-local storage finds it unspent. */
#include "blocks.h"

#include <dlfcn.h>

int main(void)
{
    free(block(100));
    void *plugin = dlopen("static_tls.so", RTLD_NOW);
    if (plugin == NULL) {
        puts(dlerror());
        return 1;
    }
    char *(*room)(void) = (char *(*)(void))dlsym(plugin, "static_tls_room");
    memset(room(), 1, 1024);
    puts("there was room");
    return 0;
}
