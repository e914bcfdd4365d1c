/* Whoever waits for the end of a pipe waits for the last process that has it open. A daemon that has closed all its
 * descriptors and lives on must not be one of them: the parent, which reads its stderr, sees the end in time.
 *
 * What the daemon wrote on stderr goes on to ours. */
#include "scene.h"

#include <poll.h>
#include <signal.h>

static _Noreturn void lives_on(int stderr_end)
{
    dup2(stderr_end, 2);
    work(0.35);
    for (int fd = 0; fd < 64; fd++)
        close(fd);
    work(10);
    exit(0);
}

int main(void)
{
    int ends[2];
    char text[65536];
    ssize_t got = -1;
    MUST(pipe(ends) == 0);
    free(block(10));
    pid_t child = fork();
    if (child == 0)
        lives_on(ends[1]);
    close(ends[1]);
    double start = seconds();
    struct pollfd poll_end = {ends[0], POLLIN, 0};
    while (seconds() - start < 3 && poll(&poll_end, 1, 100) >= 0)
        if (poll_end.revents != 0 && (got = read(ends[0], text, sizeof text)) > 0)
            MUST(write(2, text, (size_t)got) == got);
        else if (got == 0)
            break;
    printf("%s\n", got == 0 ? "end seen" : "still open");
    kill(child, SIGKILL);
    say_outcome("child", finish(child));
    return 0;
}
