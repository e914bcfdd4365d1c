/* ctl: what reaches a process, and what its user hears. The process is made up: a child that answers as it is told to.
 * Real ones stand at the end. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "place.h"

/* ---- a process that answers ---- */

enum manner { SAYS_YES, SAYS_NO, ECHOES, IS_SILENT, DIES };

struct fake {
    pid_t pid;
    char id[16];
    char path[256];
    struct segment *head; /* mapped */
    struct segment_control *control;
};

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static _Noreturn void answer_for_ever(const struct fake *fake, enum manner manner, const char *words)
{
    for (;; nap()) {
        uint32_t request = __atomic_load_n(&fake->control->request, __ATOMIC_ACQUIRE);
        if (request == fake->head->answered || manner == IS_SILENT)
            continue;
        if (manner == DIES)
            raise(SIGKILL);
        fake->head->result = manner == SAYS_NO ? -1 : 0;
        strncpy(fake->head->answer, manner == ECHOES ? fake->control->value : words, SEGMENT_VALUE);
        __atomic_store_n(&fake->head->answered, request, __ATOMIC_RELEASE);
    }
}

/* It begins once it has a segment. */
static struct fake fake_start(enum manner manner, const char *words)
{
    struct fake fake;
    int go[2];
    char byte;
    assert_int_equal(pipe(go), 0);
    fake.pid = fork();
    if (fake.pid == 0 && read(go[0], &byte, 1) != 1)
        _exit(1);
    if (fake.pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t self = fake.pid != 0 ? fake.pid : getpid();
    snprintf(fake.id, sizeof fake.id, "%d", (int)self);
    snprintf(fake.path, sizeof fake.path, "%s", place_of((uint32_t)self, place_started(self)));
    if (fake.pid != 0)
        place_leave((struct place){(uint32_t)self, place_started(self), 1, 1, "fake"});
    int file = open(fake.path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    char *memory = mmap(NULL, 2 * SEGMENT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(memory != MAP_FAILED);
    close(file);
    fake.head = (struct segment *)memory;
    fake.control = (struct segment_control *)(memory + SEGMENT_CONTROL_AT);
    if (fake.pid == 0)
        answer_for_ever(&fake, manner, words);
    assert_int_equal(write(go[1], "x", 1), 1);
    close(go[0]);
    close(go[1]);
    return fake;
}

static void fake_end(struct fake *fake)
{
    kill(fake->pid, SIGKILL);
    kill(fake->pid, SIGCONT);
    waitpid(fake->pid, NULL, 0);
    munmap(fake->head, 2 * SEGMENT_PAGE);
    unlink(fake->path);
}

static void assert_says(struct outcome outcome, int status, const char *out, const char *err)
{
    if (outcome.status != status || strcmp(outcome.out, out) != 0 || strstr(outcome.err, err) == NULL ||
        (err[0] == '\0') != (outcome.err[0] == '\0'))
        fail_msg("not %d, \"%s\" and \"%s\" but: %d\n%.300s%.300s", status, out, err, outcome.status, outcome.out,
                 outcome.err);
    outcome_free(&outcome);
}

/* ---- questions and answers ---- */

static void each_request_arrives_as_it_was_meant(void **state)
{
    static const struct {
        const char *word;
        enum segment_command command;
    } plain[] = {{"report", SEGMENT_REPORT},
                 {"baseline", SEGMENT_BASELINE},
                 {"pause", SEGMENT_PAUSE},
                 {"resume", SEGMENT_RESUME}};
    struct fake fake = fake_start(SAYS_YES, "");
    (void)state;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        assert_says(run_command("ctl", fake.id, plain[i].word), 0, "", "");
        assert_int_equal(fake.control->command, plain[i].command);
        assert_int_equal(fake.control->request, i + 1);
    }
    assert_says(run_command("ctl", fake.id, "set", "interval", "0.5"), 0, "", "");
    assert_int_equal(fake.control->command, SEGMENT_SET);
    assert_string_equal(fake.control->name, "interval");
    assert_string_equal(fake.control->value, "0.5");
    assert_says(run_command("ctl", fake.id, "report"), 0, "", "");
    assert_string_equal(fake.control->name, ""); /* nothing of the one before */
    assert_string_equal(fake.control->value, "");
    fake_end(&fake);
}

static void an_answer_is_printed(void **state)
{
    struct fake fake = fake_start(SAYS_YES, "it was 5, it is 60");
    (void)state;
    assert_says(run_command("ctl", fake.id, "set", "interval", "60"), 0, "it was 5, it is 60\n", "");
    fake_end(&fake);
}

static void a_refusal_is_an_error(void **state)
{
    char line[128];
    struct fake fake = fake_start(SAYS_NO, "this value is not allowed");
    (void)state;
    snprintf(line, sizeof line, "trackmalloc: process %s: this value is not allowed\n", fake.id);
    assert_says(run_command("ctl", fake.id, "set", "interval", "0"), 1, "", line);
    fake_end(&fake);
}

static void an_answer_cannot_steer_the_terminal(void **state)
{
    char endless[SEGMENT_VALUE + 1];
    struct fake fake = fake_start(SAYS_YES, "\033[2Jgone\n\a");
    (void)state;
    assert_says(run_command("ctl", fake.id, "report"), 0, "?[2Jgone??\n", "");
    fake_end(&fake);
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    fake = fake_start(SAYS_YES, endless); /* no zero within its room */
    endless[SEGMENT_VALUE - 1] = '\n';
    assert_says(run_command("ctl", fake.id, "report"), 0, endless, "");
    fake_end(&fake);
}

static void many_at_once_get_their_own_answers(void **state)
{
    enum { CLIENTS = 8 };
    pid_t client[CLIENTS];
    struct fake fake = fake_start(ECHOES, "");
    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        if ((client[i] = fork()) == 0) {
            char value[32], expected[40];
            snprintf(value, sizeof value, "value-%d", i);
            snprintf(expected, sizeof expected, "%s\n", value);
            struct outcome outcome = run_command("ctl", fake.id, "set", "name", value);
            _exit(outcome.status == 0 && strcmp(outcome.out, expected) == 0 ? 0 : 1);
        }
    for (int i = 0; i < CLIENTS; i++) {
        int status = -1;
        waitpid(client[i], &status, 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(fake.head->answered, CLIENTS);
    fake_end(&fake);
}

/* A client was killed between its question and the answer. */
static void a_request_left_behind_is_waited_for(void **state)
{
    struct fake fake = fake_start(ECHOES, "");
    (void)state;
    kill(fake.pid, SIGSTOP);
    strcpy(fake.control->value, "old");
    __atomic_store_n(&fake.control->request, 1, __ATOMIC_RELEASE);
    pid_t wakes = fork();
    if (wakes == 0) {
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
        kill(fake.pid, SIGCONT);
        _exit(0);
    }
    assert_says(run_command("ctl", fake.id, "set", "name", "new"), 0, "new\n", "");
    assert_int_equal(fake.head->answered, 2);
    waitpid(wakes, NULL, 0);
    fake_end(&fake);
}

/* ---- no answer ---- */

static void a_stopped_process_is_told_and_does_nothing_later(void **state)
{
    struct fake fake = fake_start(SAYS_YES, "");
    (void)state;
    kill(fake.pid, SIGSTOP);
    waitpid(fake.pid, NULL, WUNTRACED);
    assert_says(run_command("ctl", fake.id, "pause"), 1, "", "it does not answer: it is stopped\n");
    assert_int_equal(fake.control->command, SEGMENT_NOTHING);
    fake_end(&fake);
}

static void who_dies_over_the_question_is_told(void **state)
{
    struct fake fake = fake_start(DIES, "");
    (void)state;
    assert_says(run_command("ctl", fake.id, "report"), 1, "", "it ended before it answered\n");
    fake_end(&fake);
}

static void a_broken_segment_is_told(void **state)
{
    struct fake fake = fake_start(IS_SILENT, "");
    (void)state;
    kill(fake.pid, SIGSTOP); /* its file is cut short under it */
    waitpid(fake.pid, NULL, WUNTRACED);
    fake.head->version++;
    assert_says(run_command("ctl", fake.id, "report"), 1, "", "tracked by another version of trackmalloc\n");
    fake.head->magic[0] = 'x';
    assert_says(run_command("ctl", fake.id, "report"), 1, "", "its segment is broken\n");
    assert_int_equal(truncate(fake.path, 100), 0);
    assert_says(run_command("ctl", fake.id, "report"), 1, "", "its segment is broken\n");
    assert_int_equal(truncate(fake.path, 0), 0);
    assert_says(run_command("ctl", fake.id, "report"), 1, "", "its segment is broken\n");
    unlink(fake.path);
    assert_int_equal(symlink("/etc/passwd", fake.path), 0);
    assert_says(run_command("ctl", fake.id, "report"), 1, "", strerror(ELOOP));
    fake_end(&fake);
}

/* ---- wrong words ---- */

static void only_a_tracked_living_process_is_asked(void **state)
{
    char id[16];
    struct outcome outcome;
    (void)state;
    snprintf(id, sizeof id, "%d", (int)getpid());
    outcome = run_command("ctl", id, "report");
    assert_refused(&outcome, 1, " is not tracked, or it has hardly allocated yet: no segment of it is in ");
    struct fake fake = fake_start(IS_SILENT, "");
    kill(fake.pid, SIGKILL);
    siginfo_t info; /* dead, and not waited for */
    assert_int_equal(waitid(P_PID, (id_t)fake.pid, &info, WEXITED | WNOWAIT), 0);
    outcome = run_command("ctl", fake.id, "report");
    assert_refused(&outcome, 1, " has ended");
    fake_end(&fake);
}

static void what_makes_no_sense_is_usage(void **state)
{
    char *const long_name = calloc(1, 1000);
    static const char *const wrong[][5] = {{NULL},
                                           {"1", NULL},
                                           {"x", "report", NULL},
                                           {"report", "more", NULL},
                                           {"set", "name", NULL},
                                           {"0", "report", NULL},
                                           {"-1", "report", NULL},
                                           {"99999999999999999999", "report", NULL},
                                           {"1", "explode", NULL},
                                           {"1", "report", "more", NULL},
                                           {"1", "set", NULL},
                                           {"1", "set", "name", NULL},
                                           {"1", "set", "name", "value", "more"}};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const *w = wrong[i];
        struct outcome outcome =
            run_program((const char *const[]){built("trackmalloc"), "ctl", "--", w[0], w[1], w[2], w[3], w[4], NULL});
        if (outcome.status != 2 || outcome.out_bytes != 0 || outcome.err[0] == '\0')
            fail_msg("case %zu: %d\n%s%s", i, outcome.status, outcome.out, outcome.err);
        outcome_free(&outcome);
    }
    struct fake fake = fake_start(SAYS_YES, "");
    memset(long_name, 'x', 999);
    assert_says(run_command("ctl", fake.id, "set", long_name, "1"), 1, "", "the name or value is too long\n");
    assert_says(run_command("ctl", fake.id, "set", "x", long_name), 1, "", "the name or value is too long\n");
    assert_int_equal(fake.control->request, 0);
    fake_end(&fake);
    free(long_name);
}

/* ---- a real process ---- */

static struct target real_start(const char *options, char id[static 16])
{
    struct target target = target_start(options, ARGV(built("test/cmd/programs/holds"), "5000"));
    assert_string_equal(target_line(&target), "ready");
    target_published(&target, 0);
    snprintf(id, 16, "%d", (int)target.pid);
    return target;
}

static void a_real_process_reports_on_request(void **state)
{
    char id[16], options[256];
    (void)state;
    snprintf(options, sizeof options, "interval=1,final=off,output=%s", in_scratch("reports"));
    struct target target = real_start(options, id);
    assert_says(run_command("ctl", id, "set", "interval", "3600"), 0, "", "");
    assert_says(run_command("ctl", id, "report"), 0, "", "");
    char *reports = file_read(in_scratch("reports"), NULL); /* answered: it is written */
    assert_non_null(strstr(reports, "(request)"));
    free(reports);
    assert_int_equal(target_end(&target, 0), 0);
}

static void a_real_process_refuses_what_it_cannot_do(void **state)
{
    char id[16];
    struct target target = real_start("interval=0.1,output=none", id);
    (void)state;
    assert_says(run_command("ctl", id, "report"), 1, "", "reports are off (output=none)\n");
    assert_says(run_command("ctl", id, "set", "tags", "none"), 1, "", "fixed when the program starts\n");
    assert_says(run_command("ctl", id, "set", "nonsense", "1"), 1, "", "there is no such option\n");
    assert_says(run_command("ctl", id, "set", "interval", "never"), 1, "", "this value is not allowed\n");
    assert_says(run_command("ctl", id, "pause"), 0, "", "");
    assert_says(run_command("ctl", id, "resume"), 0, "", "");
    assert_says(run_command("ctl", id, "baseline"), 0, "", "");
    assert_says(run_command("ctl", id, "set", "keep", "on"), 0, "", "");
    assert_int_equal(target_end(&target, 0), 0);
    struct outcome outcome = run_command("ps", "--all", "--dir", segments());
    assert_non_null(strstr(outcome.out, "  ended  ")); /* kept, as was wished while it ran */
    outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_arrives_as_it_was_meant),
        cmocka_unit_test(an_answer_is_printed),
        cmocka_unit_test(a_refusal_is_an_error),
        cmocka_unit_test(an_answer_cannot_steer_the_terminal),
        cmocka_unit_test(many_at_once_get_their_own_answers),
        cmocka_unit_test(a_request_left_behind_is_waited_for),
        cmocka_unit_test(a_stopped_process_is_told_and_does_nothing_later),
        cmocka_unit_test(who_dies_over_the_question_is_told),
        cmocka_unit_test(a_broken_segment_is_told),
        cmocka_unit_test(only_a_tracked_living_process_is_asked),
        cmocka_unit_test(what_makes_no_sense_is_usage),
        cmocka_unit_test(a_real_process_reports_on_request),
        cmocka_unit_test(a_real_process_refuses_what_it_cannot_do),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
