// The program replaces the plain operator new and delete only: all other forms of the C++ library call those.
#include "blocks.h"

#include <new>

#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsized-deallocation" // that is the point of it
#endif

static unsigned news, deletes;

void *operator new(std::size_t size)
{
    news++;
    void *p = std::malloc(size ? size : 1);
    if (p == nullptr)
        throw std::bad_alloc();
    return p;
}

void operator delete(void *p) noexcept
{
    deletes++;
    std::free(p);
}

static void say(const char *what)
{
    std::printf("%s: %u news, %u deletes\n", what, news, deletes);
    news = deletes = 0;
}

int main()
{
    operator delete(hide(operator new(10)));
    say("plain");
    operator delete[](hide(operator new[](10)));
    say("array");
    operator delete(hide(operator new(10, std::nothrow)), std::nothrow);
    say("nothrow");
    operator delete[](hide(operator new[](10, std::nothrow)), std::nothrow);
    say("nothrow array");
    operator delete(hide(operator new(10)), static_cast<std::size_t>(10));
    say("sized");
    operator delete[](hide(operator new[](10)), static_cast<std::size_t>(10));
    say("sized array");
    operator delete(hide(operator new(10, std::align_val_t(64))), std::align_val_t(64));
    say("aligned");
    operator delete[](hide(operator new[](10, std::align_val_t(64), std::nothrow)), std::align_val_t(64), std::nothrow);
    say("aligned nothrow array");
    operator delete(hide(operator new(10)), std::nothrow);
    say("nothrow delete");
    hide(operator new[](2000));
    say("one stays");
    return 0;
}
