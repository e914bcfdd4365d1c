/* What a program can see of its signals: dispositions, masks, what is pending, the signal stack; at start and later,
 * when reports were written. And signals sent to the process reach the program's own thread. */
#include "scene.h"

#include <signal.h>

static volatile unsigned caught;

static void catches(int signal)
{
    (void)signal;
    caught++;
}

static void print_state(const char *when)
{
    char text[4096];
    stack_t stack;
    printf("-- %s\n", when);
    for (int number = 1; number <= 64; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0)
            continue;
        const char *how = action.sa_handler == SIG_DFL ? "default" : action.sa_handler == SIG_IGN ? "ignored" : "own";
        if (action.sa_handler != SIG_DFL || action.sa_flags != 0)
            printf("%d %s %x\n", number, how, (unsigned)action.sa_flags);
    }
    sigaltstack(NULL, &stack);
    printf("stack %p %d %zu\n", stack.ss_sp, stack.ss_flags, stack.ss_size);
    slurp("/proc/self/status", text, sizeof text);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if ((strncmp(line, "Sig", 3) == 0 && strncmp(line, "SigQ", 4) != 0) || strncmp(line, "ShdPnd", 6) == 0)
            printf("%s\n", line);
    fflush(stdout);
}

int main(void)
{
    const struct sigaction action = {.sa_handler = catches};
    sigset_t held, before, pending;
    print_state("at start");
    work(0.4);
    print_state("later");

    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&held);
    sigaddset(&held, SIGUSR1);
    sigaddset(&held, SIGUSR2);
    sigaddset(&held, SIGPIPE);
    sigprocmask(SIG_BLOCK, &held, &before);
    kill(getpid(), SIGUSR2); /* would end the process, were there a thread that takes it */
    kill(getpid(), SIGPIPE);
    work(0.3);
    sigpending(&pending);
    printf("pending USR2 %d PIPE %d\n", sigismember(&pending, SIGUSR2), sigismember(&pending, SIGPIPE));
    print_state("with two pending");
    printf("taken %d\n", sigtimedwait(&held, NULL, &(struct timespec){0, 0}));
    printf("taken %d\n", sigtimedwait(&held, NULL, &(struct timespec){0, 0}));
    unsigned kept = 0;
    for (unsigned i = 0; i < 10; i++) { /* also while somebody else's write raises the same */
        kill(getpid(), SIGPIPE);
        work(0.05);
        kept += sigtimedwait(&held, NULL, &(struct timespec){0, 0}) == SIGPIPE;
    }
    printf("kept %u\n", kept);
    for (unsigned i = 1; i <= 50; i++) {
        kill(getpid(), SIGUSR1);
        while (caught < i)
            sigsuspend(&before);
    }
    printf("caught %u\n", caught);
    print_state("at the end");
    return 0;
}
