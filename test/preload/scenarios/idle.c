/* Allocates once, then sleeps 2.2 s: imports nothing that speaks against a second thread. */
#include "scene.h"

int main(void)
{
    void *p = block(1000);
    nap(2200);
    free(p);
    return 0;
}
