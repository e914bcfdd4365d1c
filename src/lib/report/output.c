#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/config/log.h"
#include "lib/config/note.h"
#include "lib/config/options.h"
#include "lib/config/path.h"
#include "lib/objects/program.h"
#include "lib/sys/clock.h"
#include "lib/sys/helper.h"
#include "lib/sys/sys.h"
#include "segment.h"

static struct {
    char directory[OPTION_TEXT];
    bool logged; /* that it cannot be written to */
    /* The file that we made, this process or the one that it was forked from. */
    bool made;
    uint64_t inode, device;
} output;

bool output_is_stderr(void)
{
    return strcmp(options.output, "stderr") == 0;
}

bool output_is_mute(void)
{
    return strcmp(options.output, "none") == 0;
}

void output_configure(void)
{
    output.directory[0] = '\0';
    if (log_is_sandboxed())
        return;
    long length = sys2(SYS_getcwd, output.directory, sizeof output.directory);
    output.directory[length > 0 ? length - 1 : 0] = '\0';
}

void output_forked(void)
{
    output.logged = false;
}

/* ---- the file ---- */

/* %p is the process id, %n the program's name, %% a percent sign. */
static void expand(struct path *path)
{
    path->length = 0;
    if (options.output[0] != '/') {
        path_put(path, output.directory, strlen(output.directory));
        path_put(path, "/", 1);
    }
    for (const char *c = options.output; *c != '\0'; c++) {
        bool special = *c == '%' && c[1] != '\0';
        c += special;
        if (special && *c == 'p')
            path_put_number(path, clock_area.now.pid);
        else if (special && *c == 'n')
            path_put(path, program_called(), strlen(program_called()));
        else
            path_put(path, c, 1);
    }
}

enum { OPEN_FLAGS = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

static void remember_file(long file)
{
    struct stat status = {.st_ino = 0};
    output.made = sys2(SYS_fstat, file, &status) == 0;
    output.inode = status.st_ino;
    output.device = status.st_dev;
}

static long create_output(const struct path *path)
{
    long file = sys3(SYS_open, path->text, OPEN_FLAGS | O_CREAT | O_EXCL, 0600);
    if (file >= 0)
        remember_file(file);
    return file;
}

/* Nobody follows a dangling link: what it names is not made. */
static long open_output(const struct path *path)
{
    long file = create_output(path);
    return file == -EEXIST ? sys3(SYS_open, path->text, OPEN_FLAGS, 0) : file;
}

/* ---- one report ---- */

struct report {
    const char *text;
    size_t length;
    const uint32_t *stop;
    long error; /* 0: it is written */
};

static void write_stderr(void *argument)
{
    struct report *report = argument;
    report->error = log_stderr(report->text, report->length, report->stop) ? 0 : -1;
}

static void write_file(void *argument)
{
    struct report *report = argument;
    struct path path;
    expand(&path);
    long file = open_output(&path);
    report->error = file < 0 ? file : 0;
    if (file < 0)
        return;
    if (!log_descriptor((int)file, report->text, report->length, report->stop))
        report->error = -ENOSPC;
    sys1(SYS_close, file);
}

static void say(void *line)
{
    log_say(line);
}

static void log_dropped(long error, struct lock_owner self)
{
    struct path path;
    struct log_line line;
    expand(&path);
    note_take(SNAPSHOT_NOTE_DROPPED, path.text);
    if (output.logged || log_is_sandboxed())
        return;
    output.logged = true;
    log_begin(&line);
    log_text(&line, "output: cannot write to ");
    log_text(&line, path.text);
    log_text(&line, " (error ");
    log_number(&line, (uint64_t)-error);
    log_text(&line, "): reports are dropped");
    if (segment_is_open()) {
        log_text(&line, "; `trackmalloc show ");
        log_number(&line, clock_area.now.pid);
        log_text(&line, "` has the last snapshot");
    }
    helper_run_with_stderr(say, &line, self);
}

bool output_write(const char *text, size_t length, const uint32_t *stop, struct lock_owner self)
{
    struct report report = {text, length, stop, -1};
    if (output_is_stderr()) {
        if (!helper_run_with_stderr(write_stderr, &report, self))
            write_stderr(&report);
        return report.error == 0;
    }
    if (!log_is_sandboxed())
        helper_run(write_file, &report, self);
    if (report.error == 0)
        return true;
    log_dropped(report.error, self);
    return false;
}

/* ---- another user ---- */

static bool is_made_by_us(long file)
{
    struct stat status = {.st_ino = 0};
    return output.made && sys2(SYS_fstat, file, &status) == 0 && status.st_ino == output.inode &&
           status.st_dev == output.device && status.st_nlink == 1;
}

/* Only a file that we made ourselves: whoever may write to the directory can put another one there. */
void output_hand_over(uid_t user)
{
    struct path path;
    bool writes = options.final || options.interval_ms != 0;
    if (output_is_stderr() || output_is_mute() || !writes || log_is_sandboxed())
        return;
    expand(&path);
    long file = create_output(&path);
    if (file == -EEXIST)
        file = sys3(SYS_open, path.text, OPEN_FLAGS | O_NOFOLLOW, 0);
    if (file < 0)
        return;
    if (is_made_by_us(file))
        sys3(SYS_fchown, file, user, -1);
    sys1(SYS_close, file);
}
