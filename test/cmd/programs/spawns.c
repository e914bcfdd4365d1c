/* Makes children in one way or another while others may look: spawns WAY COUNT.
 *
 *   fork, _Fork       a child that allocates and exits; one that leaves by _exit
 *   exec              fork and exec of /bin/true
 *   vfork, spawn      the same by vfork, by posix_spawn
 *   threads           as fork, while four threads allocate
 *
 * Begins when stdin has a line; says how many children ended as they should, and how many of their mappings named
 * `trackmalloc-test`, a segment's directory. Then waits for the end of stdin. */
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

extern char **environ;

static volatile int stop;
static unsigned turn;

static void *allocate(void *unused)
{
    void *block[64] = {NULL};
    for (unsigned i = 0; !stop; i++) {
        free(block[i % 64]);
        block[i % 64] = malloc(16 + i % 2000);
    }
    for (unsigned i = 0; i < 64; i++)
        free(block[i]);
    return unused;
}

static int sees_a_segment(void)
{
    static char text[1 << 18];
    FILE *file = fopen("/proc/self/maps", "re");
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    return strstr(text, "trackmalloc-test") != NULL;
}

static void be_a_child(void)
{
    for (unsigned i = 0; i < 100; i++)
        free(malloc(16 + i));
    int status = sees_a_segment() ? 9 : 7;
    if (turn % 2 == 0)
        exit(status);
    _exit(status);
}

static pid_t make(const char *way)
{
    static char *const arguments[] = {"/bin/true", NULL};
    pid_t child;
    if (strcmp(way, "spawn") == 0)
        return posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ) == 0 ? child : -1;
    if (strcmp(way, "vfork") == 0)
        child = vfork();
    else
        child = strcmp(way, "_Fork") == 0 ? _Fork() : fork();
    if (child != 0)
        return child;
    if (strcmp(way, "vfork") == 0 || strcmp(way, "exec") == 0) {
        execv(arguments[0], arguments);
        _exit(1);
    }
    be_a_child();
    return 0;
}

int main(int argc, char **argv)
{
    const char *way = argc > 2 ? argv[1] : "fork";
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
    unsigned good = 0, seen = 0;
    pthread_t thread[4];
    char byte;
    int status;
    int threads = strcmp(way, "threads") == 0 ? 4 : 0;
    int want = strcmp(way, "fork") == 0 || strcmp(way, "_Fork") == 0 || threads ? 7 : 0;
    while (read(0, &byte, 1) == 1 && byte != '\n')
        ;
    for (int i = 0; i < threads; i++)
        pthread_create(&thread[i], NULL, allocate, NULL);
    for (; turn < count; turn++) {
        pid_t child = make(way);
        if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
            continue;
        good += WEXITSTATUS(status) == want;
        seen += WEXITSTATUS(status) == 9;
    }
    stop = 1;
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    say("%u good, %u saw a segment\n", good, seen);
    while (read(0, &byte, 1) == 1)
        ;
    return 0;
}
