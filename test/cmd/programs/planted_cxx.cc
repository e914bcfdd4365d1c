// The same in C++: names that are mangled, in a namespace, of a template, of a lambda.
#include <cstdio>
#include <cstdlib>

namespace shop
{
static void *kept[4];

template <class Goods> struct Shelf {
    void stock(int i)
    {
        kept[i] = malloc(sizeof(Goods) * 1000);
    }
};

void open(const char *, int i)
{
    Shelf<double>().stock(i);
}
} // namespace shop

static void later(void (*what)(int), int i)
{
    what(i);
}

int main()
{
    shop::open("now", 0);
    later([](int i) { shop::kept[i] = malloc(5000); }, 1);
    puts("ready");
    fflush(stdout);
    return getchar() == EOF ? 0 : 1;
}
