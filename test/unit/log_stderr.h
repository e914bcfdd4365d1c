/* Suites of the log take turns with cmocka at descriptor 2: here is what they put in its place, and how it is started
 * again.
 */
#ifndef TM_TEST_LOG_STDERR_H
#define TM_TEST_LOG_STDERR_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/config/log.h"

enum { STDERR = 2, BIG = 1 << 20 };

static inline void log_one_line(const char *text)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, text);
    log_say(&line);
}

static char big[BIG];
static char drained[BIG + 1];
static int real_stderr;
static char log_folder[] = "/tmp/trackmalloc-log-XXXXXX";

/* Between stderr_becomes and stderr_again nothing may be asserted: what cmocka says would go astray. */
static inline void stderr_becomes(int descriptor)
{
    dup2(descriptor, STDERR);
}

static inline void stderr_again(void)
{
    dup2(real_stderr, STDERR);
}

static inline int log_suite_begins(void **state)
{
    (void)state;
    memset(big, 'x', sizeof big);
    real_stderr = fcntl(STDERR, F_DUPFD_CLOEXEC, 100);
    return real_stderr < 0 || mkdtemp(log_folder) == NULL;
}

static inline int log_suite_ends(void **state)
{
    (void)state;
    return rmdir(log_folder);
}

static inline int log_test_begins(void **state)
{
    (void)state;
    log_sandbox_failed(SANDBOX_NONE);
    return 0;
}

/* What a case leaves behind when it fails. */
static inline int log_test_ends(void **state)
{
    (void)state;
    stderr_again();
    return 0;
}

struct pipe_ends {
    int out, in;
};

static inline struct pipe_ends new_pipe(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    return (struct pipe_ends){ends[0], ends[1]};
}

static inline void close_pipe(struct pipe_ends pipe)
{
    close(pipe.out);
    close(pipe.in);
}

/* What is in a pipe now. */
static inline const char *drain(struct pipe_ends pipe)
{
    ssize_t length = 0;
    memset(drained, 0, sizeof drained);
    if (fcntl(pipe.out, F_SETFL, O_NONBLOCK) == 0)
        length = read(pipe.out, drained, sizeof drained - 1);
    return length >= 0 ? drained : "";
}

/* Not as descriptor 2, also where that is closed just now. */
static inline int new_file(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", log_folder, name);
    int low = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int file = fcntl(low, F_DUPFD_CLOEXEC, 100);
    close(low);
    unlink(path);
    return file;
}

static inline off_t size_of(int file)
{
    struct stat stat;
    assert_int_equal(fstat(file, &stat), 0);
    return stat.st_size;
}

/* log_stderr of some text while descriptor 2 is this, and was `at_start` when the log began. */
static inline bool write_as(int at_start, int descriptor, const char *text, size_t length)
{
    stderr_becomes(at_start);
    log_start();
    stderr_becomes(descriptor);
    bool written = log_stderr(text, length, NULL);
    stderr_again();
    return written;
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, log_test_begins, log_test_ends)

#endif
