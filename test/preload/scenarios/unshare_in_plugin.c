/* A program that imports nothing suspicious loads a library, late, that wants a process of a single thread. */
#include "scene.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
    MUST(argc == 2);
    work(0.4);
    void *library = dlopen(argv[1], RTLD_NOW);
    MUST(library != NULL);
    int (*unshares)(void) = (int (*)(void))dlsym(library, "unshares");
    MUST(unshares != NULL);
    int error = unshares();
    printf("unshare: %s\n", error == 0 ? "done" : strerror(error));
    return 0;
}
