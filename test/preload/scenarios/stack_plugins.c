/* Two plugins, one after the other at the same place, each allocating.
 *
 *   stack_plugins turns      opened and closed, ten times each
 *   stack_plugins standing   closed while its frame still stands on the stack: it never returns there */
#include "frames.h"

#include <dlfcn.h>
#include <setjmp.h>

typedef void *makes(size_t size);
typedef void calls(void (*callback)(void));

static void *handle;
static jmp_buf back;

FRAME uintptr_t opens_and_makes(const char *name, size_t size)
{
    handle = dlopen(name, RTLD_NOW);
    MUST(handle != NULL);
    makes *make = (makes *)dlsym(handle, "plugin_makes");
    hide(make(size));
    STAY;
    return (uintptr_t)make;
}

FRAME void closes(void)
{
    MUST(dlclose(handle) == 0);
    STAY;
}

static void turns(void)
{
    uintptr_t first = 0, others = 0;
    for (unsigned i = 0; i < 10; i++) {
        uintptr_t one = opens_and_makes("stack_one.so", 10);
        closes();
        uintptr_t two = opens_and_makes("stack_two.so", 20);
        closes();
        first = first != 0 ? first : one;
        others += one != first || two != first;
    }
    printf("elsewhere=%lu\n", (unsigned long)others);
}

FRAME void closes_below(void)
{
    closes();
    keeps(30);
    keeps(30);
    longjmp(back, 1);
}

static void standing(void)
{
    for (volatile unsigned i = 0; i < 10; i++) {
        handle = dlopen("stack_calls.so", RTLD_NOW);
        MUST(handle != NULL);
        if (setjmp(back) == 0)
            ((calls *)dlsym(handle, "plugin_calls"))(closes_below);
    }
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    if (strcmp(argv[1], "turns") == 0)
        turns();
    else
        standing();
    keeps(40);
    return 0;
}
