/* top on a terminal, which is tmux's: real processes, real keys, and the terminal as it was when top has ended. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SECONDS = 30 };

static struct target target;
static struct target other;  /* pid 0: there is none */
static char socket_name[16]; /* of this test's tmux: one that ends may still have the last one's */

/* ---- the terminal ---- */

static struct outcome tmux_run(const char *const *words, size_t count)
{
    /* The shell: the user's own may be one that refuses to work (nologin). */
    const char *argv[24] = {"/usr/bin/env", "SHELL=/bin/sh", "tmux", "-S", in_scratch(socket_name), "-f", "/dev/null"};
    for (size_t i = 0; i < count; i++)
        argv[7 + i] = words[i];
    return run_program(argv);
}

#define TMUX(...) tmux_run(ARGV(__VA_ARGS__), sizeof(ARGV(__VA_ARGS__)) / sizeof(char *) - 1)

static void tmux_do(struct outcome outcome)
{
    if (outcome.status != 0)
        fail_msg("tmux: %s", outcome.err);
    outcome_free(&outcome);
}

#define KEYS(...) tmux_do(TMUX("send-keys", __VA_ARGS__))

/* With `looks`, attributes as escape sequences too. The caller frees it. */
static char *screen(bool looks)
{
    struct outcome outcome = looks ? TMUX("capture-pane", "-p", "-e") : TMUX("capture-pane", "-p");
    free(outcome.err);
    return outcome.out;
}

static void await(const char *words, bool there)
{
    for (int steps = MOST_SECONDS * 20; steps > 0; steps--) {
        char *shown = screen(false);
        bool found = strstr(shown, words) != NULL;
        if (found != there && steps == 1)
            fail_msg("\"%s\" %s:\n%s", words, there ? "does not come" : "does not go", shown);
        free(shown);
        if (found == there)
            return;
        nanosleep(&(struct timespec){0, 50000000}, NULL);
    }
}

/* One line for the shell, which says when it has done it. */
static void shell(const char *line)
{
    KEYS("-l", line);
    KEYS("Enter");
}

/* It ends by itself where a suite that was killed cannot end it. */
static int open_terminal(void **state)
{
    static int terminals;
    (void)state;
    target = other = (struct target){.pid = 0};
    snprintf(socket_name, sizeof socket_name, "tmux%d", terminals++);
    tmux_do(TMUX("new-session", "-d", "-x", "80", "-y", "24", "-c", scratch(),
                 "timeout --foreground 300 env PS1='ready>' LC_ALL=C.UTF-8 sh -i"));
    tmux_do(TMUX("set", "-g", "status", "off"));
    tmux_do(TMUX("resize-window", "-x", "80", "-y", "24"));
    await("ready>", true);
    shell("stty -g > before");
    return 0;
}

static int close_terminal(void **state)
{
    (void)state;
    struct outcome outcome = TMUX("kill-server");
    outcome_free(&outcome);
    if (target.pid != 0)
        target_end(&target, SIGKILL);
    if (other.pid != 0)
        target_end(&other, SIGKILL);
    return system("rm -f \"$XDG_RUNTIME_DIR\"/trackmalloc/*");
}

/* The screen is the shell's again, its cursor is seen, and its settings are what they were. */
static void assert_terminal_is_sane(void)
{
    shell("clear; stty -g | cmp - before && echo as it'' was");
    await("as it was", true);
    struct outcome outcome = TMUX("display", "-p", "#{alternate_on} #{cursor_flag} #{keypad_cursor_flag}");
    assert_string_equal(outcome.out, "0 1 0\n");
    outcome_free(&outcome);
}

static void start_target(void)
{
    target = target_start("output=/dev/null,interval=60,stacks=all", ARGV(built("test/cmd/programs/grows")));
    assert_string_equal(target_line(&target), "ready");
    target_published(&target, 0);
}

/* The shell becomes a second one that becomes top: its pid is known. Other processes of this user do not count. */
static void start_top(const char *settings, const char *arguments)
{
    char line[1024];
    snprintf(line, sizeof line, "clear; sh -c 'echo $$ > top.pid; %s exec %s top --dir %s %s'; echo status $?",
             settings, built("trackmalloc"), segments(), arguments);
    shell(line);
}

static pid_t pid_of_top(void)
{
    size_t bytes;
    char *text = file_read(in_scratch("top.pid"), &bytes);
    pid_t pid = (pid_t)atoi(text);
    free(text);
    assert_true(pid > 1);
    return pid;
}

/* ---- a process is watched ---- */

static void it_follows_the_keys_and_quits_in_order(void **state)
{
    (void)state;
    start_target();
    start_top("", "");
    await("running", true);
    await("TAG", true);
    KEYS("c");
    await("grows!hold_one+0x", true);
    KEYS("s", "*");
    await("grows!hold_many+0x", true);
    KEYS("F1");
    await("the keys (any key goes back)", true);
    KEYS("x");
    await("the keys", false);
    tmux_do(TMUX("resize-window", "-x", "40", "-y", "10"));
    await("h:help q:quit t:tags c:sites s:stacks\n", true);
    tmux_do(TMUX("resize-window", "-x", "120", "-y", "30"));
    await("space:pause", true);
    KEYS("/");
    KEYS("-l", "main");
    await("show those with: main_", true);
    KEYS("Enter");
    await("CALLED FROM /main", true);
    KEYS("Space");
    await("PAUSED", true);
    KEYS("q");
    await("status 0", true);
    assert_terminal_is_sane();
}

/* Its own reports are a minute apart: what is seen earlier was asked for. */
static void growth_is_seen_while_it_happens(void **state)
{
    (void)state;
    start_target();
    start_top("", "--delay 0.25");
    await("running", true);
    KEYS("b");
    await("SINCE B", true);
    target_tell(&target, "more");
    assert_string_equal(target_line(&target), "grown");
    await("since b +977KiB", true);
    await("+977KiB", true);
    KEYS("q");
    await("status 0", true);
}

static void a_killed_process_leaves_its_last_snapshot(void **state)
{
    (void)state;
    start_target();
    start_top("", "--delay 0.25");
    await("running", true);
    target_end(&target, SIGKILL);
    target.pid = 0;
    await("is gone; its last snapshot", true);
    KEYS("c");
    await("grows!hold_one+0x", true);
    KEYS("q");
    await("status 0", true);
    assert_terminal_is_sane();
}

static void the_last_snapshot_of_one_that_ended_is_seen_though_its_file_is_gone(void **state)
{
    (void)state;
    start_target();
    start_top("", "--delay 0.25");
    await("running", true);
    target_end(&target, 0);
    target.pid = 0;
    await("has ended; its last snapshot", true);
    KEYS("q");
    await("status 0", true);
    struct outcome outcome = run_command("top", "--dir", segments());
    assert_refused(&outcome, 1, "no tracked process");
}

static void a_process_is_chosen_from_the_list(void **state)
{
    char title[64];
    (void)state;
    start_target();
    other = target;
    start_target();
    start_top("", "");
    await("2 tracked processes", true);
    snprintf(title, sizeof title, "grows[%d]  running", (int)(other.pid > target.pid ? other.pid : target.pid));
    KEYS("<", "<"); /* by PID, the largest first */
    KEYS("Home");
    KEYS("Enter");
    await(title, true);
    KEYS("l");
    await("2 tracked processes", true);
    KEYS("t");
    await(title, true);
    KEYS("q");
    await("status 0", true);
}

/* ---- the terminal is left as it was ---- */

static void whatever_ends_it_leaves_the_terminal_as_it_was(void **state)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT, SIGBUS};
    (void)state;
    start_target();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        char status[32];
        start_top("ulimit -c 0;", "");
        await("running", true);
        kill(pid_of_top(), signals[i]);
        snprintf(status, sizeof status, "status %d", 128 + signals[i]);
        await("running", false);
        if (signals[i] != SIGINT) /* which ends the shell's line too */
            await(status, true);
        assert_terminal_is_sane();
    }
}

static void it_stops_and_comes_back(void **state)
{
    (void)state;
    start_target();
    shell("clear");
    KEYS("-l", built("trackmalloc"));
    KEYS("-l", " top --dir ");
    shell(segments());
    await("running", true);
    KEYS("C-z");
    await("ready>", true);
    assert_terminal_is_sane();
    shell("clear; fg");
    await("running", true);
    KEYS("c");
    await("CALL SITE", true);
    KEYS("q");
    await("ready>", true);
    assert_terminal_is_sane();
}

static void a_terminal_that_cannot_do_it_is_told(void **state)
{
    (void)state;
    start_target();
    start_top("TERM=nonsense", "");
    await("trackmalloc: nonsense: this terminal is not known\nstatus 1", true);
    start_top("TERM=dumb", "");
    await("trackmalloc: dumb: this terminal cannot place its cursor", true);
    assert_terminal_is_sane();
}

/* ---- looks ---- */

static bool is_coloured(void)
{
    char *shown = screen(true);
    bool coloured = false;
    for (const char *at = shown; (at = strstr(at, "\033[3")) != NULL; at++)
        coloured |= at[3] >= '0' && at[3] <= '7';
    free(shown);
    return coloured;
}

static void colour_is_left_out_where_it_is_not_wanted(void **state)
{
    (void)state;
    start_target();
    start_top("", "");
    await("TAG", true);
    assert_true(is_coloured());
    KEYS("q");
    await("status 0", true);
    start_top("NO_COLOR=1", "");
    await("TAG", true);
    assert_false(is_coloured());
    KEYS("q");
    await("status 0", true);
    start_top("TERM=vt100", "");
    await("TAG", true);
    assert_false(is_coloured());
    KEYS("q");
    await("status 0", true);
}

static void without_utf8_all_is_ascii(void **state)
{
    (void)state;
    start_target();
    start_top("LC_ALL=C", "");
    await("vLIVE", true);
    char *shown = screen(false);
    for (const char *byte = shown; *byte != '\0'; byte++)
        assert_true((*byte & 0x80) == 0);
    free(shown);
    KEYS("q");
    await("status 0", true);
}

int main(void)
{
#define ON_TERMINAL(test) cmocka_unit_test_setup_teardown(test, open_terminal, close_terminal)
    const struct CMUnitTest tests[] = {
        ON_TERMINAL(it_follows_the_keys_and_quits_in_order),
        ON_TERMINAL(growth_is_seen_while_it_happens),
        ON_TERMINAL(a_killed_process_leaves_its_last_snapshot),
        ON_TERMINAL(the_last_snapshot_of_one_that_ended_is_seen_though_its_file_is_gone),
        ON_TERMINAL(a_process_is_chosen_from_the_list),
        ON_TERMINAL(whatever_ends_it_leaves_the_terminal_as_it_was),
        ON_TERMINAL(it_stops_and_comes_back),
        ON_TERMINAL(a_terminal_that_cannot_do_it_is_told),
        ON_TERMINAL(colour_is_left_out_where_it_is_not_wanted),
        ON_TERMINAL(without_utf8_all_is_ascii),
    };
    if (system("command -v tmux > /dev/null") != 0) {
        puts("[  SKIPPED ] 10 test(s): tmux is not installed");
        return 0;
    }
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
