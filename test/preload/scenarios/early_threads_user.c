/* Linked with early_threads.so, whose threads are at work before main and to the end: allocates beside them. */
#include "scene.h"

int main(void)
{
    work(0.3);
    puts("worked beside them");
    return 4;
}
