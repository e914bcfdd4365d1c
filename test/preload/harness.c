#define _GNU_SOURCE
#include "harness.h"

#include <ctype.h>
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "../for_all.h"

extern char **environ;

enum { DEFAULT_SECONDS = 30, ENV_MAX = 1024, SIZE_ROWS = 12, AGE_ROWS = 5, BAR_MAX = 60, TAG_MAX = 256 };

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

/* ---- reading reports ---- */

/* A place in a report that is being read; every take_ moves it on, or says what the contract wanted there. */
struct reader {
    const char *at;
    const char *start; /* of the report */
};

static void broken(const struct reader *reader, const char *wanted)
{
    int lines = 0;
    const char *end = reader->start;
    while (*end != 0 && lines < 40 && end < reader->at + 400)
        lines += *end++ == '\n';
    fail_msg("a report breaks the contract: wanted %s, found `%.*s`, in\n%.*s", wanted, (int)strcspn(reader->at, "\n"),
             reader->at, (int)(end - reader->start), reader->start);
}

static void take(struct reader *reader, const char *literal)
{
    size_t length = strlen(literal);
    if (strncmp(reader->at, literal, length) != 0)
        broken(reader, literal);
    reader->at += length;
}

/* "6,123,231": digits in groups of three, as the contract wants all numbers. */
bool number_at(const char **at, uint64_t *value)
{
    const char *p = *at;
    unsigned digits = 0, group = 0;
    bool commas = false;
    *value = 0;
    for (; isdigit((unsigned char)*p) || (*p == ',' && isdigit((unsigned char)p[1])); p++) {
        if (*p == ',') {
            if (commas ? group != 3 : group == 0 || group > 3)
                return false;
            commas = true;
            group = 0;
            continue;
        }
        *value = *value * 10 + (uint64_t)(*p - '0');
        digits++;
        group++;
    }
    if (digits == 0 || (commas && group != 3) || (!commas && digits > 3))
        return false;
    *at = p;
    return true;
}

static uint64_t take_number(struct reader *reader)
{
    uint64_t value;
    if (!number_at(&reader->at, &value))
        broken(reader, "a number with thousands commas");
    return value;
}

/* "84.3MiB" */
bool size_at(const char **at, double *bytes)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    const char *p = *at;
    uint64_t whole;
    double tenths = 0;
    if (!number_at(&p, &whole))
        return false;
    if (p[0] == '.' && isdigit((unsigned char)p[1])) {
        tenths = p[1] - '0';
        p += 2;
    }
    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t length = strlen(units[i].name);
        if (strncmp(p, units[i].name, length) == 0 && !isalpha((unsigned char)p[length])) {
            *bytes = ((double)whole + tenths / 10) * units[i].bytes;
            *at = p + length;
            return true;
        }
    }
    return false;
}

static double take_size(struct reader *reader)
{
    double bytes = 0;
    if (!size_at(&reader->at, &bytes))
        broken(reader, "a size with its unit");
    return bytes;
}

/* "Sat Nov 21 09:36:26 UTC 2026", between its arrows. */
static void take_opening(struct reader *reader)
{
    static const char shape[] = "Aaa Aaa _0 00:00:00 UTC 0000";
    take(reader, ">>>>>>>>>>>>> ");
    if (*reader->at == '<') { /* features=-date */
        take(reader, "<<<<<<<<<<<\n");
        return;
    }
    for (unsigned i = 0; i < sizeof(shape) - 1; i++) {
        unsigned char c = (unsigned char)*reader->at;
        bool good = shape[i] == '0'   ? isdigit(c)
                    : shape[i] == '_' ? c == ' ' || isdigit(c)
                    : shape[i] == 'A' ? isupper(c)
                    : shape[i] == 'a' ? islower(c)
                                      : c == (unsigned char)shape[i];
        if (!good && shape[i] != 'U' && shape[i] != 'T' && shape[i] != 'C')
            broken(reader, shape);
        reader->at++;
    }
    if (strncmp(reader->at - 8, "UTC", 3) != 0)
        broken(reader, "UTC");
    take(reader, " <<<<<<<<<<<\n");
}

/* "trackmalloc: sqlite3[4242] report 3 (periodic), up 15.0 s" */
static void take_identity(struct reader *reader, struct report *report)
{
    int length = 0;
    take(reader, "trackmalloc: ");
    const char *end = strchr(reader->at, '\n');
    const char *p = reader->at;
    const char *bracket = NULL;
    for (; end != NULL && p < end; p++)
        if (*p == '[')
            bracket = p;
    if (bracket == NULL || bracket == reader->at ||
        sscanf(bracket, "[%u] report %u (%15[a-z]), up %lf s\n%n", &report->pid, &report->number, report->kind,
               &report->uptime, &length) != 4 ||
        length == 0 || bracket[length - 1] != '\n')
        broken(reader, "NAME[PID] report N (KIND), up S s");
    reader->at = bracket + length;
}

/* " ### 312": the bar says the same as the number. */
static uint64_t take_bar(struct reader *reader, uint64_t scale)
{
    take(reader, " ");
    size_t bar = strspn(reader->at, "#");
    reader->at += bar;
    take(reader, " ");
    uint64_t count = take_number(reader);
    if (bar > BAR_MAX || bar > count / scale + 1 || bar + 1 < count / scale)
        broken(reader, "a bar as long as its number");
    take(reader, "\n");
    return count;
}

static uint64_t take_scale(struct reader *reader, const char *heading)
{
    take(reader, heading);
    take(reader, " ( # = ");
    uint64_t scale = take_number(reader);
    if (scale == 0)
        broken(reader, "a scale of at least 1");
    take(reader, " current allocations)\n");
    return scale;
}

static const char *const size_rows[SIZE_ROWS] = {"0 - 4",      "4 - 8",       "8 - 16",      "16 - 32",
                                                 "32 - 64",    "64 - 128",    "128 - 256",   "256 - 512",
                                                 "512 - 1024", "1024 - 2048", "2048 - 4096", "4096 +"};
static const char *const age_rows[AGE_ROWS] = {"< 1", "< 10", "< 100", "< 1000", "> 1000"};

static void take_histograms(struct reader *reader, struct report *report)
{
    uint64_t scale = take_scale(reader, "Current allocations by size:");
    for (unsigned i = 0; i < SIZE_ROWS; i++) {
        take(reader, size_rows[i]);
        take(reader, " bytes:");
        report->sizes[i] = take_bar(reader, scale);
    }
    scale = take_scale(reader, "Current allocations by age:");
    for (unsigned i = 0; i < AGE_ROWS; i++) {
        take(reader, age_rows[i]);
        take(reader, " sec:");
        report->ages[i] = take_bar(reader, scale);
    }
}

static void take_blanks(struct reader *reader)
{
    reader->at += strspn(reader->at, " ");
}

/* The table's head, whatever the widths of its columns. */
static void take_table_head(struct reader *reader)
{
    static const char *const words[] = {"tag",     "live blocks", "live size", "peak size",  "allocations",
                                        "< 1 sec", "< 10 sec",    "< 100 sec", "< 1000 sec", "> 1000 sec"};
    take(reader, "Current allocations by tag:\n");
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        take(reader, words[i]);
        take_blanks(reader);
    }
    take(reader, "\n");
}

/* The nine columns behind a name; they fill the line. */
static bool columns_at(const char *p, const char *end, struct report_tag *row)
{
    uint64_t *const after[] = {&row->allocations, &row->age[0], &row->age[1], &row->age[2], &row->age[3], &row->age[4]};
    p += strspn(p, " ");
    if (!number_at(&p, &row->live_blocks) || *p != ' ')
        return false;
    p += strspn(p, " ");
    if (!size_at(&p, &row->live_size) || *p != ' ')
        return false;
    p += strspn(p, " ");
    if (p[0] == '-' && p[1] == ' ') { /* of the rows left out: their peaks have no sum */
        row->peak_size = 0;
        p++;
    } else if (!size_at(&p, &row->peak_size)) {
        return false;
    }
    for (unsigned i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
        if (*p != ' ')
            return false;
        p += strspn(p, " ");
        if (!number_at(&p, after[i]))
            return false;
    }
    return p + strspn(p, " ") == end;
}

/* One row; a name may hold blanks and digits, so the columns are those that end where the line does. */
static bool take_row(struct reader *reader, struct report_tag *row)
{
    const char *end = strchr(reader->at, '\n');
    if (end == NULL)
        return false;
    for (const char *p = reader->at + 1; p < end; p++) {
        if (*p != ' ' || p[-1] == ' ')
            continue;
        if (!columns_at(p, end, row))
            continue;
        snprintf(row->name, sizeof(row->name), "%.*s", (int)(p - reader->at), reader->at);
        reader->at = end + 1;
        return true;
    }
    return false;
}

/* Reads the report that begins here and returns where its contracted part ends. */
static const char *report_at(const char *start, struct report *report)
{
    struct reader reader = {start, start};
    struct report_tag row;
    memset(report, 0, sizeof(*report));
    report->text = start;
    take_opening(&reader);
    take_identity(&reader, report);
    take(&reader, "Overall stats:\n");
    report->allocations = take_number(&reader);
    take(&reader, " Overall allocations since start\n");
    report->live_blocks = take_number(&reader);
    take(&reader, " Current allocations\n");
    take_size(&reader);
    take(&reader, " Current total allocated size (");
    report->live_bytes = take_number(&reader);
    take(&reader, " bytes)\n");
    report->peak_bytes = take_size(&reader);
    take(&reader, " Peak total allocated size\n");
    take_histograms(&reader, report);
    take_table_head(&reader);
    while (take_row(&reader, &row))
        if (report->tags < TAG_MAX)
            report->tag[report->tags++] = row;
    return reader.at;
}

static const char opening[] = ">>>>>>>>>>>>> ";

unsigned report_count(const char *stream)
{
    unsigned n = 0;
    for (const char *p = stream; (p = strstr(p, opening)) != NULL; p += sizeof(opening) - 1)
        n++;
    return n;
}

bool report_read(const char *stream, int n, struct report *report)
{
    int count = (int)report_count(stream);
    int wanted = n < 0 ? count + n : n;
    if (wanted < 0 || wanted >= count)
        return false;
    const char *p = strstr(stream, opening);
    for (; wanted > 0; wanted--)
        p = strstr(p + sizeof(opening) - 1, opening);
    report_at(p, report);
    return true;
}

const struct report_tag *report_tag(const struct report *report, const char *name)
{
    for (unsigned i = 0; i < report->tags; i++)
        if (strcmp(report->tag[i].name, name) == 0)
            return &report->tag[i];
    return NULL;
}

/* More sections follow the contracted ones; this line closes the last. */
static const char closing[] = "\nA peak may be off by at most ";

static const char *sections_end(const char *p)
{
    const char *last = *p == '\n' ? strstr(p, closing) : NULL;
    const char *next = strstr(p, opening);
    if (last == NULL || (next != NULL && next < last))
        return p;
    const char *end = strchr(last + 1, '\n');
    return end != NULL ? end + 1 : last + strlen(last);
}

/* ---- what is the program's own, and what is ours ---- */

static bool is_own_line(const char *line)
{
    return strncmp(line, "trackmalloc: ", 13) == 0;
}

char *stream_without_reports(const char *stream)
{
    static struct report report;
    char *rest = malloc(strlen(stream) + 1);
    char *to = rest;
    assert_non_null(rest);
    for (const char *p = stream; *p != 0;) {
        if (strncmp(p, opening, sizeof(opening) - 1) == 0) {
            p = sections_end(report_at(p, &report));
        } else if ((p == stream || p[-1] == '\n') && is_own_line(p)) {
            p += strcspn(p, "\n");
            p += *p == '\n';
        } else {
            *to++ = *p++;
        }
    }
    *to = 0;
    return rest;
}

unsigned lines_told(const char *stream, const char *needle)
{
    unsigned n = 0;
    for (const char *p = stream; *p != 0;) {
        size_t length = strcspn(p, "\n");
        const char *found = memmem(p, length, needle, strlen(needle));
        bool in_report = memmem(p, length, "] report ", 9) != NULL;
        n += is_own_line(p) && found != NULL && !in_report;
        p += length;
        p += *p == '\n';
    }
    return n;
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

struct run expect_transparent(const struct run_spec *spec, const char *const *argv, struct report *last)
{
    struct run_spec how = spec != NULL ? *spec : (struct run_spec){0};
    how.bare = true;
    struct run bare = run_program(&how, argv);
    how.bare = false;
    struct run tracked = run_program(&how, argv);
    char *own = stream_without_reports(tracked.err);

    if (bare.timed_out)
        fail_run(&bare, "%s: timed out bare", argv[0]);
    if (bare.status != tracked.status || tracked.timed_out)
        fail_run(&tracked, "%s: status %#x bare, %#x tracked", argv[0], bare.status, tracked.status);
    must_equal("stdout", argv[0], bare.out, tracked.out);
    must_equal("stderr", argv[0], bare.err, own);
    if (!report_read(tracked.err, -1, last) || strcmp(last->kind, "exit") != 0)
        fail_run(&tracked, "%s: no exit report", argv[0]);
    const struct report_tag *row = report_tag(last, own_tag(&how, argv[0]));
    if (row == NULL || row->allocations == 0)
        fail_run(&tracked, "%s: nothing booked under %s", argv[0], own_tag(&how, argv[0]));
    free(own);
    run_free(&bare);
    return tracked;
}
