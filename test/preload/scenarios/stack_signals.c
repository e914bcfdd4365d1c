/* Allocations in signal handlers: on the stack that was interrupted, on a signal stack, and on both at once. */
#include "frames.h"

#include <signal.h>

enum { STACK = 64 * 1024 };

FRAME void handles(int signal)
{
    keeps(10);
    if (signal == SIGUSR2)
        raise(SIGUSR1);
    keeps(10);
    STAY;
}

FRAME void sends(int signal)
{
    raise(signal);
    STAY;
}

FRAME void goes_down(unsigned levels, int signal)
{
    if (levels > 0)
        goes_down(levels - 1, signal);
    else
        sends(signal);
    STAY;
}

int main(void)
{
    const struct sigaction here = {.sa_handler = handles};
    const struct sigaction there = {.sa_handler = handles, .sa_flags = SA_ONSTACK};
    const stack_t stack = {.ss_sp = malloc(STACK), .ss_size = STACK};
    MUST(sigaltstack(&stack, NULL) == 0);
    MUST(sigaction(SIGUSR1, &here, NULL) == 0 && sigaction(SIGUSR2, &there, NULL) == 0);
    for (unsigned i = 0; i < 20; i++) {
        goes_down(3, SIGUSR1);
        goes_down(3, SIGUSR2);
    }
    return 0;
}
