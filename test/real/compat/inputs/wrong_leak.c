#include <stdlib.h>
static void *volatile keep;
int main(void)
{
    for (int i = 0; i < 100; i++)
        keep = malloc(1000);
    keep = NULL;
    return 0;
}
