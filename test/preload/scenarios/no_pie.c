/* A program at a fixed address that takes malloc's address: its PLT entry then answers to dlsym(RTLD_DEFAULT,
 * "malloc"), and it is no malloc of its own. */
#include "blocks.h"

#include <dlfcn.h>

/* Taken by an instruction: only then does the linker make the PLT entry the function's address everywhere. */
int main(void)
{
    Dl_info info;
    void *(*volatile allocate)(size_t) = malloc;
    void (*volatile release)(void *) = free;
    MUST(dlsym(RTLD_DEFAULT, "malloc") == (void *)allocate);
    MUST(dladdr((void *)allocate, &info) != 0);
    printf("malloc stands in %s\n", basename(info.dli_fname));
    for (unsigned i = 0; i < 10; i++)
        release(allocate(100));
    hide(allocate(1000));
    return 0;
}
