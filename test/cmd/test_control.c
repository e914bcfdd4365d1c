/* What is asked of a process through its control page: done, or refused with a reason; garbage there harms nobody. */
#include "segments.h"

#define assert_done(path, command, name, value)                                \
    do {                                                                       \
        struct answer answer = ask(path, command, name, value);                \
        if (answer.result != 0 || answer.text[0] != '\0')                      \
            fail_msg("%s %s: %d %s", name, value, answer.result, answer.text); \
    } while (0)

#define assert_not_done(path, command, name, value, why)                       \
    do {                                                                       \
        struct answer answer = ask(path, command, name, value);                \
        if (answer.result != -1 || strcmp(answer.text, why) != 0)              \
            fail_msg("%s %s: %d %s", name, value, answer.result, answer.text); \
    } while (0)

static unsigned count(const char *text, const char *words)
{
    unsigned found = 0;
    while ((text = strstr(text, words)) != NULL) {
        text++;
        found++;
    }
    return found;
}

static char *said(pid_t pid)
{
    char name[32];
    snprintf(name, sizeof name, "%d.err", (int)pid);
    return file_read(in_scratch(name), NULL);
}

static void assert_now_holds(const char *path, const char *held)
{
    struct loaded loaded = taken_now(path);
    assert_holds(loaded.snapshot, "obeys", held);
    loaded_free(&loaded);
}

/* ---- requests ---- */

static void a_report_goes_where_reports_go(void **state)
{
    (void)state;
    struct target target = obeys_start("interval=60,final=off");
    const char *path = segment_of(target.pid);
    assert_done(path, SEGMENT_REPORT, "", "");
    assert_done(path, SEGMENT_REPORT, "", "");
    assert_int_equal(target_end(&target, 0), 0);
    char *text = said(target.pid);
    assert_int_equal(count(text, " (request), up "), 2);
    free(text);

    target = obeys_start(QUIET);
    assert_not_done(segment_of(target.pid), SEGMENT_REPORT, "", "", "reports are off (output=none)");
    target_end(&target, 0);
}

static uint64_t peak_now(const char *path)
{
    struct loaded loaded = taken_now(path);
    uint64_t peak = tag_of(loaded.snapshot, "obeys")->counts.peak_bytes;
    loaded_free(&loaded);
    return peak;
}

static void a_baseline_forgets_peaks(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    told(&target, "keep 1 7");
    told(&target, "keep 1 10000000");
    told(&target, "free 1");
    assert_true(peak_now(path) >= 10000000);
    assert_done(path, SEGMENT_BASELINE, "", "");
    assert_true(peak_now(path) < 100000);
    assert_now_holds(path, "1 7");
    target_end(&target, 0);
}

/* Its blocks are not counted, then or ever; those from before are. */
static void what_is_made_in_a_pause_is_never_counted(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    told(&target, "keep 20 100");
    assert_not_done(path, SEGMENT_RESUME, "", "", "it was not paused from outside");
    assert_done(path, SEGMENT_PAUSE, "", "");
    assert_not_done(path, SEGMENT_PAUSE, "", "", "it is paused already");
    told(&target, "keep 30 1000");
    assert_now_holds(path, "20 2000");
    told(&target, "free 10");
    assert_now_holds(path, "20 2000");
    assert_done(path, SEGMENT_RESUME, "", "");
    told(&target, "keep 5 10");
    assert_now_holds(path, "25 2050");
    told(&target, "free 35"); /* the 5, the 20 left from the pause, and 10 of the first */
    assert_now_holds(path, "10 1000");
    assert_not_done(path, SEGMENT_RESUME, "", "", "it was not paused from outside");
    target_end(&target, 0);
}

static void a_child_made_in_a_pause_is_paused_by_itself(void **state)
{
    (void)state;
    struct target target = obeys_start("output=none,interval=0.1");
    char path[512];
    strcpy(path, segment_of(target.pid));
    told(&target, "keep 20 100");
    assert_done(path, SEGMENT_PAUSE, "", "");
    pid_t child = (pid_t)atoi(told(&target, "fork"));
    pause_ms(300);
    told(&target, "keep 3 1000");
    const char *child_path = segment_of(child);
    assert_now_holds(child_path, "20 2000");
    assert_done(child_path, SEGMENT_RESUME, "", "");
    told(&target, "keep 2 50");
    assert_now_holds(child_path, "22 2100");
    assert_not_done(path, SEGMENT_PAUSE, "", "", "it is paused already");
    target_tell(&target, "leave exit");
    assert_string_equal(target_line(&target), "over");
    target_end(&target, 0);
}

/* ---- options ---- */

static void each_changeable_option_takes_effect(void **state)
{
    (void)state;
    struct target target = obeys_start("interval=60");
    const char *path = segment_of(target.pid);
    told(&target, "maps -"); /* more than one site */
    told(&target, "keep 9 9");
    uint64_t written = head_of(path).written;
    assert_done(path, SEGMENT_SET, "top", "1");
    assert_done(path, SEGMENT_REPORT, "", "");
    char *text = said(target.pid);
    assert_true(count(text, "-more-site") > 0); /* what is left out is summed up */
    free(text);
    assert_done(path, SEGMENT_SET, "interval", "0.2");
    segment_wait(path, written + 4);
    assert_done(path, SEGMENT_SET, "interval", "60");
    assert_done(path, SEGMENT_SET, "leaks", "on");
    struct loaded loaded = taken_now(path);
    assert_int_equal(loaded.snapshot->leaks_wanted, 1);
    loaded_free(&loaded);
    assert_done(path, SEGMENT_SET, "final", "off");
    assert_done(path, SEGMENT_SET, "keep", "on");
    assert_int_equal(target_end(&target, 0), 0);

    assert_int_equal(head_of(path).state, SEGMENT_ENDED);
    loaded = taken(path);
    assert_int_equal(loaded.snapshot->kind, SNAPSHOT_EXIT);
    assert_holds(loaded.snapshot, "obeys", "9 81");
    loaded_free(&loaded);
    unlink(path);
    text = said(target.pid);
    assert_true(count(text, " (periodic), up ") >= 3);
    assert_int_equal(count(text, " (exit), up "), 0);
    free(text);
}

static void what_cannot_be_set_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    const char *const fixed[] = {"output", "rule", "segment", "dir"};
    const char *not_allowed = "this value is not allowed";
    for (unsigned i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        assert_not_done(path, SEGMENT_SET, fixed[i], "on", "this option is fixed when the program starts");
    assert_not_done(path, SEGMENT_SET, "topp", "1", "there is no such option");
    assert_not_done(path, SEGMENT_SET, "interval", "0.01", not_allowed);
    assert_not_done(path, SEGMENT_SET, "top", "", not_allowed);
    assert_not_done(path, SEGMENT_SET, "keep", "maybe", not_allowed);
    assert_not_done(path, 99, "", "", "it knows no such request");
    assert_not_done(path, SEGMENT_NOTHING, "", "", "it knows no such request");
    target_end(&target, 0);
}

/* Neither has its closing zero. */
static void words_without_an_end_are_cut(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    struct segment_control control = {.request = 7, .command = SEGMENT_SET};
    memset(control.name, 'n', sizeof control.name);
    memset(control.value, 'v', sizeof control.value);
    control_write(path, 0, &control, sizeof control);
    for (int ms = 0; ms < SEGMENTS_WAIT_MS && head_of(path).answered != 7; ms += SEGMENTS_STEP_MS)
        pause_ms(SEGMENTS_STEP_MS);
    assert_string_equal(head_of(path).answer, "there is no such option");
    assert_done(path, SEGMENT_SET, "top", "5");
    target_end(&target, 0);
}

/* ---- askers ---- */

/* In a process of its own: each answer is the one to its own question. */
static pid_t keep_asking(const char *path, const char *value, int32_t result)
{
    pid_t asker = fork();
    if (asker != 0)
        return asker;
    for (unsigned i = 0; i < 4; i++)
        if (ask(path, SEGMENT_SET, "top", value).result != result)
            _exit(1);
    _exit(0);
}

static void two_askers_have_each_their_answer(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    int status, other;
    pid_t one = keep_asking(path, "3", 0);
    pid_t two = keep_asking(path, "three", -1);
    assert_int_equal(waitpid(one, &status, 0), one);
    assert_int_equal(waitpid(two, &other, 0), two);
    assert_int_equal(status | other, 0);
    target_end(&target, 0);
}

static uint32_t random_word(void)
{
    static uint64_t seed = 88172645463325252u; /* xorshift64 */
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32);
}

/* Half of it with a command that exists; not a pause, in which nothing would be counted. */
static void write_garbage(const char *path, unsigned ms)
{
    static const uint32_t commands[] = {SEGMENT_REPORT, SEGMENT_BASELINE, SEGMENT_SET, SEGMENT_PUBLISH};
    struct segment_control control;
    int file = open(path, O_RDWR | O_CLOEXEC);
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        uint32_t words[sizeof control / sizeof(uint32_t)];
        for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
            words[i] = random_word();
        memcpy(&control, words, sizeof control);
        if (control.request % 2 != 0)
            control.command = commands[control.command % 4];
        assert_int_equal(pwrite(file, &control, sizeof control, SEGMENT_CONTROL_AT), sizeof control);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < ms);
    close(file);
}

static void garbage_in_the_control_page_harms_nobody(void **state)
{
    (void)state;
    struct target target = target_start(QUIET, ARGV(built("test/cmd/programs/churns")));
    const char *path = segment_of(target.pid);
    char holds[64];
    write_garbage(path, 2000);
    assert_true(head_of(path).answered != 0);
    strcpy(holds, told(&target, "rest"));
    struct loaded loaded = taken_now(path);
    assert_holds(loaded.snapshot, "churns", holds);
    loaded_free(&loaded);
    assert_done(path, SEGMENT_SET, "top", "7");
    assert_int_equal(target_end(&target, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_goes_where_reports_go),
        cmocka_unit_test(a_baseline_forgets_peaks),
        cmocka_unit_test(what_is_made_in_a_pause_is_never_counted),
        cmocka_unit_test(a_child_made_in_a_pause_is_paused_by_itself),
        cmocka_unit_test(each_changeable_option_takes_effect),
        cmocka_unit_test(what_cannot_be_set_is_refused_with_the_reason),
        cmocka_unit_test(words_without_an_end_are_cut),
        cmocka_unit_test(two_askers_have_each_their_answer),
        cmocka_unit_test(garbage_in_the_control_page_harms_nobody),
    };
    return side_by_side(tests, sizeof tests / sizeof tests[0], harness_setup, harness_teardown);
}
