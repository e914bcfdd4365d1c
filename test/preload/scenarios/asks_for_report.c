/* Asks for a report through the header alone: linked with nothing, bare it is told that there is none. */
#define _GNU_SOURCE
#include "../../../include/trackmalloc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static volatile int nested = 99;

static void ask_in_between(int signal)
{
    (void)signal;
    nested = tm_report(2);
}

/* A pipe that nobody reads makes a report wait: meanwhile a signal comes. */
static int ask_of_full_pipe(void)
{
    int end[2];
    char bytes[4096] = {0};
    const struct itimerval soon = {.it_value = {.tv_usec = 50000}};
    if (pipe2(end, O_NONBLOCK) != 0)
        return 99;
    while (write(end[1], bytes, sizeof bytes) > 0)
        ;
    signal(SIGALRM, ask_in_between);
    setitimer(ITIMER_REAL, &soon, NULL);
    return tm_report(end[1]);
}

int main(void)
{
    void *volatile kept = malloc(1000);
    int result = tm_report(2);
    int refused = tm_report(-1);
    int closed = tm_report(999);
    int full = ask_of_full_pipe();
    while (nested == 99)
        usleep(1000);
    fprintf(stderr, "result=%d refused=%d closed=%d full=%d nested=%d\n", result, refused, closed, full, nested);
    free(kept);
    return 0;
}
