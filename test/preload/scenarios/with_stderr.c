/* with_stderr KIND PROGRAM ARGUMENT...: runs the program with a stderr of that kind, and tells how it ended.
 *
 * closed      a pipe whose reader has gone
 * full-device /dev/full
 * full-pipe   a pipe that is full, and that nobody reads
 * small-pipe  one with room for 1,000 bytes
 * full-socket the same with a socket
 * blocking, nonblocking   a pipe that is read; its O_NONBLOCK must stay as it is, all the time
 * full-terminal, small-terminal   the same with a terminal that nobody looks at
 * nonblocking-terminal   the small one, which says EAGAIN instead of waiting
 * stopped-terminal   one that is held by ^S
 * file-limit  a file, and RLIMIT_FSIZE of 3,000 bytes
 * background  a terminal that stops background jobs when they write (stty tostop); the program is one
 * none        no descriptor 2 at all */
#include "scene.h"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>

enum { FULL_PIPE = 4096, ROOM = 1000, LIMIT = 3000 };

static const char *kind;
static int near_end = -1, far_end = -1; /* what the program gets, what we keep */

static bool is(const char *name)
{
    return strcmp(kind, name) == 0;
}

/* So many bytes, or until nothing more goes in; returns how much it was. */
static size_t fill(size_t most)
{
    char dots[FULL_PIPE];
    size_t length = 0;
    memset(dots, '.', sizeof dots);
    fcntl(near_end, F_SETFL, O_NONBLOCK);
    for (size_t chunk = sizeof dots; chunk > 0; chunk /= 2)
        for (ssize_t written; chunk <= most - length && (written = write(near_end, dots, chunk)) > 0;)
            length += (size_t)written;
    fcntl(near_end, F_SETFL, 0);
    return length;
}

static void open_terminal(void)
{
    MUST(openpty(&far_end, &near_end, NULL, NULL, NULL) == 0);
    if (is("full-terminal"))
        fill(SIZE_MAX);
    if (is("small-terminal") || is("nonblocking-terminal")) { /* what it takes is found out with another one */
        size_t room = fill(SIZE_MAX);
        MUST(openpty(&far_end, &near_end, NULL, NULL, NULL) == 0);
        fill(room - ROOM);
    }
    if (is("nonblocking-terminal"))
        fcntl(near_end, F_SETFL, O_NONBLOCK);
    if (is("stopped-terminal"))
        MUST(tcflow(near_end, TCOOFF) == 0);
}

static void open_ends(void)
{
    int ends[2];
    if (is("full-device")) {
        near_end = open("/dev/full", O_WRONLY | O_CLOEXEC);
    } else if (is("file-limit")) {
        near_end = fileno(tmpfile());
        fcntl(near_end, F_SETFL, O_APPEND);
    } else if (is("full-socket")) {
        MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        far_end = ends[0], near_end = ends[1];
        fill(SIZE_MAX);
    } else if (strstr(kind, "terminal") != NULL || is("background")) {
        open_terminal();
    } else if (!is("none")) {
        MUST(pipe2(ends, O_CLOEXEC) == 0);
        far_end = ends[0], near_end = ends[1];
        MUST(fcntl(near_end, F_SETPIPE_SZ, FULL_PIPE) == FULL_PIPE || is("blocking") || is("nonblocking"));
        if (is("full-pipe"))
            fill(SIZE_MAX);
        if (is("small-pipe"))
            fill(FULL_PIPE - ROOM);
        if (is("nonblocking"))
            fcntl(near_end, F_SETFL, O_NONBLOCK);
        if (is("closed"))
            close(far_end);
    }
}

static _Noreturn void become(char **argv)
{
    const struct rlimit limit = {LIMIT, LIMIT};
    if (is("file-limit"))
        setrlimit(RLIMIT_FSIZE, &limit);
    if (is("none"))
        close(2);
    else
        MUST(dup2(near_end, 2) == 2);
    execv(argv[0], argv);
    _exit(97);
}

/* The pipe is read and its flags are looked at, until the program has ended. */
static void watch(pid_t child, int *status)
{
    int flags = fcntl(near_end, F_GETFL);
    bool changed = false;
    char text[4096];
    siginfo_t info = {0};
    fcntl(far_end, F_SETFL, O_NONBLOCK);
    while (info.si_pid == 0) {
        changed |= fcntl(near_end, F_GETFL) != flags;
        for (ssize_t got; (got = read(far_end, text, sizeof text)) > 0;)
            MUST(write(2, text, (size_t)got) == got);
        MUST(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0);
    }
    for (ssize_t got; (got = read(far_end, text, sizeof text)) > 0;)
        MUST(write(2, text, (size_t)got) == got);
    printf("flags %s\n", changed || fcntl(near_end, F_GETFL) != flags ? "changed" : "as before");
    *status = finish(child);
}

/* Somebody looks at the terminal: else it is full some time, and whoever writes waits. */
static void look_at_terminal(pid_t child, int *status)
{
    char text[4096];
    siginfo_t info = {0};
    while (info.si_pid == 0) {
        struct pollfd readable = {far_end, POLLIN, 0};
        if (poll(&readable, 1, 10) > 0 && read(far_end, text, sizeof text) < 0)
            break;
        MUST(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0);
    }
    *status = finish(child);
}

/* A session of its own, whose terminal stops background jobs that write; the program is such a job. Ends as the
 * program does, or with 96 when it was stopped. */
static _Noreturn void background_session(char **argv)
{
    struct termios terminal;
    int status;
    MUST(setsid() > 0 && ioctl(near_end, TIOCSCTTY, 0) == 0);
    MUST(tcgetattr(near_end, &terminal) == 0);
    terminal.c_lflag |= TOSTOP;
    MUST(tcsetattr(near_end, TCSANOW, &terminal) == 0);
    pid_t job = fork();
    if (job == 0) {
        MUST(setpgid(0, 0) == 0);
        become(argv);
    }
    MUST(waitpid(job, &status, WUNTRACED) == job);
    if (WIFSTOPPED(status)) {
        dprintf(1, "stopped by signal %d\n", WSTOPSIG(status));
        kill(job, SIGKILL);
        _exit(96);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 95);
}

int main(int argc, char **argv)
{
    MUST(argc >= 3);
    int status;
    kind = argv[1];
    free(block(10));
    open_ends();
    double start = seconds();
    pid_t child = fork();
    if (child == 0 && is("background"))
        background_session(argv + 2);
    if (child == 0)
        become(argv + 2);
    if (is("blocking") || is("nonblocking"))
        watch(child, &status);
    else if (is("background"))
        look_at_terminal(child, &status);
    else
        status = finish(child);
    say_outcome(kind, status);
    double took = seconds() - start;
    printf("%s\n", took < 5 ? "in time" : "late");
    return 0;
}
