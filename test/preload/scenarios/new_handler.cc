// Memory that is not to be had: the new_handler is called until it gives up, bad_alloc is thrown, nothrow forms
// return null, and a handler may throw what it likes.
#include "blocks.h"

#include <new>
#include <stdexcept>

static unsigned calls;

static void gives_up_at_third()
{
    if (++calls == 3)
        std::set_new_handler(nullptr);
}

static void throws()
{
    calls++;
    throw std::runtime_error("the handler's own");
}

struct leaves_by_bad_alloc : std::bad_alloc {
    const char *what() const noexcept override
    {
        return "derived";
    }
};

static void throws_bad_alloc()
{
    calls++;
    throw leaves_by_bad_alloc();
}

template <class Request> static void ask(const char *what, void (*handler)(), Request request)
{
    calls = 0;
    std::set_new_handler(handler);
    try {
        std::printf("%s: %s", what, request() != nullptr ? "a block" : "null");
    } catch (const std::bad_alloc &error) {
        std::printf("%s: bad_alloc (%s)", what, error.what());
    } catch (const std::exception &error) {
        std::printf("%s: %s", what, error.what());
    }
    std::printf(", handler called %u times\n", calls);
}

template <class Request> static void ask_with_each(const char *what, Request request)
{
    ask(what, nullptr, request);
    ask(what, gives_up_at_third, request);
    ask(what, throws_bad_alloc, request);
}

int main()
{
    const std::size_t too_much = hide_size(static_cast<std::size_t>(1) << 47);
    const std::align_val_t a{64}, page{8192};
    operator delete(hide(operator new(100)));
    for (std::size_t n : {too_much, hide_size(SIZE_MAX), hide_size(SIZE_MAX - 15), hide_size(SIZE_MAX / 2)}) {
        ask_with_each("new", [=] { return operator new(n); });
        ask_with_each("new[]", [=] { return operator new[](n); });
        ask_with_each("nothrow new", [=] { return operator new(n, std::nothrow); });
        ask_with_each("nothrow new[]", [=] { return operator new[](n, std::nothrow); });
        ask_with_each("aligned new", [=] { return operator new(n, a); });
        ask_with_each("aligned new[]", [=] { return operator new[](n, page); });
        ask_with_each("aligned nothrow new", [=] { return operator new(n, page, std::nothrow); });
        ask_with_each("aligned nothrow new[]", [=] { return operator new[](n, a, std::nothrow); });
        ask("new", throws, [=] { return operator new(n); });
        ask("aligned new[]", throws, [=] { return operator new[](n, a); });
    }
    const std::size_t count = hide_size(SIZE_MAX / 4);
    ask_with_each("new int[]", [=] { return hide(new int[count]); }); // bad_array_new_length
    std::set_new_handler(nullptr);
    return 0;
}
