/* One thread waits, inside the loader, for another that calls every kind of allocation for the first time: a
 * tracker that asks the loader anything from inside malloc or delete deadlocks. */
#include "blocks.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

static void (*all_kinds)(void);

static void *run(void *unused)
{
    all_kinds();
    return unused;
}

static int in_callback(struct dl_phdr_info *info, size_t size, void *done)
{
    pthread_t thread;
    (void)info, (void)size;
    if (*(bool *)done)
        return 0;
    *(bool *)done = true;
    MUST(pthread_create(&thread, NULL, run, NULL) == 0);
    pthread_join(thread, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    bool done = false;
    bool in_constructor = argc > 1 && strcmp(argv[1], "constructor") == 0;
    free(block(100));
    if (in_constructor)
        setenv("IN_CONSTRUCTOR", "1", 1);
    void *plugin = dlopen("all_kinds.so", RTLD_NOW);
    MUST(plugin != NULL);
    if (!in_constructor) {
        all_kinds = (void (*)(void))dlsym(plugin, "all_kinds");
        MUST(all_kinds != NULL);
        dl_iterate_phdr(in_callback, &done);
    }
    puts("out of the loader again");
    return 0;
}
