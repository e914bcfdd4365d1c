/* Opens a library by a relative path, leaves the directory, and lets it allocate; then waits for the end of its input.
 * relative LIBRARY FUNCTION: the directory that the library is in is the one to open it from. */
#include <dlfcn.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

int main(int argc, char **argv)
{
    char byte;
    static char path[4096], copy[4096];
    if (argc != 3)
        return 99;
    strncpy(copy, argv[1], sizeof copy - 1);
    snprintf(path, sizeof path, "./%s", basename(argv[1]));
    if (chdir(dirname(copy)) != 0)
        return 98;
    void *library = dlopen(path, RTLD_NOW);
    if (library == NULL || chdir("/") != 0)
        return 97;
    void *(*function)(size_t) = (void *(*)(size_t))dlsym(library, argv[2]);
    if (function == NULL || function(1000) == NULL)
        return 96;
    say("ready\n");
    return read(0, &byte, 1) < 0;
}
