/* A process's segment: what a killed one leaves, what every other end leaves, whose it is after fork and exec. */
#include "cmd/segment/process.h"
#include "segments.h"

#define KEEP QUIET ",keep=on"

static unsigned left(void)
{
    return files_in(segments());
}

/* ---- the end ---- */

static void a_killed_process_leaves_what_it_held_to_the_byte(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    told(&target, "keep 1000 24");
    told(&target, "keep 70 5000");
    told(&target, "free 20");
    char holds[64];
    strcpy(holds, told(&target, "keep 1 3000000"));
    struct loaded loaded = taken_now(path);
    loaded_free(&loaded);
    assert_true(WIFSIGNALED(target_end(&target, SIGKILL)));

    loaded = taken(path);
    assert_holds(loaded.snapshot, "obeys", holds);
    assert_string_equal(holds, "1051 3274000");
    assert_int_equal(loaded.head.state, SEGMENT_LIVING);
    assert_int_equal(loaded.head.pid, target.pid);
    assert_int_equal(loaded.snapshot->pid, target.pid);
    assert_string_equal(loaded.snapshot->program, "obeys");
    assert_false(process_lives(loaded.head.pid, loaded.head.started_ticks, NULL));
    loaded_free(&loaded);

    struct outcome outcome = run_command("show", path);
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "trackmalloc: obeys["));
    outcome_free(&outcome);
}

static int leave(struct target *target, const char *how)
{
    char order[64];
    snprintf(order, sizeof order, "leave %s", how);
    target_tell(target, order);
    return target_end(target, 0);
}

static void a_process_that_ends_by_itself_leaves_nothing(void **state)
{
    (void)state;
    const char *const ways[] = {"return", "exit", "_exit", "_Exit", "quick_exit", "pthread_exit"};
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct target target = obeys_start(QUIET);
        segment_of(target.pid);
        assert_int_equal(leave(&target, ways[i]), 0);
        if (left() != 0)
            fail_msg("a file is left after %s", ways[i]);
    }
}

/* Of `kind` is the last snapshot: the exit is told by whoever hears of it before it is too late to collect one. */
static void keeps_after(const char *how, uint32_t kind)
{
    struct target target = obeys_start(KEEP);
    const char *path = segment_of(target.pid);
    char holds[64];
    strcpy(holds, told(&target, "keep 33 333"));
    assert_int_equal(leave(&target, how), 0);
    struct loaded loaded = taken(path);
    if (loaded.head.state != SEGMENT_ENDED || loaded.snapshot->kind != kind)
        fail_msg("%s: state %u, kind %u", how, loaded.head.state, loaded.snapshot->kind);
    if (kind == SNAPSHOT_EXIT)
        assert_holds(loaded.snapshot, "obeys", holds);
    loaded_free(&loaded);
}

static void kept_it_says_that_the_process_has_ended(void **state)
{
    (void)state;
    keeps_after("return", SNAPSHOT_EXIT);
    keeps_after("exit", SNAPSHOT_EXIT);
    keeps_after("quick_exit", SNAPSHOT_EXIT);
    keeps_after("pthread_exit", SNAPSHOT_EXIT);
    keeps_after("_exit", SNAPSHOT_PERIODIC);
}

/* No reporter has been there to make the file. */
static void kept_even_of_a_process_of_a_moment(void **state)
{
    (void)state;
    struct target target = target_start(KEEP, ARGV(built("test/cmd/programs/obeys"), "12", "1000"));
    assert_int_equal(target_end(&target, 0), 0);
    struct loaded loaded = taken(segment_of(target.pid));
    assert_int_equal(loaded.head.state, SEGMENT_ENDED);
    assert_holds(loaded.snapshot, "obeys", "12 12000");
    loaded_free(&loaded);
}

static void a_process_of_a_moment_leaves_nothing(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(left(), 0);
}

static void who_is_killed_by_whatever_signal_leaves_it(void **state)
{
    (void)state;
    const char *path;
    struct target target = obeys_start(KEEP);
    path = segment_of(target.pid);
    target_tell(&target, "leave abort");
    assert_int_equal(WTERMSIG(target_end(&target, 0)), SIGABRT);
    assert_int_equal(head_of(path).state, SEGMENT_LIVING);

    target = obeys_start(QUIET);
    path = segment_of(target.pid);
    assert_int_equal(WTERMSIG(target_end(&target, SIGTERM)), SIGTERM);
    assert_int_equal(head_of(path).state, SEGMENT_LIVING);

    target = obeys_start(QUIET); /* nobody hears of it */
    path = segment_of(target.pid);
    assert_int_equal(leave(&target, "exit_group"), 0);
    assert_int_equal(head_of(path).state, SEGMENT_LIVING);
    assert_int_equal(left(), 3);
}

static void reports_that_come_thick_do_not_keep_it_from_being_made(void **state)
{
    (void)state;
    struct target target = obeys_start("interval=0.1");
    segment_wait(segment_of(target.pid), 3);
    target_end(&target, 0);
}

static void with_segment_off_there_is_none(void **state)
{
    (void)state;
    struct target target = obeys_start("segment=off,keep=on,interval=0.1,output=none");
    told(&target, "keep 1 1");
    pause_ms(600);
    assert_int_equal(files_in(in_scratch("trackmalloc")), 0);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(files_in(in_scratch("trackmalloc")), 0);
}

/* ---- exec ---- */

static void a_tracked_program_takes_over_at_exec(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    char path[512], order[512];
    strcpy(path, segment_of(target.pid));
    told(&target, "keep 500 100");
    struct loaded loaded = taken_now(path);
    loaded_free(&loaded);
    snprintf(order, sizeof order, "exec %s", built("test/cmd/programs/obeys"));
    target_tell(&target, order);
    for (int ms = 0; ms < SEGMENTS_WAIT_MS; ms += SEGMENTS_STEP_MS) {
        loaded = taken(segment_of(target.pid));
        bool over = tag_of(loaded.snapshot, "obeys")->counts.live.blocks == 1;
        loaded_free(&loaded);
        if (over)
            break;
        pause_ms(SEGMENTS_STEP_MS);
    }
    loaded = taken_now(path); /* pid and start are the same */
    assert_holds(loaded.snapshot, "obeys", "1 77");
    loaded_free(&loaded);
    assert_int_equal(left(), 1);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(left(), 0);
}

/* Nobody is there to take it away: what was before the exec stays, as that of a dead program. */
static void before_an_untracked_program_the_last_snapshot_stays(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    char order[512], holds[64];
    strcpy(holds, told(&target, "keep 500 100"));
    struct loaded loaded = taken_now(path);
    loaded_free(&loaded);
    struct found found;
    assert_true(find_pid(segments(), (uint32_t)target.pid, &found));
    assert_int_equal(found.state, PROCESS_LIVING);
    snprintf(order, sizeof order, "exec %s", built("test/cmd/programs/still"));
    assert_string_equal(told(&target, order), "here");
    assert_true(find_pid(segments(), (uint32_t)target.pid, &found));
    assert_int_equal(found.state, PROCESS_DEAD); /* the program whose heap it was */
    loaded = taken(path);
    assert_holds(loaded.snapshot, "obeys", holds);
    loaded_free(&loaded);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(find_state(&found), PROCESS_DEAD);
}

/* ---- fork ---- */

/* The child's own reporter comes with an allocation, after its first interval. */
static void a_forked_child_has_its_own(void **state)
{
    (void)state;
    struct target target = obeys_start("output=none,interval=0.1");
    const char *path = segment_of(target.pid);
    char parent_holds[64], child_holds[64];
    strcpy(parent_holds, told(&target, "keep 100 50"));
    assert_string_equal(told_of_segments(&target), "1");
    pid_t child = (pid_t)atoi(told(&target, "fork"));
    assert_string_equal(told_of_segments(&target), "0"); /* not even mapped */
    pause_ms(300);
    strcpy(child_holds, told(&target, "keep 11 1000"));
    const char *child_path = segment_of(child);

    struct loaded loaded = taken_now(child_path);
    assert_holds(loaded.snapshot, "obeys", child_holds);
    assert_int_equal(loaded.snapshot->parent, target.pid);
    assert_int_equal(loaded.snapshot->pid, child);
    loaded_free(&loaded);
    loaded = taken_now(path);
    assert_holds(loaded.snapshot, "obeys", parent_holds);
    assert_int_equal(loaded.snapshot->pid, target.pid);
    loaded_free(&loaded);

    assert_string_equal(told_of_segments(&target), "1");
    target_tell(&target, "leave exit");
    assert_string_equal(target_line(&target), "over");
    assert_int_equal(access(child_path, F_OK), -1);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(left(), 0);
}

/* Their parent publishes four times a second meanwhile. */
static void storm(const char *way, unsigned count)
{
    char number[16], good[64];
    snprintf(number, sizeof number, "%u", count);
    snprintf(good, sizeof good, "%u good, 0 saw a segment", count);
    struct target target = target_start(QUIET, ARGV(built("test/cmd/programs/spawns"), way, number));
    const char *path = segment_of(target.pid);
    uint64_t before = head_of(path).written;
    watch(path, 250);
    assert_string_equal(told(&target, "go"), good);
    segment_wait(path, before + 2);
    assert_int_equal(left(), 1);
    struct loaded loaded = taken_now(path);
    assert_sums_at_rest(loaded.snapshot);
    loaded_free(&loaded);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(left(), 0);
}

static void children_that_come_and_go_leave_nothing(void **state)
{
    (void)state;
    storm("fork", 100);
    storm("_Fork", 100);
    storm("exec", 100);
    storm("vfork", 100);
    storm("spawn", 300);
}

static void a_threaded_parent_forks_while_it_publishes(void **state)
{
    (void)state;
    storm("threads", 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_leaves_what_it_held_to_the_byte),
        cmocka_unit_test(a_process_that_ends_by_itself_leaves_nothing),
        cmocka_unit_test(kept_it_says_that_the_process_has_ended),
        cmocka_unit_test(kept_even_of_a_process_of_a_moment),
        cmocka_unit_test(a_process_of_a_moment_leaves_nothing),
        cmocka_unit_test(who_is_killed_by_whatever_signal_leaves_it),
        cmocka_unit_test(reports_that_come_thick_do_not_keep_it_from_being_made),
        cmocka_unit_test(with_segment_off_there_is_none),
        cmocka_unit_test(a_tracked_program_takes_over_at_exec),
        cmocka_unit_test(before_an_untracked_program_the_last_snapshot_stays),
        cmocka_unit_test(a_forked_child_has_its_own),
        cmocka_unit_test(children_that_come_and_go_leave_nothing),
        cmocka_unit_test(a_threaded_parent_forks_while_it_publishes),
    };
    return side_by_side(tests, sizeof tests / sizeof tests[0], harness_setup, harness_teardown);
}
