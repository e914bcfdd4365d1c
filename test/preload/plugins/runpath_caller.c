/* Opens a library that only its own RUNPATH finds: dlopen looks at who calls it. */
#include <dlfcn.h>

void *open_by_name(int flags)
{
    void *library = dlopen("runpath_hidden.so", flags);
    return library;
}

void *open_by_origin(int flags)
{
    void *library = dlopen("$ORIGIN/runpath_hidden.so", flags);
    return library;
}
