#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd/diagnostics.h"

enum { TIMEOUT_MS = 5000, POLL_MS = 5 };

/* Read and written by system calls, not by a mapping: a file that somebody cuts short gives an error, no fault. */
struct conversation {
    const struct found *found;
    int file;
    struct segment head; /* as last read */
    uint64_t until_ms;
};

static struct control_answer refusal(const char *why, ...) __attribute__((format(printf, 1, 2)));
static struct control_answer refusal(const char *why, ...)
{
    struct control_answer answer = {.done = false};
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(answer.text, sizeof answer.text, why, arguments);
    va_end(arguments);
    return answer;
}

/* ---- patience ---- */

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* false: it has waited long enough. */
static bool wait_a_little(const struct conversation *with)
{
    nanosleep(&(struct timespec){.tv_nsec = POLL_MS * 1000000L}, NULL);
    return now_ms() < with->until_ms;
}

/* ---- the file ---- */

static bool read_head(struct conversation *with)
{
    return pread(with->file, &with->head, sizeof with->head, 0) == sizeof with->head;
}

static bool write_at(const struct conversation *with, size_t field, const void *from, size_t bytes)
{
    off_t at = SEGMENT_CONTROL_AT + (off_t)field;
    return pwrite(with->file, from, bytes, at) == (ssize_t)bytes;
}

static bool read_request(const struct conversation *with, uint32_t *request)
{
    off_t at = SEGMENT_CONTROL_AT + (off_t)offsetof(struct segment_control, request);
    return pread(with->file, request, sizeof *request, at) == sizeof *request;
}

/* NULL, or why it is nothing to write to. */
static const char *open_segment(struct conversation *with)
{
    struct stat status;
    with->file = open(with->found->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (with->file < 0 || fstat(with->file, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode) || status.st_size < SEGMENT_BUFFERS_AT || !read_head(with) ||
        memcmp(with->head.magic, SEGMENT_MAGIC, sizeof with->head.magic) != 0)
        return "its segment is broken";
    if (with->head.version != SEGMENT_VERSION)
        return "it is tracked by another version of trackmalloc";
    return NULL;
}

/* false: somebody else has held the lock all the time. */
static bool lock_segment(const struct conversation *with)
{
    while (flock(with->file, LOCK_EX | LOCK_NB) != 0)
        if ((errno != EWOULDBLOCK && errno != EINTR) || !wait_a_little(with))
            return false;
    return true;
}

/* ---- the request ---- */

static bool is_gone(const struct found *found)
{
    enum process_state now = find_state(found);
    return now != PROCESS_LIVING && now != PROCESS_FAR;
}

/* 'T' by job control, 't' by a debugger. */
static bool is_stopped(uint32_t pid)
{
    char path[64];
    char line[256] = "";
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        ssize_t got = read(file, line, sizeof line - 1);
        line[got > 0 ? got : 0] = '\0';
        close(file);
    }
    const char *behind_name = strrchr(line, ')');
    return behind_name != NULL && (strncmp(behind_name, ") T", 3) == 0 || strncmp(behind_name, ") t", 3) == 0);
}

static struct control_answer explain_silence(const struct found *found)
{
    if (is_gone(found))
        return refusal("it ended before it answered");
    if (found->state == PROCESS_LIVING && is_stopped(found->pid))
        return refusal("it does not answer: it is stopped");
    return refusal("it does not answer: it has hardly allocated yet, or it forbids itself system calls (seccomp)");
}

/* false: no answer to this number came. */
static bool await(struct conversation *with, uint32_t number)
{
    while (with->head.answered != number)
        if (is_gone(with->found) || !wait_a_little(with) || !read_head(with))
            return false;
    return read_head(with); /* the words were there before the number, and this reading may have met neither */
}

/* The words first, then the number that makes them a request. */
static bool send_request(const struct conversation *with, const struct segment_control *words)
{
    size_t first = offsetof(struct segment_control, command);
    return write_at(with, first, (const char *)words + first,
                    offsetof(struct segment_control, watched_until_ns) - first) &&
           write_at(with, offsetof(struct segment_control, request), &words->request, sizeof words->request);
}

static struct control_answer exchange(struct conversation *with, struct segment_control *words)
{
    uint32_t pending;
    if (!lock_segment(with))
        return refusal("others have been asking it for too long");
    if (!read_head(with) || !read_request(with, &pending))
        return refusal("its segment is broken");
    if (pending != with->head.answered && !await(with, pending)) /* of one who no longer waits */
        return explain_silence(with->found);
    words->request = with->head.answered + 1;
    if (!send_request(with, words))
        return refusal("its segment cannot be written to: %s", strerror(errno));
    if (!await(with, words->request)) {
        const uint32_t nothing = SEGMENT_NOTHING;
        write_at(with, offsetof(struct segment_control, command), &nothing, sizeof nothing);
        return explain_silence(with->found);
    }
    with->head.answer[sizeof with->head.answer - 1] = '\0';
    struct control_answer answer = {.done = with->head.result == 0};
    clean_text(with->head.answer, answer.text, sizeof answer.text);
    return answer;
}

static bool put_word(char *to, size_t room, const char *word)
{
    return word == NULL || snprintf(to, room, "%s", word) < (int)room;
}

struct control_answer control_ask(const struct found *found, enum segment_command command, const char *name,
                                  const char *value)
{
    struct conversation with = {.found = found, .until_ms = now_ms() + TIMEOUT_MS};
    struct segment_control words = {.command = command};
    if (!put_word(words.name, sizeof words.name, name) || !put_word(words.value, sizeof words.value, value))
        return refusal("the name or value is too long");
    const char *why = open_segment(&with);
    struct control_answer answer = why != NULL ? refusal("%s", why) : exchange(&with, &words);
    if (with.file >= 0)
        close(with.file); /* and so the lock */
    return answer;
}
