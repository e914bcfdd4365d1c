#include "log.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "lib/sys/sys.h"
#include "snapshot/writer.h"

enum {
    STDERR = 2,
    TIMEOUT_MS = 200, /* how long a reader may take to make room */
    SLICE_MS = 20,
    PIPE_SPACE = 65536, /* what an empty pipe takes (pipe(7)) */
    PIPE_CHUNK = 4096,  /* a pipe that polls writable has space for so much (pipe(7): PIPE_BUF) */
    NOT_SUPPORTED = -95,
    BROKEN_PIPE = -32,
    TOO_BIG = -27
};

/* ---- is it still the stderr that we started with ---- */

/* What tells one open file from another: an inode's number is started again for the next file, its birth does not. */
struct identity {
    bool known;
    uint32_t mode;
    uint32_t major, minor, special_major, special_minor;
    uint64_t inode;
    int64_t birth_seconds;
    uint32_t birth_nanoseconds;
};

static struct {
    struct identity stderr_file;
    bool is_terminal;
    enum log_sandbox sandbox;
} log;

/* What the loader asks of each library: a filter from before our time has let it pass. It knows no birth. */
static struct identity identify_in_filter(int descriptor)
{
    struct stat file = {.st_ino = 0};
    struct identity identity = {.known = false};
    if (sys4(SYS_newfstatat, descriptor, "", &file, AT_EMPTY_PATH) != 0)
        return identity;
    identity.known = true;
    identity.mode = file.st_mode & S_IFMT;
    identity.major = (uint32_t)file.st_dev;
    identity.special_major = (uint32_t)file.st_rdev;
    identity.inode = file.st_ino;
    return identity;
}

static struct identity identify(int descriptor)
{
    if (log.sandbox == SANDBOX_FILTER)
        return identify_in_filter(descriptor);
    struct statx file;
    memset(&file, 0, sizeof file);
    struct identity identity = {.known = false};
    if (sys5(SYS_statx, descriptor, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &file) != 0)
        return identity;
    identity.known = true;
    identity.mode = file.stx_mode & S_IFMT;
    identity.major = file.stx_dev_major;
    identity.minor = file.stx_dev_minor;
    identity.special_major = file.stx_rdev_major;
    identity.special_minor = file.stx_rdev_minor;
    identity.inode = file.stx_ino;
    identity.birth_seconds = file.stx_btime.tv_sec;
    identity.birth_nanoseconds = file.stx_btime.tv_nsec;
    return identity;
}

static bool is_same_file(const struct identity *a, const struct identity *b)
{
    return a->known && b->known && a->mode == b->mode && a->major == b->major && a->minor == b->minor &&
           a->special_major == b->special_major && a->special_minor == b->special_minor && a->inode == b->inode &&
           a->birth_seconds == b->birth_seconds && a->birth_nanoseconds == b->birth_nanoseconds;
}

static bool is_terminal(int descriptor)
{
    struct termios settings;
    return sys3(SYS_ioctl, descriptor, TCGETS, &settings) == 0;
}

static void remember_stderr(void)
{
    log.stderr_file = identify(STDERR);
    log.is_terminal = log.sandbox == SANDBOX_NONE && is_terminal(STDERR);
}

static void set_sandbox(enum log_sandbox sandbox)
{
    log.sandbox = sandbox;
    sys_calls = sandbox == SANDBOX_NONE ? SYS_ANY : sandbox == SANDBOX_FILTER ? SYS_MEMORY : SYS_NONE;
}

void log_start(void)
{
    set_sandbox(sys_filtered() ? SANDBOX_FILTER : SANDBOX_NONE);
    remember_stderr();
}

void log_trusts_filter(void)
{
    set_sandbox(SANDBOX_NONE);
    remember_stderr();
}

static bool stderr_is_ours(void)
{
    struct identity now = identify(STDERR);
    return is_same_file(&now, &log.stderr_file);
}

enum log_sandbox log_sandboxed(enum log_sandbox sandbox)
{
    enum log_sandbox before = log.sandbox;
    if (sandbox == SANDBOX_WRITES && !stderr_is_ours())
        sandbox = SANDBOX_SILENT;
    if (sandbox > before)
        set_sandbox(sandbox);
    return before;
}

void log_sandbox_failed(enum log_sandbox before)
{
    set_sandbox(before);
}

enum log_sandbox log_sandbox(void)
{
    return log.sandbox;
}

bool log_is_sandboxed(void)
{
    return log.sandbox != SANDBOX_NONE;
}

/* ---- writing ---- */

/* SIGPIPE, SIGXFSZ and SIGTTOU of our own writes are ours: held back, and taken away again if they came. */
struct held_signals {
    uint64_t mask;    /* as it was */
    uint64_t pending; /* came before us: not ours to take */
};

#define SIGNAL_BIT(signal) ((uint64_t)1 << ((signal)-1))
static const uint64_t write_signals = SIGNAL_BIT(SIGPIPE) | SIGNAL_BIT(SIGXFSZ) | SIGNAL_BIT(SIGTTOU);

static struct held_signals signals_hold(void)
{
    struct held_signals held = {0, 0};
    sys4(SYS_rt_sigprocmask, SIG_BLOCK, &write_signals, &held.mask, 8);
    sys2(SYS_rt_sigpending, &held.pending, 8);
    return held;
}

/* Only what our own write has raised is taken back: the error tells. SIGTTOU is not raised while it is blocked. */
static void signals_return(const struct held_signals *held, long error)
{
    uint64_t raised = error == BROKEN_PIPE ? SIGNAL_BIT(SIGPIPE) : error == TOO_BIG ? SIGNAL_BIT(SIGXFSZ) : 0;
    uint64_t ours = raised & ~held->pending;
    if (ours != 0) {
        uint64_t no_time[2] = {0, 0};
        sys4(SYS_rt_sigtimedwait, &ours, NULL, no_time, 8);
    }
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, &held->mask, NULL, 8);
}

static bool must_stop(const uint32_t *stop)
{
    return stop != NULL && __atomic_load_n(stop, __ATOMIC_RELAXED) != 0;
}

/* Waits until the descriptor takes a chunk, as long as our patience lasts. */
static bool pipe_has_space(int descriptor, int *timeout_ms, const uint32_t *stop)
{
    for (;;) {
        struct pollfd poll = {.fd = descriptor, .events = POLLOUT};
        long ready = sys3(SYS_poll, &poll, 1, SLICE_MS);
        if (ready > 0)
            return (poll.revents & POLLOUT) != 0 && (poll.revents & (POLLERR | POLLNVAL)) == 0;
        *timeout_ms -= SLICE_MS;
        if (*timeout_ms <= 0 || must_stop(stop))
            return false;
    }
}

/* Whether a write may have to wait for a reader. */
static bool may_wait(uint32_t mode)
{
    return mode != S_IFREG && mode != S_IFCHR;
}

/* What a descriptor takes at once without making us wait. */
static size_t chunk_of(uint32_t mode, size_t length)
{
    return may_wait(mode) && mode != S_IFIFO && length > PIPE_CHUNK ? PIPE_CHUNK : length;
}

/* A pipe takes what it has space for in one piece, between no two of which another process can write; where the
 * kernel does not know how to do that without waiting, a chunk that it never tears. */
static long write_pipe(int descriptor, const char *text, size_t length)
{
    struct iovec piece = {(void *)text, length};
    long written = sys6(SYS_pwritev2, descriptor, &piece, 1, -1, -1, RWF_NOWAIT);
    if (written != NOT_SUPPORTED && written != -ENOSYS)
        return written;
    return sys3(SYS_write, descriptor, text, length < PIPE_CHUNK ? length : PIPE_CHUNK);
}

static long write_some(int descriptor, uint32_t mode, const char *text, size_t length)
{
    if (mode == S_IFSOCK)
        return sys6(SYS_sendto, descriptor, text, length, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
    if (mode == S_IFIFO)
        return write_pipe(descriptor, text, length);
    return sys3(SYS_write, descriptor, text, length);
}

/* Writes all of it as far as our patience lasts. Returns 0, or the error that ended it. */
static long write_patiently(int descriptor, uint32_t mode, const char *text, size_t length, const uint32_t *stop)
{
    int timeout_ms = TIMEOUT_MS;
    bool wait = may_wait(mode);
    while (length > 0) {
        if (wait && !pipe_has_space(descriptor, &timeout_ms, stop))
            return -EAGAIN;
        long written = write_some(descriptor, mode, text, chunk_of(mode, length));
        wait = may_wait(mode) || written == -EAGAIN;
        if (written == -EAGAIN)
            timeout_ms--; /* what polls writable and takes nothing is not asked for ever */
        else if (written <= 0 && written != -EINTR)
            return written;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return 0;
}

static bool write_whole(int descriptor, uint32_t mode, const char *text, size_t length, const uint32_t *stop)
{
    struct held_signals held = signals_hold();
    long error = write_patiently(descriptor, mode, text, length, stop);
    signals_return(&held, error);
    return error == 0;
}

/* A terminal whose reader has stalled lets a write wait for ever, and its poll promises room for one byte only. So
 * we write through a description of our own that does not wait. (For that moment it takes a descriptor number.) */
static bool write_terminal(int descriptor, const char *text, size_t length, const uint32_t *stop)
{
    struct log_line path = {.length = 0};
    log_text(&path, "/proc/self/fd/");
    log_number(&path, (uint64_t)descriptor);
    path.text[path.length] = '\0';
    long own = sys3(SYS_open, path.text, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (own < 0)
        return write_whole(descriptor, S_IFCHR, text, length, stop);
    bool written = write_whole((int)own, S_IFCHR, text, length, stop);
    sys1(SYS_close, own);
    return written;
}

/* Without poll, nobody knows whether a pipe has space: an empty one has so much. */
static bool takes_in_filter(size_t length)
{
    return stderr_is_ours() && (!may_wait(log.stderr_file.mode) || length <= PIPE_SPACE);
}

static bool write_in_sandbox(const char *text, size_t length)
{
    if (log.sandbox == SANDBOX_SILENT || (log.sandbox == SANDBOX_FILTER && !takes_in_filter(length)))
        return false;
    return sys3(SYS_write, STDERR, text, length) == (long)length;
}

bool log_stderr(const char *text, size_t length, const uint32_t *stop)
{
    if (log.sandbox != SANDBOX_NONE)
        return write_in_sandbox(text, length);
    if (!stderr_is_ours())
        return false;
    if (log.is_terminal)
        return write_terminal(STDERR, text, length, stop);
    return write_whole(STDERR, log.stderr_file.mode, text, length, stop);
}

bool log_descriptor(int descriptor, const char *text, size_t length, const uint32_t *stop)
{
    if (is_terminal(descriptor))
        return write_terminal(descriptor, text, length, stop);
    return write_whole(descriptor, identify(descriptor).mode, text, length, stop);
}

/* ---- lines of our own ---- */

void log_begin(struct log_line *line)
{
    line->length = 0;
    log_text(line, "trackmalloc: ");
}

/* The line goes on where it ends; its last byte is kept for the line end. */
static struct writer line_writer(struct log_line *line)
{
    return (struct writer){.out = line->text, .capacity = LOG_LINE - 1, .length = line->length};
}

void log_bytes(struct log_line *line, const char *text, size_t length)
{
    struct writer out = line_writer(line);
    writer_printable(&out, text, length);
    line->length = writer_kept(&out);
}

void log_text(struct log_line *line, const char *text)
{
    log_bytes(line, text, strlen(text));
}

void log_number(struct log_line *line, uint64_t number)
{
    struct writer out = line_writer(line);
    writer_number(&out, number);
    line->length = writer_kept(&out);
}

void log_pointer(struct log_line *line, const void *pointer)
{
    struct writer out = line_writer(line);
    writer_text(&out, "0x");
    writer_hex(&out, (uintptr_t)pointer);
    line->length = writer_kept(&out);
}

void log_say(struct log_line *line)
{
    line->text[line->length++] = '\n';
    log_stderr(line->text, line->length, NULL);
}
