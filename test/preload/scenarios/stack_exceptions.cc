/* Allocations around a C++ exception: the exception's own, in a destructor while the stack is unwound, and in catch. */
#include "frames.h"

#include <stdexcept>

extern "C" {

FRAME void destructor_allocates(void)
{
    keeps(60);
    STAY;
}

FRAME void catch_allocates(void)
{
    keeps(60);
    STAY;
}

FRAME void thrower(unsigned levels);
}

struct cleaner {
    ~cleaner()
    {
        destructor_allocates();
    }
};

extern "C" {

FRAME void cleans_up(unsigned levels)
{
    cleaner on_the_way_out;
    thrower(levels);
    STAY;
}

void thrower(unsigned levels)
{
    if (levels > 0)
        cleans_up(levels - 1);
    else
        throw std::runtime_error("some text that is longer than a short string");
    STAY;
}

FRAME void catcher(void)
{
    try {
        cleans_up(3);
    } catch (const std::runtime_error &error) {
        catch_allocates();
    }
    STAY;
}
}

int main()
{
    for (unsigned i = 0; i < 10; i++)
        catcher();
    return 0;
}
