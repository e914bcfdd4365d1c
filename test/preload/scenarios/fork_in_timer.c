/* fork_in_timer FORKS: a timer's handler forks each millisecond, while the program, of one thread as fork in a handler
 * asks for, allocates, frees, resizes and forks itself. The handler's children, which may stand in the middle of
 * malloc, only leave; the others allocate. */
#include "scene.h"

#include <signal.h>
#include <sys/time.h>

static volatile unsigned forks_in_handler;
static volatile unsigned bad;
static const struct itimerval soon = {{0, 0}, {0, 1000}};

static void fork_one(int status_wanted, bool allocates)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        if (allocates)
            free(malloc(3000));
        _exit(status_wanted);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    bad += !WIFEXITED(status) || WEXITSTATUS(status) != status_wanted;
}

static void on_alarm(int signal)
{
    (void)signal;
    int error = errno;
    fork_one(3, false);
    forks_in_handler++;
    setitimer(ITIMER_REAL, &soon, NULL); /* one at a time, however long a fork takes */
    errno = error;
}

/* Many call sites: each is new to the library once. */
#define SITE   free(malloc(24 + forks_in_handler % 512));
#define SITE4  SITE SITE SITE SITE
#define SITE16 SITE4 SITE4 SITE4 SITE4
#define SITE64 SITE16 SITE16 SITE16 SITE16

static void *kept[100];

static void change(unsigned round)
{
    void **place = &kept[round % 100];
    *place = realloc(*place, 1 + round * 37 % 5000);
    MUST(*place != NULL);
    if (round % 7 == 0) {
        free(*place);
        *place = NULL;
    }
}

int main(int argc, char **argv)
{
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    const struct itimerval never = {{0, 0}, {0, 0}};
    MUST(argc == 2 && sigaction(SIGALRM, &action, NULL) == 0);
    unsigned wanted = (unsigned)atoi(argv[1]);
    MUST(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    for (unsigned round = 0; forks_in_handler < wanted; round++) {
        SITE64 SITE64 SITE64 SITE64;
        change(round);
        if (round % 50 == 0)
            fork_one(4, true);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    for (unsigned i = 0; i < 100; i++)
        free(kept[i]);
    printf("all forked, %u bad\n", bad);
    return 0;
}
