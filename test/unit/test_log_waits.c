/* What the one writer does where writing is hard: it raises no signal, gives up soon when nobody reads, and delivers
 * all of it to a slow reader. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/config/log.h"
#include "log_stderr.h"

enum { TIMEOUT_MS = 2000, CHILD_TIMEOUT_S = 5 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- no signal ---- */

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
    (void)signal;
    signals++;
}

static void catch_signal(int signal)
{
    struct sigaction action = {.sa_handler = count_signal};
    sigaction(signal, &action, NULL);
    signals = 0;
}

/* Whether the thread's mask is as it was, and none of these wait to come. */
static bool signals_are(const sigset_t *mask)
{
    sigset_t now, pending;
    pthread_sigmask(SIG_SETMASK, NULL, &now);
    sigpending(&pending);
    bool same = true;
    for (int signal = 1; signal < SIGRTMIN; signal++)
        same &= sigismember(&now, signal) == sigismember(mask, signal) && !sigismember(&pending, signal);
    return same;
}

static void a_closed_pipe_raises_nothing(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    catch_signal(SIGPIPE);
    close(pipe.out);
    assert_false(write_as(pipe.in, pipe.in, "hello", 5));
    assert_false(log_descriptor(pipe.in, "hello", 5, NULL));
    stderr_becomes(pipe.in);
    log_start();
    log_one_line("hello");
    stderr_again();
    assert_int_equal(signals, 0);
    assert_true(signals_are(&mask));
    close(pipe.in);
}

static void a_closed_socket_raises_nothing(void **state)
{
    (void)state;
    int ends[2];
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    catch_signal(SIGPIPE);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    close(ends[0]);
    assert_false(write_as(ends[1], ends[1], "hello", 5));
    assert_int_equal(signals, 0);
    assert_true(signals_are(&mask));
    close(ends[1]);
}

/* One that the program holds back itself is its own, and still comes. */
static void a_pending_signal_of_the_programs_stays(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    sigset_t held, mask, pending;
    sigemptyset(&held);
    sigaddset(&held, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &held, &mask);
    catch_signal(SIGPIPE);
    raise(SIGPIPE);
    close(pipe.out);
    assert_false(write_as(pipe.in, pipe.in, "hello", 5));
    sigpending(&pending);
    assert_true(sigismember(&pending, SIGPIPE));
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    assert_int_equal(signals, 1);
    close(pipe.in);
}

static void a_file_at_its_limit_raises_nothing(void **state)
{
    (void)state;
    int file = new_file("limited");
    struct rlimit before, limit;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    catch_signal(SIGXFSZ);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = before;
    limit.rlim_cur = 100;
    stderr_becomes(file);
    log_start();
    setrlimit(RLIMIT_FSIZE, &limit);
    bool some = log_stderr(big, 60, NULL);
    bool too_much = log_stderr(big, 60, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    stderr_again();
    assert_true(some);
    assert_false(too_much);
    assert_int_equal(size_of(file), 100);
    assert_int_equal(signals, 0);
    assert_true(signals_are(&mask));
    close(file);
}

/* ---- not for long ---- */

static void fill(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
    while (write(descriptor, big, 4096) > 0)
        continue;
    while (write(descriptor, big, 1) > 0)
        continue;
    fcntl(descriptor, F_SETFL, flags);
}

static void assert_gives_up(int descriptor, bool (*writes)(int descriptor))
{
    int64_t before = now_ms();
    assert_false(writes(descriptor));
    assert_in_range(now_ms() - before, 0, TIMEOUT_MS);
}

static bool writes_a_line(int descriptor)
{
    return write_as(descriptor, descriptor, "hello", 5);
}

static bool writes_much(int descriptor)
{
    return write_as(descriptor, descriptor, big, sizeof big);
}

static void a_pipe_that_nobody_reads(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    assert_gives_up(pipe.in, writes_much); /* fills it */
    assert_gives_up(pipe.in, writes_much);
    fill(pipe.in);
    assert_gives_up(pipe.in, writes_a_line);
    int flags = fcntl(pipe.in, F_GETFL);
    assert_false(flags & O_NONBLOCK); /* of a pipe that others share */
    fcntl(pipe.in, F_SETFL, flags | O_NONBLOCK);
    assert_gives_up(pipe.in, writes_a_line);
    assert_gives_up(pipe.in, writes_much);
    close_pipe(pipe);
}

/* A case that may wait for ever, in a process that does not. */
static void assert_gives_up_in_time(int descriptor)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(CHILD_TIMEOUT_S);
        _exit(writes_much(descriptor) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("still writing after %d s", CHILD_TIMEOUT_S);
    assert_int_equal(status, 0);
}

static void a_socket_that_nobody_reads(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_gives_up_in_time(ends[1]);
    assert_gives_up_in_time(ends[1]); /* full by now */
    close(ends[0]);
    close(ends[1]);
}

static void a_terminal_that_nobody_reads(void **state)
{
    (void)state;
    int control = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (control < 0)
        skip();
    assert_int_equal(grantpt(control) | unlockpt(control), 0);
    int terminal = open(ptsname(control), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_gives_up_in_time(terminal);
    assert_gives_up_in_time(terminal); /* full by now */
    close(terminal);
    close(control);
}

/* One slice of the patience, not all of it; the best of some tries, as the machine may be busy. */
static void whoever_is_told_to_stop_stops(void **state)
{
    (void)state;
    static const uint32_t stop = 1;
    struct pipe_ends pipe = new_pipe();
    int64_t least = TIMEOUT_MS;
    fill(pipe.in);
    for (unsigned i = 0; i < 10; i++) {
        stderr_becomes(pipe.in);
        log_start();
        int64_t before = now_ms();
        bool written = log_stderr("hello", 5, &stop);
        int64_t took = now_ms() - before;
        stderr_again();
        assert_false(written);
        least = took < least ? took : least;
    }
    assert_in_range(least, 0, 100);
    close_pipe(pipe);
}

/* ---- all of it, when somebody reads ---- */

static size_t bytes_read;

enum { MUCH = 200000 }; /* more than any pipe takes at once */

static void *read_slowly(void *descriptor)
{
    static char piece[3000];
    ssize_t length;
    while ((length = read((int)(intptr_t)descriptor, piece, sizeof piece)) > 0) {
        bytes_read += (size_t)length;
        usleep(100);
    }
    return NULL;
}

static void assert_all_arrives(int in, int out)
{
    pthread_t reader;
    bytes_read = 0;
    assert_int_equal(pthread_create(&reader, NULL, read_slowly, (void *)(intptr_t)out), 0);
    bool written = write_as(in, in, big, MUCH);
    close(in);
    pthread_join(reader, NULL);
    close(out);
    assert_true(written);
    assert_int_equal(bytes_read, MUCH);
}

static void a_slow_reader_gets_it_all(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    struct pipe_ends nonblocking = new_pipe();
    int ends[2];
    assert_all_arrives(pipe.in, pipe.out);
    fcntl(nonblocking.in, F_SETFL, O_NONBLOCK);
    assert_all_arrives(nonblocking.in, nonblocking.out);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_all_arrives(ends[1], ends[0]);
}

static void a_file_gets_it_all(void **state)
{
    (void)state;
    int file = new_file("report");
    assert_true(log_descriptor(file, big, sizeof big, NULL));
    assert_int_equal(size_of(file), sizeof big);
    assert_true(log_descriptor(file, "", 0, NULL));
    close(file);
    assert_false(log_descriptor(file, "hello", 5, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_closed_pipe_raises_nothing),
        LOG_TEST(a_closed_socket_raises_nothing),
        LOG_TEST(a_pending_signal_of_the_programs_stays),
        LOG_TEST(a_file_at_its_limit_raises_nothing),
        LOG_TEST(a_pipe_that_nobody_reads),
        LOG_TEST(a_socket_that_nobody_reads),
        LOG_TEST(a_terminal_that_nobody_reads),
        LOG_TEST(whoever_is_told_to_stop_stops),
        LOG_TEST(a_slow_reader_gets_it_all),
        LOG_TEST(a_file_gets_it_all),
    };
    return cmocka_run_group_tests_name("log_waits", tests, log_suite_begins, log_suite_ends);
}
