// The same in C++: operator new reaches the program's malloc, operator delete its free.
#include "own_malloc.h"

#include <cstdio>
#include <new>
#include <string>

static void expect_own(const char *what, void *p)
{
    std::printf("%s: %s\n", what, is_own(p) ? "own" : "not own");
}

int main()
{
    void *p;
    expect_own("new", p = operator new(10));
    operator delete(p);
    expect_own("new[]", p = operator new[](10));
    operator delete[](p);
    expect_own("nothrow new", p = operator new(10, std::nothrow));
    operator delete(p, std::nothrow);
    expect_own("nothrow new[]", p = operator new[](10, std::nothrow));
    operator delete[](p, std::nothrow);
    unsigned before = own_frees;
    std::string *text = new std::string(1000, 'x');
    expect_own("string", text);
    expect_own("its text", &(*text)[0]);
    delete text;
    std::printf("%u freed, %u strangers\n", own_frees - before, own_strangers);
    return 0;
}
