/* A static program, which cannot be tracked: says "here", and waits until its stdin ends. */
#include <unistd.h>

int main(void)
{
    char byte;
    if (write(1, "here\n", 5) != 5)
        return 1;
    while (read(0, &byte, 1) == 1)
        ;
    return 0;
}
