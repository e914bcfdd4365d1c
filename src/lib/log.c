#include "log.h"

#include <linux/stat.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "sys.h"

enum {
    STDERR = 2,
    PATIENCE_MS = 200, /* how long a reader may take to make room */
    SLICE_MS = 20,
    PIPE_CHUNK = 4096,   /* a pipe that polls writable has room for so much (pipe(7): PIPE_BUF) */
    TERMINAL_CHUNK = 128 /* and a terminal for this, each line end counted twice (its buffers come by 256) */
};

/* ---- is it still the stderr that we started with ---- */

/* What tells one open file from another: an inode's number comes back for the next file, its birth does not. */
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
    bool sandboxed;
    bool sandbox_may_write;
} log;

static struct identity identify(int descriptor)
{
    struct statx file;
    memset(&file, 0, sizeof file);
    struct identity identity = {.known = false};
    if (sys5(SYS_statx, descriptor, "", 0x1000 /* AT_EMPTY_PATH */, STATX_BASIC_STATS | STATX_BTIME, &file) != 0)
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

static bool same_file(const struct identity *a, const struct identity *b)
{
    return a->known && b->known && a->mode == b->mode && a->major == b->major && a->minor == b->minor &&
           a->special_major == b->special_major && a->special_minor == b->special_minor && a->inode == b->inode &&
           a->birth_seconds == b->birth_seconds && a->birth_nanoseconds == b->birth_nanoseconds;
}

void log_start(void)
{
    log.stderr_file = identify(STDERR);
}

static bool stderr_is_ours(void)
{
    struct identity now = identify(STDERR);
    return same_file(&now, &log.stderr_file);
}

void log_sandboxed(bool sandboxed)
{
    if (sandboxed && !log.sandboxed)
        log.sandbox_may_write = stderr_is_ours();
    log.sandboxed = sandboxed;
    sys_careful = sandboxed;
}

bool log_is_sandboxed(void)
{
    return log.sandboxed;
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

static void signals_return(const struct held_signals *held)
{
    uint64_t pending = 0;
    sys2(SYS_rt_sigpending, &pending, 8);
    uint64_t ours = pending & ~held->pending & write_signals;
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
static bool has_room(int descriptor, int *patience_ms, const uint32_t *stop)
{
    for (;;) {
        struct pollfd poll = {.fd = descriptor, .events = POLLOUT};
        long ready = sys3(SYS_poll, &poll, 1, SLICE_MS);
        if (ready > 0)
            return (poll.revents & POLLOUT) != 0 && (poll.revents & (POLLERR | POLLNVAL)) == 0;
        *patience_ms -= SLICE_MS;
        if (*patience_ms <= 0 || must_stop(stop))
            return false;
    }
}

/* What a descriptor takes at once without making us wait: 0 is all of it. */
static size_t chunk_of(uint32_t mode)
{
    switch (mode) {
    case S_IFREG:
        return 0;
    case S_IFCHR:
        return TERMINAL_CHUNK;
    default:
        return PIPE_CHUNK;
    }
}

static long write_some(int descriptor, uint32_t mode, const char *text, size_t length)
{
    if (mode == S_IFSOCK)
        return sys6(SYS_sendto, descriptor, text, length, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
    return sys3(SYS_write, descriptor, text, length);
}

static bool write_patiently(int descriptor, uint32_t mode, const char *text, size_t length, const uint32_t *stop)
{
    int patience_ms = PATIENCE_MS;
    size_t chunk = chunk_of(mode);
    while (length > 0) {
        if (chunk != 0 && !has_room(descriptor, &patience_ms, stop))
            return false;
        long written = write_some(descriptor, mode, text, chunk != 0 && length > chunk ? chunk : length);
        if (written == -11 /* EAGAIN */)
            chunk = chunk != 0 && mode != S_IFSOCK ? chunk : PIPE_CHUNK;
        else if (written <= 0 && written != -4 /* EINTR */)
            return false;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return true;
}

static bool write_whole(int descriptor, uint32_t mode, const char *text, size_t length, const uint32_t *stop)
{
    struct held_signals held = signals_hold();
    bool done = write_patiently(descriptor, mode, text, length, stop);
    signals_return(&held);
    return done;
}

bool log_stderr(const char *text, size_t length, const uint32_t *stop)
{
    if (log.sandboxed)
        return log.sandbox_may_write && sys3(SYS_write, STDERR, text, length) == (long)length;
    return stderr_is_ours() && write_whole(STDERR, log.stderr_file.mode, text, length, stop);
}

bool log_descriptor(int descriptor, const char *text, size_t length, const uint32_t *stop)
{
    return write_whole(descriptor, identify(descriptor).mode, text, length, stop);
}

/* ---- lines of our own ---- */

void log_begin(struct log_line *line)
{
    line->length = 0;
    log_text(line, "trackmalloc: ");
}

void log_bytes(struct log_line *line, const char *text, size_t length)
{
    for (size_t i = 0; i < length && line->length < LOG_LINE - 1; i++) {
        unsigned char byte = (unsigned char)text[i];
        line->text[line->length++] = byte < ' ' || byte == 0x7f ? '?' : text[i];
    }
}

void log_text(struct log_line *line, const char *text)
{
    log_bytes(line, text, strlen(text));
}

void log_number(struct log_line *line, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    log_bytes(line, digits + at, sizeof digits - at);
}

void log_pointer(struct log_line *line, const void *pointer)
{
    char digits[16];
    size_t at = sizeof digits;
    uintptr_t rest = (uintptr_t)pointer;
    do
        digits[--at] = "0123456789abcdef"[rest % 16];
    while ((rest /= 16) != 0);
    log_text(line, "0x");
    log_bytes(line, digits + at, sizeof digits - at);
}

void log_say(struct log_line *line)
{
    line->text[line->length++] = '\n';
    log_stderr(line->text, line->length, NULL);
}

void log_note(const char *text)
{
    struct log_line line;
    log_begin(&line);
    log_text(&line, text);
    log_say(&line);
}
