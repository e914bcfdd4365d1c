/* A child that shares our memory until it execs: it leaves the parent's books and the parent's thread alone.
 *
 *   vfork_child vfork|spawn|clone|failing|daring
 *
 * The parent ends with 1,000 live blocks under its own tag. */
#include "scene.h"

#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>

enum { BLOCKS = 1000, STACK = 256 * 1024 };

extern char **environ;
static char *const arguments[] = {"/bin/true", NULL};

/* What no manual allows and programs do: allocate, and change the process, between vfork and exec. */
static _Noreturn void dare(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    MUST(setgid(getgid()) == 0);
    churn(10000);
    nap(700); /* more than two intervals */
    churn(10000);
    _exit(tasks() == 1 ? 11 : 12);
}

static int in_clone(void *unused)
{
    (void)unused;
    churn(10);
    execve(arguments[0], arguments, environ);
    _exit(9);
}

static pid_t start(const char *way)
{
    pid_t child = -1;
    if (strcmp(way, "spawn") == 0) {
        posix_spawnattr_t attributes;
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
        MUST(posix_spawn(&child, arguments[0], NULL, &attributes, arguments, environ) == 0);
    } else if (strcmp(way, "clone") == 0) {
        static char stack[STACK] __attribute__((aligned(64)));
        child = clone(in_clone, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    } else {
        child = vfork();
        if (child == 0 && strcmp(way, "daring") == 0)
            dare();
        if (child == 0) {
            execve(strcmp(way, "failing") == 0 ? "/nonexistent" : arguments[0], arguments, environ);
            _exit(9);
        }
    }
    return child;
}

/* Without one that is there for a moment, as when a report is written. */
static unsigned lasting_tasks(void)
{
    unsigned least = tasks();
    for (int i = 0; i < 20; i++) {
        usleep(1000);
        unsigned now = tasks();
        least = now < least ? now : least;
    }
    return least;
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    void *blocks[BLOCKS];
    bool daring = strcmp(argv[1], "daring") == 0;
    churn(6000); /* a program that imports prctl gets its reporter late */
    for (unsigned i = 0; i < BLOCKS; i++)
        blocks[i] = block(40);
    work(0.5);
    unsigned before = lasting_tasks();
    for (int i = 0; i < (daring ? 1 : 5); i++)
        say_outcome(argv[1], finish(start(argv[1])));
    if (!daring)
        printf("threads %s\n", lasting_tasks() == before ? "as before" : "changed");
    work(1.0);
    for (unsigned i = 0; i < BLOCKS; i++)
        MUST(*(char *)blocks[i] == 0x5a);
    return 0;
}
