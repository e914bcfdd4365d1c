/* What a segment tells of its process is what the kernel tells from outside: whose child it is and since when, its
 * command line, threads and memory; and what it held in the course of time. */
#include "place.h"
#include "segments.h"

static const char *obeys_path(void)
{
    return built("test/cmd/programs/obeys");
}

static char *proc_file(pid_t pid, const char *name, size_t *bytes)
{
    static char text[1 << 16];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    *bytes = 0;
    for (ssize_t part; (part = read(file, text + *bytes, sizeof text - 1 - *bytes)) > 0;)
        *bytes += (size_t)part;
    close(file);
    text[*bytes] = '\0';
    return text;
}

static uint64_t status_of(pid_t pid, const char *name)
{
    size_t bytes;
    char *line = strstr(proc_file(pid, "status", &bytes), name);
    assert_non_null(line);
    return strtoull(line + strlen(name), NULL, 10);
}

/* ---- who it is ---- */

static void who_started_it_and_when(void **state)
{
    (void)state;
    size_t bytes;
    struct target target = obeys_start(QUIET);
    struct loaded loaded = taken(segment_of(target.pid));
    assert_int_equal(loaded.snapshot->parent, getpid());
    const char *behind_name = strrchr(proc_file(target.pid, "stat", &bytes), ')');
    unsigned long long started;
    assert_int_equal(sscanf(behind_name + 1,
                            " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                            &started),
                     1);
    assert_true(started != 0);
    assert_int_equal(loaded.snapshot->started_ticks, started);
    assert_int_equal(loaded.head.started_ticks, started);
    assert_int_equal(loaded.head.uid, geteuid());
    assert_string_equal(strrchr(segment_of(target.pid), '/') + 1, place_name((uint32_t)target.pid, started));
    loaded_free(&loaded);
    target_end(&target, 0);
}

/* All of it, or its beginning and a closing zero. */
static void assert_command(struct target *target)
{
    size_t bytes;
    struct loaded loaded = taken(segment_of(target->pid)); /* it is itself by now */
    const char *proc = proc_file(target->pid, "cmdline", &bytes);
    const char *command = snapshot_command(loaded.snapshot);
    uint32_t told_bytes = loaded.snapshot->command_bytes;
    if (bytes < SNAPSHOT_COMMAND) {
        if (told_bytes != bytes && (told_bytes != bytes + 1 || proc[bytes - 1] == '\0'))
            fail_msg("%u bytes of %zu", told_bytes, bytes);
        assert_memory_equal(command, proc, bytes);
    } else {
        assert_true(told_bytes >= SNAPSHOT_COMMAND - 1 && told_bytes <= SNAPSHOT_COMMAND);
        assert_memory_equal(command, proc, told_bytes - 1);
    }
    if (told_bytes != 0)
        assert_int_equal(command[told_bytes - 1], 0);
    loaded_free(&loaded);
}

static void its_command_line_however_long(void **state)
{
    (void)state;
    static char large[3 * SNAPSHOT_COMMAND];
    const char *many[1024];
    const size_t lengths[] = {1, 60, 3900, SNAPSHOT_COMMAND, sizeof large - 1};
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        memset(large, 'x', lengths[i]);
        large[lengths[i]] = '\0';
        struct target target = target_start(QUIET, ARGV(obeys_path(), "0", "0", large));
        assert_command(&target);
        target_end(&target, 0);
    }
    many[0] = obeys_path();
    for (unsigned i = 1; i < 1023; i++)
        many[i] = i % 3 == 0 ? "" : "0";
    many[1023] = NULL;
    struct target target = target_start(QUIET, many);
    assert_command(&target);
    target_end(&target, 0);
}

/* To the byte at which it is cut: the kernel's own end, one before, one behind. */
static void its_command_line_about_the_cut(void **state)
{
    (void)state;
    static char argument[SNAPSHOT_COMMAND];
    size_t rest = SNAPSHOT_COMMAND - strlen(obeys_path()) - 6; /* zeros, and two arguments of a byte */
    for (size_t length = rest - 2; length <= rest + 1; length++) {
        memset(argument, 'x', length);
        argument[length] = '\0';
        struct target target = target_start(QUIET, ARGV(obeys_path(), "0", "0", argument));
        assert_command(&target);
        target_end(&target, 0);
    }
}

static void a_title_that_was_written_over_its_arguments(void **state)
{
    (void)state;
    struct target target = target_start(QUIET, ARGV(built("test/cmd/programs/retitles"), "a", "bc"));
    assert_command(&target);
    target_end(&target, 0);
}

/* By `exec -a`, as a login shell has it. */
static void an_empty_name_and_odd_bytes(void **state)
{
    (void)state;
    char script[1024];
    snprintf(script, sizeof script, "exec -a '' %s '' $'\\e[31m\\xff\\n' ''", obeys_path());
    struct target target = target_start(QUIET, ARGV("/bin/bash", "-c", script));
    assert_string_equal(told(&target, "keep 1 1"), "1 1");
    assert_command(&target);
    target_end(&target, 0);
}

/* Root may have one, but not under a changed root. */
static void skip_without_pid_namespaces(void)
{
    struct outcome tried = run_program(ARGV("/usr/bin/unshare", "--fork", "--pid", "--mount-proc", "/bin/true"));
    const bool may = tried.status == 0;
    outcome_free(&tried);
    if (!may)
        skip();
}

static void in_a_pid_namespace_the_name_carries_it(void **state)
{
    (void)state;
    skip_without_pid_namespaces();
    struct target target = target_start(
        QUIET, ARGV("/usr/bin/unshare", "--fork", "--pid", "--mount-proc", "--kill-child", obeys_path(), "3", "5"));
    const struct found *found = NULL;
    struct found_list list = {NULL, 0};
    for (int ms = 0; found == NULL && ms < SEGMENTS_WAIT_MS; ms += SEGMENTS_STEP_MS) {
        pause_ms(SEGMENTS_STEP_MS);
        found_free(&list);
        list = find_all(segments());
        for (size_t i = 0; i < list.rows; i++)
            if (list.row[i].own_pid == 1 && head_of(list.row[i].path).written != 0)
                found = &list.row[i];
    }
    assert_non_null(found);
    assert_true(found->namespace_inode != SEGMENT_FIRST_NAMESPACE);
    assert_int_equal(found->state, PROCESS_LIVING); /* from here it can be seen */
    assert_int_not_equal(found->pid, 1);
    struct loaded loaded = taken(found->path);
    assert_int_equal(loaded.snapshot->pid, 1);
    assert_int_equal(loaded.snapshot->parent, 0);
    assert_holds(loaded.snapshot, "obeys", "3 15");
    loaded_free(&loaded);
    target_end(&target, 0);
    assert_int_equal(access(found->path, F_OK), -1);
    found_free(&list);
}

/* There, pids mean the processes of that namespace. */
static void the_command_is_at_home_in_a_pid_namespace(void **state)
{
    static const char script[] = "sleep 60 | LD_PRELOAD=$2 TRACKMALLOC_OPTIONS=" QUIET " $3 3 5 & pid=$!\n"
                                 "until $1 show $pid > /dev/null 2>&1; do sleep 0.1; done\n"
                                 "$1 show $pid; $1 ps; $1 show 1; $1 show 999999";
    (void)state;
    skip_without_pid_namespaces();
    struct outcome outcome =
        run_program(ARGV("/usr/bin/unshare", "--fork", "--pid", "--mount-proc", "--kill-child", "/bin/sh", "-c", script,
                         "sh", built("trackmalloc"), built("libtrackmalloc.so"), obeys_path()));
    assert_non_null(strstr(outcome.out, "\ntrackmalloc: obeys["));
    assert_non_null(strstr(outcome.out, " live "));
    assert_non_null(strstr(outcome.err, "trackmalloc: process 1 is not tracked"));
    assert_non_null(strstr(outcome.err, "trackmalloc: process 999999 does not exist\n"));
    outcome_free(&outcome);
}

/* ---- its memory ---- */

static void assert_near(const char *what, uint64_t inside, uint64_t outside_kib)
{
    double outside = (double)outside_kib * 1024;
    if ((double)inside < outside * 0.97 || (double)inside > outside * 1.03)
        fail_msg("%s: %lu inside, %.0f outside", what, (unsigned long)inside, outside);
}

static void its_memory_as_seen_from_outside(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    told(&target, "keep 40000 1000");
    told(&target, "free 10000"); /* so that the peak is another */
    struct loaded loaded = taken_now(path);
    const struct snapshot_memory *memory = &loaded.snapshot->memory;
    assert_int_equal(memory->known, 1);
    assert_near("resident", memory->resident, status_of(target.pid, "\nVmRSS:"));
    assert_near("peak", memory->resident_peak, status_of(target.pid, "\nVmHWM:"));
    assert_near("virtual", memory->virtual_size, status_of(target.pid, "\nVmSize:"));
    assert_near("anonymous", memory->anonymous, status_of(target.pid, "\nRssAnon:"));
    assert_near("file", memory->file, status_of(target.pid, "\nRssFile:"));
    assert_near("data", memory->data, status_of(target.pid, "\nVmData:"));
    assert_int_equal(memory->threads, 1);
    assert_true(memory->resident > loaded.snapshot->total.live.bytes);
    assert_true(memory->minor_faults > 1000);
    loaded_free(&loaded);
    target_end(&target, 0);
}

static void its_threads_without_ours(void **state)
{
    (void)state;
    struct target target = target_start("output=none,interval=60,keep=on", ARGV(built("test/cmd/programs/churns")));
    const char *path = segment_of(target.pid);
    struct loaded loaded = taken_now(path);
    assert_int_equal(loaded.snapshot->memory.threads, 5);
    loaded_free(&loaded);
    target_end(&target, 0);

    target = target_start("output=none,interval=60,keep=on", ARGV(obeys_path(), "1", "1"));
    path = segment_of(target.pid);
    target_end(&target, 0);
    loaded = taken(path);
    assert_int_equal(loaded.snapshot->kind, SNAPSHOT_EXIT);
    assert_int_equal(loaded.snapshot->memory.threads, 1); /* our own may be there still */
    loaded_free(&loaded);
}

/* The kernel then knows no memory and no command line of the process, but of its threads. */
static void after_main_has_left(void **state)
{
    (void)state;
    struct target target = target_start(QUIET ",keep=on", ARGV(obeys_path(), "5", "1000"));
    const char *path = segment_of(target.pid);
    target_tell(&target, "thread");
    assert_string_equal(told(&target, "keep 1 7"), "6 5007");
    struct loaded loaded = taken_now(path);
    assert_holds(loaded.snapshot, "obeys", "6 5007");
    assert_int_equal(loaded.snapshot->memory.known, 1);
    assert_true(loaded.snapshot->memory.resident != 0 && loaded.snapshot->memory.resident_peak != 0);
    loaded_free(&loaded);
    assert_int_equal(target_end(&target, 0), 0);
    loaded = taken(path);
    assert_int_equal(loaded.snapshot->kind, SNAPSHOT_EXIT);
    assert_int_equal(loaded.head.state, SEGMENT_ENDED);
    loaded_free(&loaded);
}

/* It is asked for who it is after main has left: a segment is made late. */
static void whose_main_leaves_at_once(void **state)
{
    (void)state;
    struct target target = target_start(QUIET, ARGV(obeys_path(), "5", "1000"));
    target_tell(&target, "thread");
    const char *segment_path = segment_of(target.pid);
    struct loaded loaded = taken(segment_path);
    assert_true(loaded.snapshot->command_bytes > strlen(obeys_path()));
    assert_string_equal(snapshot_command(loaded.snapshot), obeys_path());
    assert_int_equal(loaded.snapshot->parent, getpid());
    assert_holds(loaded.snapshot, "obeys", "5 5000");
    loaded_free(&loaded);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(access(segment_path, F_OK), -1);
}

/* A user of very many groups: the line of them comes before the memory. */
static void however_long_the_kernels_answer_is(void **state)
{
    (void)state;
    static char groups[32768];
    if (geteuid() != 0)
        skip();
    size_t length = 0;
    for (unsigned i = 0; i < 2000; i++)
        length += (size_t)snprintf(groups + length, sizeof groups - length, "%s%u", i != 0 ? "," : "", 1000000 + i);
    struct target target =
        target_start(QUIET, ARGV("/usr/bin/setpriv", "--groups", groups, obeys_path(), "1000", "1000"));
    assert_string_equal(told(&target, "keep 1 1"), "1001 1000001");
    struct loaded loaded = taken_now(segment_of(target.pid));
    assert_int_equal(loaded.snapshot->memory.known, 1);
    assert_near("resident", loaded.snapshot->memory.resident, status_of(target.pid, "\nVmRSS:"));
    assert_int_equal(loaded.snapshot->memory.threads, 1);
    loaded_free(&loaded);
    target_end(&target, 0);
}

/* ---- the course of time ---- */

static void a_point_for_each_interval(void **state)
{
    (void)state;
    struct target target = obeys_start("output=none,interval=0.1");
    const char *path = segment_of(target.pid);
    segment_wait(path, 4);
    told(&target, "keep 100 1000");
    segment_wait(path, head_of(path).written + 4);
    struct loaded loaded = taken_now(path);
    const struct snapshot_point *point = snapshot_points(loaded.snapshot);
    uint32_t last = loaded.snapshot->points - 1;
    assert_true(loaded.snapshot->points >= 6);
    assert_true(point[0].live_blocks < 10);
    for (uint32_t i = 1; i <= last; i++)
        assert_true(point[i].uptime_ms >= point[i - 1].uptime_ms + 87); /* it may come a moment early */
    assert_true(point[last].uptime_ms <= loaded.snapshot->uptime_ms);
    assert_true(point[last].live_bytes >= 100000 && point[last].live_blocks >= 100);
    assert_true(point[last].resident != 0);
    loaded_free(&loaded);
    pid_t child = (pid_t)atoi(told(&target, "fork"));
    pause_ms(300);
    told(&target, "keep 1 1");
    loaded = taken(segment_of(child)); /* its life begins anew */
    assert_true(snapshot_points(loaded.snapshot)[0].uptime_ms <= loaded.snapshot->uptime_ms);
    assert_true(loaded.snapshot->points <= 3 && loaded.snapshot->uptime_ms < 10000);
    loaded_free(&loaded);
    target_tell(&target, "leave exit");
    target_end(&target, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_started_it_and_when),
        cmocka_unit_test(its_command_line_however_long),
        cmocka_unit_test(its_command_line_about_the_cut),
        cmocka_unit_test(a_title_that_was_written_over_its_arguments),
        cmocka_unit_test(an_empty_name_and_odd_bytes),
        cmocka_unit_test(in_a_pid_namespace_the_name_carries_it),
        cmocka_unit_test(the_command_is_at_home_in_a_pid_namespace),
        cmocka_unit_test(its_memory_as_seen_from_outside),
        cmocka_unit_test(its_threads_without_ours),
        cmocka_unit_test(after_main_has_left),
        cmocka_unit_test(whose_main_leaves_at_once),
        cmocka_unit_test(however_long_the_kernels_answer_is),
        cmocka_unit_test(a_point_for_each_interval),
    };
    return side_by_side(tests, sizeof tests / sizeof tests[0], harness_setup, harness_teardown);
}
