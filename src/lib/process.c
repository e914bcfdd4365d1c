#include "process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "apart.h"
#include "clock.h"
#include "log.h"
#include "reporter.h"
#include "sys.h"

enum { STATUS_BYTES = 4096, START_FIELD = 22 /* of /proc/PID/stat */ };

static struct {
    bool known;
    struct process_identity identity;
    char text[STATUS_BYTES];
} process SPARSE;

/* The file's beginning with a closing zero; its length, 0 where it cannot be read. */
static size_t read_file(const char *path, char *text, size_t capacity)
{
    long file = sys3(SYS_open, path, O_RDONLY | O_CLOEXEC, 0);
    size_t length = 0;
    text[0] = '\0';
    if (file < 0)
        return 0;
    while (length < capacity - 1) {
        long part = sys3(SYS_read, file, text + length, capacity - 1 - length);
        if (part <= 0)
            break;
        length += (size_t)part;
    }
    sys1(SYS_close, file);
    text[length] = '\0';
    return length;
}

static uint64_t number_at(const char *text)
{
    uint64_t number = 0;
    while (*text == ' ' || *text == '\t')
        text++;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return number;
}

/* ---- who it is ---- */

/* The name, in brackets, may hold brackets and blanks itself: the last bracket ends it. */
static uint64_t start_in(const char *stat)
{
    const char *at = strrchr(stat, ')');
    for (int field = 2; at != NULL && field < START_FIELD; field++)
        at = strchr(at + 1, ' ');
    return at != NULL ? number_at(at) : 0;
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
    return inode != NULL ? (uint32_t)number_at(inode + 1) : 0;
}

static void learn(void *unused)
{
    (void)unused;
    struct process_identity *identity = &process.identity;
    read_file("/proc/self/stat", process.text, sizeof process.text);
    identity->started_ticks = start_in(process.text);
    identity->namespace_inode = pid_namespace();
    size_t length = read_file("/proc/self/cmdline", identity->command, sizeof identity->command);
    if (length != 0 && identity->command[length - 1] != '\0')
        length++; /* it was cut: the closing zero is ours */
    identity->command_bytes = (uint32_t)length;
    process.known = true;
}

const struct process_identity *process_identity(uintptr_t self)
{
    if (!process.known && !log_is_sandboxed()) {
        process.identity.pid = clock_area.now.pid;
        process.identity.parent = (uint32_t)sys0(SYS_getppid);
        apart(learn, NULL, self);
    }
    return &process.identity;
}

void process_forked(void)
{
    process.known = false;
    process.identity = (struct process_identity){.pid = 0};
}

/* ---- its memory ---- */

/* The figure of a line such as "VmRSS:\t    1234 kB". */
static uint64_t figure(const char *name)
{
    const char *line = strstr(process.text, name);
    return line != NULL ? number_at(line + strlen(name)) : 0;
}

static void look(void *into)
{
    struct snapshot_memory *memory = into;
    enum { KIB = 1024 };
    if (read_file("/proc/self/status", process.text, sizeof process.text) == 0)
        return;
    memory->known = 1;
    memory->threads = (uint32_t)figure("\nThreads:");
    memory->virtual_size = figure("\nVmSize:") * KIB;
    memory->resident = figure("\nVmRSS:") * KIB;
    memory->resident_peak = figure("\nVmHWM:") * KIB;
    memory->anonymous = figure("\nRssAnon:") * KIB;
    memory->file = figure("\nRssFile:") * KIB;
    memory->shared = figure("\nRssShmem:") * KIB;
    memory->swapped = figure("\nVmSwap:") * KIB;
    memory->data = figure("\nVmData:") * KIB;
}

/* The threads that are ours: the reporter, and the one that it has just sent. */
static uint32_t own_threads(uintptr_t self)
{
    return self == reporter_self() ? 2 : reporter_runs();
}

void process_memory(struct snapshot_memory *memory, uintptr_t self)
{
    struct rusage usage = {.ru_minflt = 0};
    *memory = (struct snapshot_memory){.known = 0};
    if (log_is_sandboxed() || !apart(look, memory, self) || !memory->known)
        return;
    sys2(SYS_getrusage, RUSAGE_SELF, &usage);
    memory->minor_faults = (uint64_t)usage.ru_minflt;
    memory->major_faults = (uint64_t)usage.ru_majflt;
    uint32_t own = own_threads(self);
    memory->threads -= memory->threads > own ? own : memory->threads - 1;
}
