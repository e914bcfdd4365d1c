#include <stdlib.h>
int main(void)
{
    volatile char *block = malloc(10);
    free((void *)block);
    return block[3];
}
