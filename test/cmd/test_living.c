/* show, save and diff on real processes: while they live, when they are killed, when they have left. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/segment/find.h"
#include "cmd/segment/load.h"
#include "section.h"

static const char usual[] = "output=/dev/null,interval=0.25,stacks=all";

/* A target that holds its first 100 blocks. */
static struct target start(const char *options)
{
    struct target target = target_start(options, ARGV(built("test/cmd/programs/grows")));
    assert_string_equal(target_line(&target), "ready");
    return target;
}

static void grow(struct target *target)
{
    target_tell(target, "");
    assert_string_equal(target_line(target), "grown");
}

/* Until there is a snapshot that was begun after now. */
static void settle(struct target *target)
{
    target_published(target, target_published(target, 0) + 1);
}

/* Good for the next call but one. */
static const char *pid_of(const struct target *target)
{
    static char pids[2][16];
    static unsigned next;
    char *pid = pids[next++ % 2];
    snprintf(pid, sizeof pids[0], "%d", target->pid);
    return pid;
}

/* Its only thread opens no file, so the process itself does not know the name. */
static void names_out_of_the_file_are_shown(void **state)
{
    struct target target =
        target_start("output=none,interval=0.25,stacks=all", ARGV(built("test/cmd/programs/hidden")));
    struct loaded loaded;
    (void)state;
    assert_string_equal(target_line(&target), "ready");
    settle(&target);
    assert_true(load(NULL, pid_of(&target), &loaded));
    for (uint32_t i = 0; i < loaded.snapshot->sites; i++)
        assert_null(strstr(snapshot_sites(loaded.snapshot)[i].name, "hidden_allocate"));
    loaded_free(&loaded);
    struct outcome shown = run_command("show", pid_of(&target));
    assert_int_equal(shown.status, 0);
    assert_line(shown.out, "Current allocations by call site", "hidden!hidden_allocate+0x");
    assert_non_null(strstr(shown.out, "    hidden!hidden_allocate+0x"));
    outcome_free(&shown);
    target_end(&target, SIGKILL);
}

/* The row of the object that the process's own blocks come from: the one whose path ends so. */
static void expect_object(const struct target *target, const char *path)
{
    struct loaded loaded;
    char *real = realpath(path, NULL);
    unsigned rows = 0;
    assert_non_null(real);
    assert_true(load(NULL, pid_of(target), &loaded));
    for (uint32_t i = 0; i < loaded.snapshot->objects; i++)
        rows += strcmp(snapshot_objects(loaded.snapshot)[i].path, real) == 0;
    assert_int_equal(rows, 1);
    loaded_free(&loaded);
    free(real);
}

static void a_program_started_by_the_loader_has_its_own_file(void **state)
{
    static const char loader[] = "/lib64/ld-linux-x86-64.so.2";
    const char *program = built("test/cmd/programs/hidden");
    (void)state;
    if (access(loader, X_OK) != 0)
        skip();
    struct target target = target_start("output=none,interval=0.25", ARGV(loader, program));
    assert_string_equal(target_line(&target), "ready");
    settle(&target);
    expect_object(&target, program);
    struct outcome shown = run_command("show", pid_of(&target));
    assert_line(shown.out, "Current allocations by call site", "hidden!hidden_allocate+0x");
    outcome_free(&shown);
    target_end(&target, SIGKILL);
}

static void a_library_opened_by_a_relative_path_has_its_own_file(void **state)
{
    const char *library = in_scratch("plugin.so");
    (void)state;
    struct outcome copied = run_program(ARGV("/bin/cp", built("test/preload/twin_a.so"), library));
    assert_int_equal(copied.status, 0);
    outcome_free(&copied);
    struct target target =
        target_start("output=none,interval=0.25", ARGV(built("test/cmd/programs/relative"), library, "twin_a_make"));
    assert_string_equal(target_line(&target), "ready");
    settle(&target);
    expect_object(&target, library);
    target_end(&target, SIGKILL);
}

static void the_killed_are_shown_as_they_were(void **state)
{
    struct target target = start(usual);
    struct found found;
    (void)state;
    settle(&target);
    struct outcome living = run_command("show", pid_of(&target));
    assert_int_equal(living.status, 0);
    assert_line(living.out, "Current allocations by call site", "grows!hold_one+0x");
    assert_true(find_pid(NULL, (uint32_t)target.pid, &found));
    assert_int_equal(found.state, PROCESS_LIVING);
    assert_true(WIFSIGNALED(target_end(&target, SIGKILL)));
    struct outcome dead = run_command("show", pid_of(&target));
    assert_int_equal(dead.status, 0);
    assert_string_equal(section(dead.out, "Current allocations by call site"),
                        section(living.out, "Current allocations by call site"));
    assert_true(find_pid(NULL, (uint32_t)target.pid, &found));
    assert_int_equal(found.state, PROCESS_DEAD);
    outcome_free(&living);
    outcome_free(&dead);
}

static void who_has_left_is_gone_unless_kept(void **state)
{
    struct target leaves = start(usual), stays = start("output=/dev/null,interval=0.25,keep=on");
    struct found found;
    (void)state;
    settle(&leaves);
    grow(&stays);
    settle(&stays);
    assert_int_equal(target_end(&leaves, 0), 0);
    assert_int_equal(target_end(&stays, 0), 0);
    struct outcome outcome = run_command("show", pid_of(&leaves));
    assert_refused(&outcome, 1, " does not exist");
    outcome = run_command("show", pid_of(&stays));
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "] report "));
    assert_non_null(strstr(outcome.out, " (exit), up "));
    outcome_free(&outcome);
    assert_true(find_pid(NULL, (uint32_t)stays.pid, &found));
    assert_int_equal(found.state, PROCESS_ENDED);
}

/* What a process publishes while it allocates is whole whenever it is read. */
static void sums_hold_at_full_speed(void **state)
{
    struct target target = start("output=/dev/null,interval=0.1,stacks=all");
    unsigned numbers = 0;
    uint32_t last = 0;
    (void)state;
    for (int i = 0; i < 200 || numbers < 8; i++) {
        struct loaded loaded;
        uint64_t tags = 0, sizes = 0, ages = 0;
        if (i % 10 == 0)
            grow(&target);
        if (i == 0)
            settle(&target);
        assert_true(load(NULL, pid_of(&target), &loaded));
        const struct snapshot *snapshot = loaded.snapshot;
        for (uint32_t row = 0; row < snapshot->tags; row++)
            tags += snapshot_tags(snapshot)[row].counts.live.blocks;
        for (unsigned row = 0; row < SNAPSHOT_SIZE_CLASSES; row++)
            sizes += snapshot->sizes[row].blocks;
        for (unsigned row = 0; row < SNAPSHOT_AGE_ROWS; row++)
            ages += snapshot->total.age[row].blocks;
        assert_int_equal(tags, snapshot->total.live.blocks);
        assert_int_equal(sizes, snapshot->total.live.blocks);
        assert_int_equal(ages, snapshot->total.live.blocks);
        numbers += snapshot->number != last;
        last = snapshot->number;
        loaded_free(&loaded);
    }
    assert_int_equal(target_end(&target, 0), 0);
}

static void two_runs_are_compared(void **state)
{
    struct target first = start(usual), second = start(usual);
    (void)state;
    grow(&second);
    settle(&first);
    settle(&second);
    struct outcome outcome = run_command("diff", pid_of(&first), pid_of(&second));
    assert_int_equal(outcome.status, 0);
    assert_line(outcome.out, "Grew, by tag", "grows +976.6KiB");
    assert_line(outcome.out, "Grew, by call site", "grows!hold_one+0x");
    assert_line(outcome.out, "Grew, by call site", " +976.6KiB 97.7KiB 1.0MiB +1,000 +1,000 grew grows");
    assert_null(strstr(outcome.out, "by function"));
    outcome_free(&outcome);
    target_end(&first, SIGKILL);
    target_end(&second, SIGKILL);
    outcome = run_command("diff", pid_of(&second), pid_of(&first)); /* what they left */
    assert_line(outcome.out, "Shrank, by call site", " -976.6KiB 1.0MiB 97.7KiB -1,000 -1,000 shrank grows");
    outcome_free(&outcome);
}

static void a_process_is_compared_with_what_was_saved_of_it(void **state)
{
    struct target target = start(usual);
    (void)state;
    settle(&target);
    struct outcome outcome = run_command("save", pid_of(&target), "-o", in_scratch("yesterday.tms"));
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    grow(&target);
    settle(&target);
    outcome = run_command("diff", in_scratch("yesterday.tms"), pid_of(&target));
    assert_non_null(strstr(outcome.out, "(the same process, "));
    assert_line(outcome.out, "Grew, by call site", " +976.6KiB 97.7KiB 1.0MiB +1,000 +1,000 grew grows");
    assert_line(outcome.out, "Grew, by stack",
                "+976.6KiB live (0.0B in 0 blocks, now 976.6KiB in 1,000), new:\n"
                " grows!hold_one+0x");
    outcome_free(&outcome);
    outcome = run_command("diff", pid_of(&target));
    assert_int_equal(outcome.status, 0);
    assert_line(outcome.out, "Live size over time", " 0.0s ago ");
    outcome_free(&outcome);
    assert_int_equal(target_end(&target, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_out_of_the_file_are_shown),
        cmocka_unit_test(a_program_started_by_the_loader_has_its_own_file),
        cmocka_unit_test(a_library_opened_by_a_relative_path_has_its_own_file),
        cmocka_unit_test(the_killed_are_shown_as_they_were),
        cmocka_unit_test(who_has_left_is_gone_unless_kept),
        cmocka_unit_test(sums_hold_at_full_speed),
        cmocka_unit_test(two_runs_are_compared),
        cmocka_unit_test(a_process_is_compared_with_what_was_saved_of_it),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
