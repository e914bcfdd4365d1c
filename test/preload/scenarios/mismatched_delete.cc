// Freed in another way than made: glibc does not mind, the program runs on. One of these by name, then all is well.
#include "blocks.h"

#include <new>

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (!strcmp(what, "new[]/delete"))
        operator delete(hide(operator new[](100)));
    else if (!strcmp(what, "new/delete[]"))
        operator delete[](hide(operator new(100)));
    else if (!strcmp(what, "malloc/delete"))
        operator delete(hide(std::malloc(100)));
    else if (!strcmp(what, "malloc/delete[]"))
        operator delete[](hide(std::malloc(100)));
    else if (!strcmp(what, "new/free"))
        std::free(hide(operator new(100)));
    else if (!strcmp(what, "new[]/free"))
        std::free(hide(operator new[](100)));
    else if (!strcmp(what, "aligned new/free"))
        std::free(hide(operator new(100, std::align_val_t(128))));
    else
        return 1;
    std::free(hide(std::malloc(200)));
    std::puts("ran on");
    return 0;
}
