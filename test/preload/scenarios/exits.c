/* Every way out.
 *
 *   exits return|exit|error|err|_exit|_Exit|quick_exit|abort|term|kill|segv|thread|handler|twice|child [MS] */
#include "scene.h"

#include <err.h>
#include <error.h>
#include <pthread.h>
#include <signal.h>

static void says(void)
{
    free(block(100));
    dprintf(1, "handler ran\n");
}

static void exits_again(void)
{
    exit(9);
}

static void exits_in_handler(int signal)
{
    exit(signal);
}

static void *exits_in_thread(void *unused)
{
    free(block(10));
    exit(8);
    return unused;
}

static void leave(const char *how)
{
    pthread_t thread;
    if (strcmp(how, "exit") == 0)
        exit(7);
    if (strcmp(how, "error") == 0)
        error(7, ENOENT, "an error");
    if (strcmp(how, "err") == 0)
        errx(7, "an error");
    if (strcmp(how, "_exit") == 0)
        _exit(7);
    if (strcmp(how, "_Exit") == 0)
        _Exit(7);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(7);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "term") == 0)
        raise(SIGTERM);
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(how, "segv") == 0)
        __asm__ volatile("movl $1, 8" ::: "memory");
    if (strcmp(how, "thread") == 0 && pthread_create(&thread, NULL, exits_in_thread, NULL) == 0)
        pthread_join(thread, NULL);
    if (strcmp(how, "handler") == 0 && signal(SIGUSR1, exits_in_handler) == SIG_DFL)
        raise(SIGUSR1);
    if (strcmp(how, "twice") == 0 && atexit(exits_again) == 0)
        exit(3);
    if (strcmp(how, "child") == 0) { /* what a server's worker does, so that its parent's handlers run once */
        pid_t child = fork();
        if (child == 0)
            _exit(6);
        say_outcome("child", finish(child));
    }
}

int main(int argc, char **argv)
{
    MUST(argc >= 2);
    void *kept = block(1234);
    atexit(says);
    at_quick_exit(says);
    if (argc > 2)
        work(atoi(argv[2]) / 1000.0);
    leave(argv[1]);
    return *(char *)kept == 0x5a ? 5 : 6;
}
