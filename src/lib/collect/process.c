#include "process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/config/log.h"
#include "lib/sys/clock.h"
#include "lib/sys/helper.h"
#include "lib/sys/kernel_text.h"
#include "lib/sys/sys.h"

enum { STATUS_BYTES = 4096, START_FIELD = 22 /* of /proc/PID/stat */ };

static struct {
    bool known;
    struct process_identity identity;
    char text[STATUS_BYTES];
} process SPARSE;

/* ---- who it is ---- */

/* The name, in brackets, may hold brackets and blanks itself: the last bracket ends it. */
static uint64_t start_in(const char *stat)
{
    const char *at = strrchr(stat, ')');
    for (int field = 2; at != NULL && field < START_FIELD; field++)
        at = strchr(at + 1, ' ');
    return at != NULL ? kernel_text_number(at) : 0;
}

/* The link says pid:[4026531836]. */
static uint32_t pid_namespace(void)
{
    char link[64];
    long length = sys3(SYS_readlink, "/proc/self/ns/pid", link, sizeof link - 1);
    if (length < 0)
        return 0;
    link[length] = '\0';
    const char *inode = strchr(link, '[');
    return inode != NULL ? (uint32_t)kernel_text_number(inode + 1) : 0;
}

static void learn(void *unused)
{
    (void)unused;
    struct process_identity *identity = &process.identity;
    kernel_text_read("/proc/self/stat", process.text, sizeof process.text);
    identity->started_ticks = start_in(process.text);
    identity->namespace_inode = pid_namespace();
    /* Of this thread: where main has left by pthread_exit, the process has none. */
    size_t length = kernel_text_read("/proc/thread-self/cmdline", identity->command, sizeof identity->command);
    if (length != 0 && identity->command[length - 1] != '\0')
        length++; /* it was cut: the closing zero is ours */
    identity->command_bytes = (uint32_t)length;
    process.known = true;
}

const struct process_identity *process_identity(struct lock_owner self)
{
    if (!process.known && !log_is_sandboxed()) {
        process.identity.pid = clock_area.now.pid;
        process.identity.parent = (uint32_t)sys0(SYS_getppid);
        helper_run(learn, NULL, self);
    }
    return &process.identity;
}

void process_forked(void)
{
    process.known = false;
    process.identity = (struct process_identity){.pid = 0};
}

/* ---- its memory ---- */

static const struct figure {
    const char *name;
    size_t at; /* in struct snapshot_memory */
} figures[] = {
    {"VmSize:", offsetof(struct snapshot_memory, virtual_size)},
    {"VmRSS:", offsetof(struct snapshot_memory, resident)},
    {"VmHWM:", offsetof(struct snapshot_memory, resident_peak)},
    {"RssAnon:", offsetof(struct snapshot_memory, anonymous)},
    {"RssFile:", offsetof(struct snapshot_memory, file)},
    {"RssShmem:", offsetof(struct snapshot_memory, shared)},
    {"VmSwap:", offsetof(struct snapshot_memory, swapped)},
    {"VmData:", offsetof(struct snapshot_memory, data)},
};

/* Such as "VmRSS:\t    1234 kB". */
static void take_line(struct snapshot_memory *memory, const char *line)
{
    enum { KIB = 1024, THREADS = 8 /* bytes of the name */ };
    if (strncmp(line, "Threads:", THREADS) == 0)
        memory->threads = (uint32_t)kernel_text_number(line + THREADS);
    for (size_t i = 0; i < ARRAY_LENGTH(figures); i++) {
        const struct figure *figure = &figures[i];
        size_t length = strlen(figure->name);
        if (strncmp(line, figure->name, length) == 0)
            *(uint64_t *)((char *)memory + figure->at) = kernel_text_number(line + length) * KIB;
    }
}

/* All lines that end there; what follows moves to the beginning. Returns its length. */
static size_t take_lines(struct snapshot_memory *memory, char *text, size_t length)
{
    char *line = text;
    for (char *end; (end = memchr(line, '\n', length - (size_t)(line - text))) != NULL; line = end + 1) {
        *end = '\0';
        take_line(memory, line);
    }
    size_t rest = length - (size_t)(line - text);
    memmove(text, line, rest);
    return rest < STATUS_BYTES ? rest : 0; /* a line that is longer is none of ours */
}

/* In pieces: a user may be in thousands of groups, which are before the memory. */
static void read_status(void *into)
{
    struct snapshot_memory *memory = into;
    long file = sys4(SYS_openat, AT_FDCWD, "/proc/thread-self/status", O_RDONLY | O_CLOEXEC, 0);
    size_t length = 0;
    if (file < 0)
        return;
    for (;;) {
        long part = sys3(SYS_read, file, process.text + length, STATUS_BYTES - length);
        if (part <= 0)
            break;
        length = take_lines(memory, process.text, length + (size_t)part);
    }
    sys1(SYS_close, file);
    memory->known = memory->resident != 0;
}

void process_memory(struct snapshot_memory *memory, uint32_t own_threads, struct lock_owner self)
{
    struct rusage usage = {.ru_minflt = 0};
    *memory = (struct snapshot_memory){.known = 0};
    if (log_is_sandboxed() || !helper_run(read_status, memory, self) || !memory->known)
        return;
    sys2(SYS_getrusage, RUSAGE_SELF, &usage);
    memory->minor_faults = (uint64_t)usage.ru_minflt;
    memory->major_faults = (uint64_t)usage.ru_majflt;
    memory->threads -= memory->threads > own_threads ? own_threads : memory->threads - 1;
}
