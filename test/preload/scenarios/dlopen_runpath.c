/* dlopen searches the RUNPATH, and expands the $ORIGIN, of the library that calls it: also when it is wrapped.
 * Arguments: name or origin, lazy or deep. */
#include "blocks.h"

#include <dlfcn.h>

int main(int argc, char **argv)
{
    char path[4096] = "";
    MUST(argc == 3 && readlink("/proc/self/exe", path, sizeof(path) - 32) > 0);
    strcpy(strrchr(path, '/') + 1, "runpath_caller.so");
    free(block(100));

    if (dlopen("runpath_hidden.so", RTLD_LAZY) == NULL) /* the program itself has no RUNPATH */
        puts(dlerror());
    void *caller = dlopen(path, RTLD_NOW);
    MUST(caller != NULL);
    void *(*open)(int) =
        (void *(*)(int))dlsym(caller, strcmp(argv[1], "name") == 0 ? "open_by_name" : "open_by_origin");
    void *hidden = open(strcmp(argv[2], "deep") == 0 ? RTLD_NOW | RTLD_DEEPBIND : RTLD_LAZY);
    if (hidden == NULL) {
        puts(dlerror());
        return 1;
    }
    printf("the answer is %d\n", ((int (*)(void))dlsym(hidden, "hidden_answer"))());
    return 0;
}
