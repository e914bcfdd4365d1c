// The program replaces only operator new[] and delete[]: the plain forms stay what they were.
#include "blocks.h"

#include <new>

#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsized-deallocation" // that is the point of it
#endif

static unsigned news, deletes;

void *operator new[](std::size_t size)
{
    news++;
    return hide(std::malloc(size ? size : 1));
}

void operator delete[](void *p) noexcept
{
    deletes++;
    std::free(p);
}

int main()
{
    operator delete[](hide(operator new[](10)));
    operator delete[](hide(operator new[](10, std::nothrow)), std::nothrow);
    operator delete[](hide(operator new[](10)), static_cast<std::size_t>(10));
    std::printf("%u news, %u deletes\n", news, deletes);
    operator delete(hide(operator new(10)));
    operator delete(hide(operator new(10)), static_cast<std::size_t>(10));
    std::printf("%u news, %u deletes\n", news, deletes);
    return 0;
}
