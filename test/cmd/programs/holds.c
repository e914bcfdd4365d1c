/* holds BLOCKS [CHILDREN]: so many blocks of 100 bytes, here and in each child; says "ready", and ends with its
 * standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void hold(int blocks)
{
    for (int i = 0; i < blocks; i++)
        *(volatile char *)malloc(100) = 'x';
}

int main(int argc, char **argv)
{
    char byte;
    int blocks = argc > 1 ? atoi(argv[1]) : 0;
    int children = argc > 2 ? atoi(argv[2]) : 0;
    hold(blocks);
    for (int i = 0; i < children; i++)
        if (fork() == 0) {
            hold(blocks);
            return read(0, &byte, 1) != 0;
        }
    puts("ready");
    fflush(stdout);
    int status = read(0, &byte, 1) != 0;
    while (wait(NULL) > 0)
        continue;
    return status;
}
