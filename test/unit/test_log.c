/* The one writer: only to the stderr that we started with, in a sandbox too; and how its lines are put together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>

#include "lib/config/log.h"
#include "log_stderr.h"

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

/* An inode's number is started again for the next file: the one that the program opens where stderr has been. */
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
    assert_false(write_as(full, full, "hello", 5)); /* no space: no error but this */
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
    return drained;
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
    log_one_line("of one piece");
    stderr_again();
    assert_string_equal(drain(pipe), "trackmalloc: of one piece\n");
    close_pipe(pipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(it_is_written_to),
        LOG_TEST(it_may_have_been_away),
        LOG_TEST(another_file_gets_not_a_byte),
        LOG_TEST(a_file_under_the_old_inode_is_another),
        LOG_TEST(without_stderr_at_start_there_is_none),
        LOG_TEST(devices_are_told_apart),
        LOG_TEST(a_sandbox_keeps_what_it_found),
        LOG_TEST(lines_are_put_together),
        LOG_TEST(control_characters_are_replaced),
        LOG_TEST(a_line_is_one_line),
        LOG_TEST(long_lines_are_cut),
        LOG_TEST(a_note_is_a_line),
    };
    return cmocka_run_group_tests_name("log", tests, log_suite_begins, log_suite_ends);
}
