// Every form of operator new with every form of operator delete that may free it: nothing is told, all is counted.
#include "blocks.h"

#include <new>

static unsigned made;

static void *take(void *p, std::size_t size, std::size_t alignment = 16)
{
    MUST(p != nullptr && reinterpret_cast<std::uintptr_t>(p) % alignment == 0);
    MUST(malloc_usable_size(p) >= size);
    fill(p, size, made);
    made++;
    return hide(p);
}

static void plain(std::size_t n)
{
    operator delete(take(operator new(n), n));
    operator delete(take(operator new(n), n), n);
    operator delete(take(operator new(n), n), std::nothrow);
    operator delete(take(operator new(n, std::nothrow), n));
    operator delete(take(operator new(n, std::nothrow), n), n);
    operator delete(take(operator new(n, std::nothrow), n), std::nothrow);
    operator delete[](take(operator new[](n), n));
    operator delete[](take(operator new[](n), n), n);
    operator delete[](take(operator new[](n), n), std::nothrow);
    operator delete[](take(operator new[](n, std::nothrow), n));
    operator delete[](take(operator new[](n, std::nothrow), n), n);
    operator delete[](take(operator new[](n, std::nothrow), n), std::nothrow);
}

static void aligned(std::size_t n, std::size_t bytes)
{
    const std::align_val_t a{bytes};
    operator delete(take(operator new(n, a), n, bytes), a);
    operator delete(take(operator new(n, a), n, bytes), n, a);
    operator delete(take(operator new(n, a), n, bytes), a, std::nothrow);
    operator delete(take(operator new(n, a, std::nothrow), n, bytes), a);
    operator delete(take(operator new(n, a, std::nothrow), n, bytes), n, a);
    operator delete(take(operator new(n, a, std::nothrow), n, bytes), a, std::nothrow);
    operator delete[](take(operator new[](n, a), n, bytes), a);
    operator delete[](take(operator new[](n, a), n, bytes), n, a);
    operator delete[](take(operator new[](n, a), n, bytes), a, std::nothrow);
    operator delete[](take(operator new[](n, a, std::nothrow), n, bytes), a);
    operator delete[](take(operator new[](n, a, std::nothrow), n, bytes), n, a);
    operator delete[](take(operator new[](n, a, std::nothrow), n, bytes), a, std::nothrow);
}

struct Counted {
    static int alive;
    char text[24];
    Counted()
    {
        alive++;
    }
    ~Counted()
    {
        alive--;
    }
};
int Counted::alive;

struct alignas(256) Wide {
    char text[300];
};

int main()
{
    static const std::size_t sizes[] = {0, 1, 16, 100, 4000, 200000};
    for (std::size_t n : sizes) {
        plain(n);
        for (std::size_t a = 1; a <= 8192; a *= 2)
            aligned(n, a);
    }
    delete static_cast<Counted *>(take(new Counted, sizeof(Counted)));
    Counted *many = new Counted[100];
    made++;
    std::printf("%d alive\n", Counted::alive);
    delete[] static_cast<Counted *>(hide(many));
    std::printf("%d alive\n", Counted::alive);
    delete static_cast<Wide *>(take(new Wide, sizeof(Wide), 256));
    delete[] static_cast<Wide *>(take(new Wide[3], 3 * sizeof(Wide), 256));
    delete static_cast<Counted *>(hide(nullptr));
    operator delete[](hide(nullptr));
    take(operator new(1001), 1001); // two stay
    take(operator new[](3000, std::align_val_t(64)), 3000, 64);
    std::printf("made=%u\n", made);
    return 0;
}
