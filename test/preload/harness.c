#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../for_all.h"

extern char **environ;

enum { DEFAULT_SECONDS = 30, ENV_MAX = 1024 };

/* ---- where things are ---- */

static char *build_dir(void)
{
    static char dir[PATH_MAX];
    if (dir[0] != 0)
        return dir;
    ssize_t length = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
    assert_true(length > 0);
    for (int up = 0; up < 3; up++) /* build/test/preload/test_NAME */
        *strrchr(dir, '/') = 0;
    return dir;
}

const char *built(const char *name)
{
    static char paths[8][PATH_MAX + 64];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/test/preload/%s", build_dir(), name);
    return path;
}

const char *library(void)
{
    static char path[PATH_MAX + 64];
    const char *other = getenv("TM_LIBRARY");
    if (other != NULL)
        snprintf(path, sizeof(path), "%s", other);
    else
        snprintf(path, sizeof(path), "%s/libtrackmalloc.so", build_dir());
    return path;
}

const char *command(void)
{
    static char path[PATH_MAX + 64];
    const char *ours = library();
    snprintf(path, sizeof(path), "%.*s/trackmalloc", (int)(strrchr(ours, '/') - ours), ours);
    return path;
}

void build_for_all(const char *folder, const char *const *names)
{
    assert_true(strlen(folder) < PATH_MAX);
    assert_true(copy_for_all(build_dir(), folder, names));
    strcpy(build_dir(), folder);
}

/* ---- failing ---- */

enum { SHOWN_BYTES = 6000 };

/* The end of a stream, from a line's beginning. */
static void show(const char *name, const char *text)
{
    size_t length = strlen(text);
    const char *from = length > SHOWN_BYTES ? strchr(text + length - SHOWN_BYTES, '\n') : NULL;
    fprintf(stderr, "--- %s%s\n%s%s", name, from ? ", its end" : "", from ? from + 1 : text,
            length > 0 && text[length - 1] != '\n' ? "\n" : "");
}

void fail_run(const struct run *run, const char *format, ...)
{
    char message[900];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    show("stdout", run->out);
    show("stderr", run->err);
    fail_msg("%s (status %#x%s)", message, run->status, run->timed_out ? ", timed out" : "");
    abort(); /* not reached */
}

/* ---- running ---- */

struct stream {
    int fd;
    char *text;
    size_t length, capacity;
};

struct running {
    pid_t child; /* 0: this place is free */
    double deadline;
    struct stream out, err;
};

static struct running runs[4];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_cleaned(const char *entry)
{
    return strncmp(entry, "LD_PRELOAD=", 11) == 0 || strncmp(entry, "TRACKMALLOC_OPTIONS=", 20) == 0;
}

static char *text_of(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    assert_true(length >= 0);
    return text;
}

/* Before LD_PRELOAD goes into a child's environment: what does not exist is only a warning of ld.so's, and the
 * scenario would run untracked. */
static void must_exist(const char *path)
{
    if (access(path, R_OK) != 0)
        fail_msg("%s: %s", path, strerror(errno));
}

static char *preload_list(const struct run_spec *spec)
{
    char *list = text_of("%s", spec->preload_before ? spec->preload_before : "");
    const char *parts[] = {spec->bare ? "" : library(), spec->preload ? spec->preload : ""};
    if (!spec->bare)
        must_exist(parts[0]);
    for (unsigned i = 0; i < 2; i++) {
        if (parts[i][0] == 0)
            continue;
        char *longer = text_of("%s%s%s", list, list[0] ? ":" : "", parts[i]);
        free(list);
        list = longer;
    }
    return list;
}

/* What the child gets as environment; made before the fork. */
static char **environment(const struct run_spec *spec)
{
    char **env = calloc(ENV_MAX, sizeof(*env));
    unsigned n = 0;
    assert_non_null(env);
    for (char **e = environ; *e != NULL && n < ENV_MAX - 64; e++)
        if (!is_cleaned(*e))
            env[n++] = text_of("%s", *e);
    char *list = preload_list(spec);
    if (list[0] != 0)
        env[n++] = text_of("LD_PRELOAD=%s", list);
    free(list);
    if (spec->options != NULL && !spec->bare)
        env[n++] = text_of("TRACKMALLOC_OPTIONS=%s", spec->options);
    for (const char *const *e = spec->env; e != NULL && *e != NULL && n < ENV_MAX - 1; e++)
        env[n++] = text_of("%s", *e);
    return env;
}

static void free_list(char **list)
{
    for (char **entry = list; *entry != NULL; entry++)
        free(*entry);
    free(list);
}

static _Noreturn void become(const char *path, char *const *argv, char *const *env, int out, int err)
{
    const struct rlimit no_core = {0, 0};
    int null = open("/dev/null", O_RDONLY);
    setsid(); /* a group of its own to kill, and no terminal to be stopped by */
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGPIPE, SIG_DFL);
    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    syscall(SYS_close_range, 3u, ~0u, 0u);
    execve(path, argv, env);
    dprintf(2, "harness: cannot run %s: %s\n", path, strerror(errno));
    _exit(127);
}

static void stream_open(struct stream *stream, int *write_end)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    *stream = (struct stream){.fd = ends[0], .capacity = 1 << 16};
    stream->text = malloc(stream->capacity);
    assert_non_null(stream->text);
    *write_end = ends[1];
}

/* Takes what the pipe holds; closes it at its end. */
static void stream_read(struct stream *stream)
{
    if (stream->capacity - stream->length < 1 << 15) {
        stream->capacity *= 2;
        stream->text = realloc(stream->text, stream->capacity);
        assert_non_null(stream->text);
    }
    ssize_t n = read(stream->fd, stream->text + stream->length, stream->capacity - stream->length - 1);
    if (n > 0) {
        stream->length += (size_t)n;
    } else if (n == 0 || errno != EINTR) {
        close(stream->fd);
        stream->fd = -1;
    }
}

/* The text, zero-ended; a zero byte inside it (a torn write, a wild pointer) would hide the rest. */
static char *stream_close(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    for (size_t i = 0; i < stream->length; i++)
        if (stream->text[i] == 0)
            stream->text[i] = '?';
    stream->text[stream->length] = 0;
    return stream->text;
}

/* Until both pipes are at their end, or the deadline. */
static void streams_drain(struct stream *a, struct stream *b, double deadline)
{
    while (a->fd >= 0 || b->fd >= 0) {
        struct pollfd fds[2] = {{a->fd, POLLIN, 0}, {b->fd, POLLIN, 0}};
        double left = deadline - now();
        if (left <= 0)
            return;
        if (poll(fds, 2, (int)(left * 1000) + 1) <= 0)
            continue;
        if (fds[0].revents != 0)
            stream_read(a);
        if (fds[1].revents != 0)
            stream_read(b);
    }
}

/* The scenario's leftovers: we are their subreaper, so all of them are our children in the end. */
static void kill_leftovers(void)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    for (int round = 0; round < 100; round++) {
        FILE *children = fopen(path, "r");
        int pid, status;
        if (children == NULL)
            return;
        while (fscanf(children, "%d", &pid) == 1)
            kill(pid, SIGKILL);
        fclose(children);
        while ((pid = waitpid(-1, &status, 0)) > 0 || (pid < 0 && errno == EINTR))
            ;
    }
}

static void wait_for(pid_t child, struct run *run, double deadline)
{
    pid_t done;
    while ((done = waitpid(child, &run->status, WNOHANG)) != child && now() < deadline)
        nanosleep(&(struct timespec){0, 2000000}, NULL);
    if (done == child)
        return;
    run->timed_out = true;
    kill(-child, SIGKILL);
    kill(child, SIGKILL);
    while (waitpid(child, &run->status, 0) < 0 && errno == EINTR)
        ;
}

static struct running *free_place(void)
{
    for (unsigned i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
        if (runs[i].child == 0)
            return &runs[i];
    fail_msg("too many programs at once");
    return NULL;
}

struct running *run_start(const struct run_spec *spec, const char *const *argv)
{
    static const struct run_spec nothing;
    struct running *running = free_place();
    char *path = text_of("%s", strchr(argv[0], '/') ? argv[0] : built(argv[0]));
    char *const *arguments = (char *const *)argv;
    char **env = environment(spec != NULL ? spec : &nothing);
    int out_end, err_end;

    must_exist(path);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    stream_open(&running->out, &out_end);
    stream_open(&running->err, &err_end);
    fflush(NULL);
    running->deadline = now() + (spec != NULL && spec->seconds ? spec->seconds : DEFAULT_SECONDS);
    running->child = fork();
    assert_true(running->child >= 0);
    if (running->child == 0)
        become(path, arguments, env, out_end, err_end);
    close(out_end);
    close(err_end);
    free(path);
    free_list(env);
    return running;
}

pid_t run_pid(const struct running *running)
{
    return running->child;
}

struct run run_finish(struct running *running)
{
    struct run run = {0};
    unsigned others = 0;
    streams_drain(&running->out, &running->err, running->deadline);
    run.timed_out = running->out.fd >= 0 || running->err.fd >= 0;
    wait_for(running->child, &run, running->deadline);
    running->child = 0;
    for (unsigned i = 0; i < sizeof(runs) / sizeof(runs[0]); i++)
        others += runs[i].child != 0;
    if (others == 0)
        kill_leftovers();
    run.out = stream_close(&running->out);
    run.err = stream_close(&running->err);
    return run;
}

struct run run_program(const struct run_spec *spec, const char *const *argv)
{
    return run_finish(run_start(spec, argv));
}

void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
    *run = (struct run){0};
}

uint64_t number_told(const char *stream, const char *key)
{
    size_t length = strlen(key);
    for (const char *p = stream; p != NULL && *p != 0; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
        if (strncmp(p, key, length) == 0 && p[length] == '=')
            return strtoull(p + length + 1, NULL, 0);
    fail_msg("no line `%s=` in\n%s", key, stream);
    return 0;
}

/* ---- the usual scenario ---- */

/* The tag that the program's own allocations are booked under. */
static const char *own_tag(const struct run_spec *spec, const char *program)
{
    static char tag[64];
    const char *options = spec != NULL && spec->options != NULL ? spec->options : "";
    const char *slash = strrchr(program, '/');
    const char *base = slash != NULL ? slash + 1 : program;
    if (strstr(options, "tags=none") != NULL)
        return "(untagged)";
    snprintf(tag, sizeof(tag), strstr(options, "tags=thread") != NULL ? "%.15s" : "%.63s", base);
    return tag;
}

/* The first line in which two texts differ is shown of both. */
static void must_equal(const char *what, const char *name, const char *bare, const char *tracked)
{
    const char *line = bare, *other = tracked;
    for (size_t i = 0; bare[i] == tracked[i]; i++) {
        if (bare[i] == 0)
            return;
        if (bare[i] == '\n')
            line = bare + i + 1, other = tracked + i + 1;
    }
    fail_msg("%s: %s differs\n   bare: %.*s\ntracked: %.*s", name, what, (int)strcspn(line, "\n"), line,
             (int)strcspn(other, "\n"), other);
}

struct run run_bare_and_tracked(const struct run_spec *spec, const char *const *argv, struct run *bare)
{
    struct run_spec how = spec != NULL ? *spec : (struct run_spec){0};
    how.bare = true;
    *bare = run_program(&how, argv);
    how.bare = false;
    return run_program(&how, argv);
}

struct run expect_transparent(const struct run_spec *spec, const char *const *argv, struct report *last)
{
    struct run bare;
    struct run tracked = run_bare_and_tracked(spec, argv, &bare);
    char *own = stream_without_reports(tracked.err);

    if (bare.timed_out)
        fail_run(&bare, "%s: timed out bare", argv[0]);
    if (bare.status != tracked.status || tracked.timed_out)
        fail_run(&tracked, "%s: status %#x bare, %#x tracked", argv[0], bare.status, tracked.status);
    must_equal("stdout", argv[0], bare.out, tracked.out);
    must_equal("stderr", argv[0], bare.err, own);
    if (!report_read(tracked.err, -1, last) || strcmp(last->kind, "exit") != 0)
        fail_run(&tracked, "%s: no exit report", argv[0]);
    const struct report_tag *row = report_tag(last, own_tag(spec, argv[0]));
    if (row == NULL || row->allocations == 0)
        fail_run(&tracked, "%s: nothing booked under %s", argv[0], own_tag(spec, argv[0]));
    free(own);
    run_free(&bare);
    return tracked;
}
