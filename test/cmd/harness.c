#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../for_all.h"
#include "cmd/segment/find.h"
#include "cmd/segment/load.h"

enum { PATHS = 16, MOST_SECONDS = 60, STEP_NS = 5000000 };

/* ---- a place of the suite's own ---- */

static char scratch_path[64];

/* One of a few places for paths, used in turn. */
static char *join(const char *directory, const char *name)
{
    static char paths[PATHS][2 * PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

int harness_setup(void **state)
{
    (void)state;
    strcpy(scratch_path, "/tmp/trackmalloc-test-XXXXXX");
    if (mkdtemp(scratch_path) == NULL || setenv("XDG_RUNTIME_DIR", scratch_path, 1) != 0)
        return -1;
    char own[128]; /* what others of this user run meanwhile is not looked at */
    snprintf(own, sizeof own, "%s/trackmalloc", scratch_path);
    if (setenv("TRACKMALLOC_DIR", own, 1) != 0)
        return -1;
    signal(SIGPIPE, SIG_IGN); /* a target that is gone fails its test, not the suite */
    return unsetenv("TRACKMALLOC_OPTIONS") | unsetenv("LD_PRELOAD") | unsetenv("NO_COLOR");
}

int harness_teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", scratch_path);
    return system(command);
}

const char *scratch(void)
{
    return scratch_path;
}

const char *in_scratch(const char *name)
{
    return join(scratch_path, name);
}

const char *segments(void)
{
    const char *path = in_scratch("trackmalloc");
    if (mkdir(path, 0700) != 0)
        assert_int_equal(errno, EEXIST);
    return path;
}

const char *in_segments(const char *name)
{
    return join(segments(), name);
}

static char *build_folder(void)
{
    static char build[PATH_MAX];
    if (build[0] == '\0') {
        ssize_t length = readlink("/proc/self/exe", build, sizeof build - 1);
        assert_true(length > 0);
        build[length] = '\0';
        for (int up = 0; up < 3; up++) /* test/cmd/test_NAME */
            *strrchr(build, '/') = '\0';
    }
    return build;
}

const char *built(const char *name)
{
    return join(build_folder(), name);
}

void build_for_all(void)
{
    const char *folder = in_scratch("for-all");
    if (strcmp(build_folder(), folder) == 0)
        return;
    assert_true(
        copy_for_all(build_folder(), folder, ARGV("libtrackmalloc.so", "trackmalloc", "test/cmd/programs/obeys")));
    strcpy(build_folder(), folder);
}

/* ---- files ---- */

static char *read_all(int file, size_t *bytes)
{
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    *bytes = (size_t)status.st_size;
    char *text = malloc(*bytes + 1);
    assert_non_null(text);
    assert_int_equal(pread(file, text, *bytes, 0), *bytes);
    text[*bytes] = '\0';
    return text;
}

char *file_read(const char *path, size_t *bytes)
{
    size_t length;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        fail_msg("%s: %s", path, strerror(errno));
    char *text = read_all(file, bytes != NULL ? bytes : &length);
    close(file);
    return text;
}

void file_write(const char *path, const void *bytes, size_t length)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        fail_msg("%s: %s", path, strerror(errno));
    assert_int_equal(write(file, bytes, length), length);
    close(file);
}

/* ---- the command ---- */

static _Noreturn void become(const char *const *argv, int in, int out, int err)
{
    const struct rlimit no_core = {0, 0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGPIPE, SIG_DFL);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    close_range(3, ~0u, 0);
    execv(argv[0], (char *const *)argv);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* true: it has ended within that time. */
static bool wait_for(pid_t child, int *status, unsigned seconds)
{
    for (long steps = seconds * (1000000000L / STEP_NS); steps > 0; steps--) {
        if (waitpid(child, status, WNOHANG) == child)
            return true;
        nanosleep(&(struct timespec){0, STEP_NS}, NULL);
    }
    return false;
}

struct outcome run_program(const char *const *argv)
{
    struct outcome outcome;
    size_t err_bytes;
    int status;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = memfd_create("out", MFD_CLOEXEC);
    int err = memfd_create("err", MFD_CLOEXEC);
    fflush(NULL);
    pid_t child = fork();
    assert_true(null >= 0 && out >= 0 && err >= 0 && child >= 0);
    if (child == 0)
        become(argv, null, out, err);
    if (!wait_for(child, &status, MOST_SECONDS)) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.out = read_all(out, &outcome.out_bytes);
    outcome.err = read_all(err, &err_bytes);
    close(null);
    close(out);
    close(err);
    return outcome;
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->out);
    free(outcome->err);
    *outcome = (struct outcome){0};
}

void assert_has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in\n%.3000s", words, text);
}

void assert_has_not(const char *text, const char *words)
{
    if (strstr(text, words) != NULL)
        fail_msg("\"%s\" is in\n%.3000s", words, text);
}

void assert_refused(struct outcome *outcome, int status, const char *words)
{
    const char *end = strchr(outcome->err, '\n');
    bool one_line = end != NULL && end[1] == '\0' && strncmp(outcome->err, "trackmalloc: ", 13) == 0;
    if (outcome->status != status || outcome->out_bytes != 0 || !one_line || strstr(outcome->err, words) == NULL)
        fail_msg("not refused with %d and \"%s\" but: %d\n%.300s%.300s", status, words, outcome->status, outcome->out,
                 outcome->err);
    outcome_free(outcome);
}

/* ---- segments ---- */

void segment_write(const char *path, const struct snapshot *snapshot)
{
    const uint32_t number = 2; /* in the first buffer */
    struct segment head = {
        .version = SEGMENT_VERSION,
        .buffer_bytes = (snapshot->bytes + SEGMENT_PAGE - 1) / SEGMENT_PAGE * SEGMENT_PAGE,
        .pid = snapshot->pid,
        .uid = geteuid(),
        .started_ticks = snapshot->started_ticks,
        .state = SEGMENT_LIVING,
        .writing = number,
        .written = number,
    };
    memcpy(head.magic, SEGMENT_MAGIC, sizeof head.magic);
    size_t length = SEGMENT_BUFFERS_AT + (size_t)SEGMENT_BUFFERS * head.buffer_bytes;
    char *bytes = calloc(1, length);
    assert_non_null(bytes);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + SEGMENT_BUFFERS_AT, snapshot, snapshot->bytes);
    file_write(path, bytes, length);
    free(bytes);
}

/* ---- a program under the library ---- */

static void become_target(const char *options, const char *const *argv, const int *to, const int *from)
{
    char own[4096];
    char name[32];
    snprintf(name, sizeof name, "%d.err", (int)getpid());
    int err = open(in_scratch(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    setenv("LD_PRELOAD", built("libtrackmalloc.so"), 1);
    snprintf(own, sizeof own, "segment=on,%s", options); /* also where the tests run under a filter */
    setenv("TRACKMALLOC_OPTIONS", own, 1);
    become(argv, to[0], from[1], err);
}

struct target target_start(const char *options, const char *const *argv)
{
    int to[2], from[2];
    if (access(built("libtrackmalloc.so"), R_OK) != 0) /* else only a warning of ld.so's */
        fail_msg("%s: %s", built("libtrackmalloc.so"), strerror(errno));
    assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
    fflush(NULL);
    struct target target = {.pid = fork(), .to = to[1], .from = from[0]};
    assert_true(target.pid >= 0);
    if (target.pid == 0)
        become_target(options, argv, to, from);
    close(to[0]);
    close(from[1]);
    return target;
}

const char *target_line(struct target *target)
{
    static char line[1024];
    size_t length = 0;
    while (length < sizeof line - 1 && read(target->from, line + length, 1) == 1 && line[length] != '\n')
        length++;
    line[length] = '\0';
    return line;
}

void target_tell(struct target *target, const char *line)
{
    assert_true(dprintf(target->to, "%s\n", line) > 0);
}

uint32_t target_published(struct target *target, uint32_t after)
{
    char pid[16];
    struct loaded loaded;
    snprintf(pid, sizeof pid, "%d", (int)target->pid);
    for (long steps = MOST_SECONDS * (1000000000L / STEP_NS); steps > 0; steps--) {
        struct found found;
        const char *why;
        if (find_pid(NULL, (uint32_t)target->pid, &found) && load_file(found.path, &loaded, &why)) {
            uint32_t number = (uint32_t)loaded.head.written; /* a report's own number stands still without reports */
            loaded_free(&loaded);
            if (number > after)
                return number;
        }
        nanosleep(&(struct timespec){0, STEP_NS}, NULL);
    }
    fail_msg("no snapshot beyond %u of process %s", after, pid);
    return 0;
}

int target_end(struct target *target, int signal)
{
    int status = 0;
    if (signal != 0)
        kill(target->pid, signal); /* before it meets the end of its input, and leaves */
    close(target->to);
    bool ended = wait_for(target->pid, &status, MOST_SECONDS);
    if (!ended) {
        kill(target->pid, SIGKILL);
        waitpid(target->pid, &status, 0);
    }
    close(target->from);
    assert_true(ended);
    return status;
}
