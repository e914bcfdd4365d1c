/* No loader, no preloading: it runs. */
#include "blocks.h"

int main(void)
{
    char *p = strdup("statically");
    puts(p);
    free(p);
    return 3;
}
