/* Whoever opens a file gets the lowest number that is free: opens MS takes and gives it back for so long, sometimes
 * with all others that could be open, and says how often it was another. Children are asked what they have. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "say.h"

static unsigned open_ones(void)
{
    unsigned open = 0;
    struct stat status;
    for (int i = 0; i < 256; i++)
        open += fstat(i, &status) == 0;
    return open;
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int child_has(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit((int)open_ones());
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    unsigned long turns = 0, others = 0, more = 0;
    char byte;
    long end = now_ms() + (argc > 1 ? atol(argv[1]) : 0);
    free(malloc(1));
    for (; now_ms() < end; turns++) {
        int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        others += file != 3;
        if (turns % 16 == 0) {
            close_range(3, ~0u, 0);
        } else if (turns % 16 == 1) {
            closefrom(3);
        } else {
            close(file);
        }
        if (turns % 4096 == 0)
            more += child_has() != 3;
    }
    more += open_ones() != 3;
    say("%s, %lu others, %lu more\n", turns > 1000 ? "many turns" : "few turns", others, more);
    return read(0, &byte, 1) < 0;
}
