/* The one writer: only to the stderr that we started with, never for long, never with a signal; and its lines. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/config/log.h"

enum { STDERR = 2, BIG = 1 << 20, PATIENCE_MS = 2000, CHILD_PATIENCE_S = 5 };

static void note(const char *text)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, text);
    log_say(&line);
}

static char big[BIG];
static char got[BIG + 1];
static int real_stderr;
static char folder[] = "/tmp/trackmalloc-log-XXXXXX";

/* Between stderr_becomes and stderr_again nothing may be asserted: what cmocka says would go astray. */
static void stderr_becomes(int descriptor)
{
    dup2(descriptor, STDERR);
}

static void stderr_again(void)
{
    dup2(real_stderr, STDERR);
}

static int start(void **state)
{
    (void)state;
    memset(big, 'x', sizeof big);
    real_stderr = fcntl(STDERR, F_DUPFD_CLOEXEC, 100);
    return real_stderr < 0 || mkdtemp(folder) == NULL;
}

static int end(void **state)
{
    (void)state;
    return rmdir(folder);
}

static int begin(void **state)
{
    (void)state;
    log_sandbox_failed(SANDBOX_NONE);
    return 0;
}

/* What a case leaves behind when it fails. */
static int restore(void **state)
{
    (void)state;
    stderr_again();
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct pipe_ends {
    int out, in;
};

static struct pipe_ends new_pipe(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    return (struct pipe_ends){ends[0], ends[1]};
}

static void close_pipe(struct pipe_ends pipe)
{
    close(pipe.out);
    close(pipe.in);
}

/* What stands in a pipe now. */
static const char *drain(struct pipe_ends pipe)
{
    ssize_t length = 0;
    memset(got, 0, sizeof got);
    if (fcntl(pipe.out, F_SETFL, O_NONBLOCK) == 0)
        length = read(pipe.out, got, sizeof got - 1);
    return length >= 0 ? got : "";
}

/* Not as descriptor 2, also where that is closed just now. */
static int new_file(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int low = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int file = fcntl(low, F_DUPFD_CLOEXEC, 100);
    close(low);
    unlink(path);
    return file;
}

static off_t size_of(int file)
{
    struct stat stat;
    assert_int_equal(fstat(file, &stat), 0);
    return stat.st_size;
}

/* log_stderr of some text while descriptor 2 is this, and was `at_start` when the log began. */
static bool write_as(int at_start, int descriptor, const char *text, size_t length)
{
    stderr_becomes(at_start);
    log_start();
    stderr_becomes(descriptor);
    bool written = log_stderr(text, length, NULL);
    stderr_again();
    return written;
}

/* ---- is it still the stderr that we started with ---- */

static void it_is_written_to(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    int file = new_file("stderr");
    assert_true(write_as(pipe.in, pipe.in, "hello", 5));
    assert_string_equal(drain(pipe), "hello");
    assert_true(write_as(file, file, "hello", 5));
    assert_int_equal(size_of(file), 5);
    close(file);
    close_pipe(pipe);
}

/* Another descriptor of the same file is as good: programs dup, close and dup back. */
static void it_may_have_been_away(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    stderr_becomes(pipe.in);
    log_start();
    close(STDERR);
    bool while_closed = log_stderr("x", 1, NULL);
    stderr_becomes(pipe.in);
    bool once_back = log_stderr("y", 1, NULL);
    stderr_again();
    assert_false(while_closed);
    assert_true(once_back);
    assert_string_equal(drain(pipe), "y");
    close_pipe(pipe);
}

static void another_file_gets_not_a_byte(void **state)
{
    (void)state;
    struct pipe_ends first = new_pipe();
    struct pipe_ends second = new_pipe();
    int file = new_file("database");
    int other = new_file("other");
    assert_false(write_as(first.in, file, "hello", 5));
    assert_false(write_as(first.in, second.in, "hello", 5));
    assert_false(write_as(file, other, "hello", 5));
    assert_false(write_as(file, first.in, "hello", 5));
    assert_int_equal(size_of(file), 0);
    assert_int_equal(size_of(other), 0);
    assert_string_equal(drain(first), "");
    assert_string_equal(drain(second), "");
    close(file);
    close(other);
    close_pipe(first);
    close_pipe(second);
}

/* An inode's number comes back for the next file: the one that the program opens where stderr has been. */
static void a_file_under_the_old_inode_is_another(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        int file = new_file("old");
        stderr_becomes(file);
        log_start();
        close(STDERR);
        close(file);
        usleep(10000); /* a file's birth is told no finer than the kernel's tick */
        file = new_file("new");
        stderr_becomes(file);
        bool written = log_stderr("hello", 5, NULL);
        stderr_again();
        assert_false(written);
        assert_int_equal(size_of(file), 0);
        close(file);
    }
}

static void without_stderr_at_start_there_is_none(void **state)
{
    (void)state;
    int file = new_file("late");
    stderr_becomes(file);
    close(STDERR);
    log_start();
    bool while_closed = log_stderr("hello", 5, NULL);
    stderr_becomes(file);
    bool once_open = log_stderr("hello", 5, NULL);
    stderr_again();
    assert_false(while_closed);
    assert_false(once_open);
    assert_int_equal(size_of(file), 0);
    close(file);
}

static void devices_are_told_apart(void **state)
{
    (void)state;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(null >= 0 && full >= 0);
    assert_true(write_as(null, null, "hello", 5));
    assert_false(write_as(null, full, "hello", 5));
    assert_false(write_as(full, full, "hello", 5)); /* no room: no error but this */
    close(null);
    close(full);
}

/* ---- a sandbox: write, if stderr was in order when it was entered ---- */

static void a_sandbox_keeps_what_it_found(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    struct pipe_ends other = new_pipe();
    stderr_becomes(pipe.in);
    log_start();
    log_sandboxed(SANDBOX_WRITES);
    bool in_order = log_is_sandboxed() && log_stderr("in", 2, NULL);
    log_sandbox_failed(SANDBOX_NONE);
    stderr_becomes(other.in);
    log_sandboxed(SANDBOX_WRITES);
    bool not_in_order = log_stderr("not", 3, NULL);
    log_sandbox_failed(SANDBOX_NONE);
    stderr_again();
    assert_true(in_order);
    assert_false(not_in_order);
    assert_false(log_is_sandboxed());
    assert_string_equal(drain(pipe), "in");
    assert_string_equal(drain(other), "");
    close_pipe(pipe);
    close_pipe(other);
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
    note("hello");
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
    assert_in_range(now_ms() - before, 0, PATIENCE_MS);
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
        alarm(CHILD_PATIENCE_S);
        _exit(writes_much(descriptor) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("still writing after %d s", CHILD_PATIENCE_S);
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
    int64_t least = PATIENCE_MS;
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

/* ---- lines ---- */

static struct log_line line;

static void assert_line(const char *expected)
{
    assert_int_equal(line.length, strlen(expected));
    assert_memory_equal(line.text, expected, line.length);
}

static void lines_are_put_together(void **state)
{
    (void)state;
    log_begin(&line);
    assert_line("trackmalloc: ");
    log_text(&line, "a ");
    log_bytes(&line, "bcd", 2);
    log_text(&line, "");
    log_number(&line, 0);
    log_text(&line, " ");
    log_number(&line, 10203);
    log_text(&line, " ");
    log_number(&line, UINT64_MAX);
    log_text(&line, " ");
    log_pointer(&line, (void *)(uintptr_t)0x7f00deadbeef);
    log_text(&line, " ");
    log_pointer(&line, NULL);
    log_text(&line, " ");
    log_pointer(&line, (void *)UINTPTR_MAX);
    assert_line("trackmalloc: a bc0 10203 18446744073709551615 0x7f00deadbeef 0x0 0xffffffffffffffff");
}

/* A name from the program's environment may hold anything: it neither ends the line nor moves the cursor. */
static void control_characters_are_replaced(void **state)
{
    (void)state;
    log_begin(&line);
    log_bytes(&line, "a\nb\r\tc\x1b[2Jd\x7f\0e", 14);
    log_text(&line, " caf\xc3\xa9");
    assert_line("trackmalloc: a?b??c?[2Jd??e caf\xc3\xa9");
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        log_begin(&line);
        log_bytes(&line, &text, 1);
        assert_int_equal(line.length, 14);
        assert_int_equal(line.text[13], byte < 0x20 || byte == 0x7f ? '?' : text);
    }
}

static const char *say_into_a_pipe(void)
{
    struct pipe_ends pipe = new_pipe();
    stderr_becomes(pipe.in);
    log_start();
    log_say(&line);
    stderr_again();
    drain(pipe);
    close_pipe(pipe);
    return got;
}

static void a_line_is_one_line(void **state)
{
    (void)state;
    log_begin(&line);
    log_text(&line, "one\ntwo\n");
    assert_string_equal(say_into_a_pipe(), "trackmalloc: one?two?\n");
}

static void long_lines_are_cut(void **state)
{
    (void)state;
    for (size_t length = LOG_LINE - 20; length < LOG_LINE + 20; length++) {
        log_begin(&line);
        log_bytes(&line, big, length);
        log_text(&line, "tail");
        log_number(&line, UINT64_MAX);
        log_pointer(&line, big);
        const char *said = say_into_a_pipe();
        assert_in_range(strlen(said), LOG_LINE - 10, LOG_LINE);
        assert_memory_equal(said, "trackmalloc: xxxxxxxx", 21);
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    }
}

static void a_note_is_a_line(void **state)
{
    (void)state;
    struct pipe_ends pipe = new_pipe();
    stderr_becomes(pipe.in);
    log_start();
    note("of one piece");
    stderr_again();
    assert_string_equal(drain(pipe), "trackmalloc: of one piece\n");
    close_pipe(pipe);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, restore)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(it_is_written_to),
        CASE(it_may_have_been_away),
        CASE(another_file_gets_not_a_byte),
        CASE(a_file_under_the_old_inode_is_another),
        CASE(without_stderr_at_start_there_is_none),
        CASE(devices_are_told_apart),
        CASE(a_sandbox_keeps_what_it_found),
        CASE(a_closed_pipe_raises_nothing),
        CASE(a_closed_socket_raises_nothing),
        CASE(a_pending_signal_of_the_programs_stays),
        CASE(a_file_at_its_limit_raises_nothing),
        CASE(a_pipe_that_nobody_reads),
        CASE(a_socket_that_nobody_reads),
        CASE(a_terminal_that_nobody_reads),
        CASE(whoever_is_told_to_stop_stops),
        CASE(a_slow_reader_gets_it_all),
        CASE(a_file_gets_it_all),
        CASE(lines_are_put_together),
        CASE(control_characters_are_replaced),
        CASE(a_line_is_one_line),
        CASE(long_lines_are_cut),
        CASE(a_note_is_a_line),
    };
    return cmocka_run_group_tests_name("log", tests, start, end);
}
