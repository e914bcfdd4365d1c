/* Forks in a signal handler that interrupts malloc (the model is glibc's malloc/tst-mallocfork2.c): the fork
 * handlers must not wait for a lock that the interrupted code holds. */
#include "scene.h"

#include <signal.h>
#include <sys/time.h>

enum { FORKS = 200 };

static volatile unsigned forks, bad;

static void forks_now(int signal)
{
    (void)signal;
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    bad += status != 0;
    forks++;
}

/* Many call sites: each is new to the library once, and learnt under a lock. */
#define SITE   free(malloc(24 + forks % 512));
#define SITE4  SITE SITE SITE SITE
#define SITE16 SITE4 SITE4 SITE4 SITE4
#define SITE64 SITE16 SITE16 SITE16 SITE16

int main(void)
{
    const struct sigaction action = {.sa_handler = forks_now, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
    alarm(0);
    MUST(sigaction(SIGALRM, &action, NULL) == 0);
    MUST(setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (forks < FORKS) {
        SITE64 SITE64 SITE64 SITE64
    }
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%s, %u bad\n", forks >= FORKS ? "all forked" : "too few", bad);
    return 0;
}
