/* Objects go both ways between the program and a library, after the tracker and before the C++ library, whose operator
 * new and delete are its own and bound to itself. */
#include "blocks.h"

#include <new>
#include <string>

#include "../plugins/pool_new.h"

static void say(const char *what)
{
    std::printf("%s: %u news, %u deletes, %u strangers\n", what, pool_news(), pool_deletes(), pool_strangers());
}

__attribute__((noipa)) static void *make_by_new()
{
    return hide(operator new(3000));
}

int main()
{
    delete pool_make(); /* by its destructor, which is the library's */
    say("the library's");
    delete pool_make_number();
    say("its number");
    delete[] pool_make_array(50);
    say("its array");
    pool_take(new pooled);
    say("the program's");
    operator delete(hide(operator new(10)));
    operator delete[](hide(operator new[](20)));
    operator delete(hide(operator new(30, std::nothrow)), std::nothrow);
    operator delete[](hide(operator new[](40, std::nothrow)), std::nothrow);
    operator delete(hide(operator new(50)), static_cast<std::size_t>(50));
    operator delete(hide(operator new(60, std::align_val_t(64))), std::align_val_t(64));
    operator delete(nullptr);
    say("every form");
    std::string text(1000, 'x');
    text += text;
    say("a string");
    try {
        hide(operator new(hide_size(SIZE_MAX / 2)));
    } catch (const std::bad_alloc &) {
        std::printf("caught\n");
    }
    for (int i = 0; i < 5; i++)
        make_by_new();
    say("five stay");
    return 0;
}
