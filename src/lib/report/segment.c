#include "segment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "lib/collect/process.h"
#include "lib/config/log.h"
#include "lib/config/options.h"
#include "lib/config/path.h"
#include "lib/sys/helper.h"
#include "lib/sys/sys.h"
#include "segments.h"

enum {
    BUFFER_BYTES = 3 * 1024 * 1024, /* all tables at their largest */
    FILE_BYTES = SEGMENT_BUFFERS_AT + SEGMENT_BUFFERS * BUFFER_BYTES,
    PARTS_MOST = 1 + SNAPSHOT_TABLE_COUNT, /* of a snapshot */
    EXISTS = -17
};

_Static_assert((int)SNAPSHOT_BYTES_MOST <= (int)BUFFER_BYTES, "a buffer takes all that is collected");
_Static_assert((int)BUFFER_BYTES <= (int)SEGMENT_BUFFER_MOST, "readers believe it");

static struct {
    bool never;   /* not wanted here */
    bool failed;  /* it could not be made */
    bool open;    /* there is a file */
    char *memory; /* of it; only process_vm_writev and its kin touch it. NULL: it is opened for each visit */
    uint64_t written;
    uint32_t answered;
    uint64_t inode; /* whose name goes at the end */
    uint64_t device;
    struct path file;
    struct segment head; /* as the file has it */
} segment;

bool segment_is_wanted(void)
{
    return !segment.never && !segment.failed && !log_is_sandboxed();
}

bool segment_is_open(void)
{
    return segment.open;
}

bool segment_is_opened_anew(void)
{
    return segment.open && segment.memory == NULL;
}

/* A filter from before our time may kill for a call; whether it does, only its maker knows. */
void segment_configure(void)
{
    segment.never =
        options.segment == SEGMENT_OFF || (sys_filtered() && options.segment != SEGMENT_ON) || !segments_find();
}

/* ---- the file ---- */

/* The thread's: where main has left by pthread_exit, the process's own stands for nobody with memory. */
static long own_id(void)
{
    return sys0(SYS_gettid);
}

enum { IN_MEMORY = -1 }; /* as a descriptor */

static bool write_parts(long file, size_t at, const struct iovec *from, size_t parts, size_t bytes)
{
    struct iovec to = {segment.memory + at, bytes};
    if (file != IN_MEMORY)
        return sys5(SYS_pwritev, file, from, parts, at, 0) == (long)bytes;
    return sys6(SYS_process_vm_writev, own_id(), from, parts, &to, 1, 0) == (long)bytes;
}

static bool write_word(long file, size_t at, const void *word, size_t bytes)
{
    struct iovec from = {(void *)word, bytes};
    return write_parts(file, at, &from, 1, bytes);
}

/* ---- a visit ---- */

/* What is done there; returns whether it succeeded. */
typedef bool visit_work(long file, void *argument);

struct visit {
    visit_work *work;
    void *argument;
    bool done;
};

static bool is_own_file(long file)
{
    struct stat status = {.st_ino = 0};
    return sys2(SYS_fstat, file, &status) == 0 && status.st_ino == segment.inode && status.st_dev == segment.device;
}

static void visit_file(void *from)
{
    struct visit *visit = from;
    const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    long file = sys4(SYS_openat, AT_FDCWD, segment.file.text, flags, 0);
    if (file < 0)
        return;
    visit->done = is_own_file(file) && visit->work(file, visit->argument);
    sys1(SYS_close, file);
}

static bool reach(visit_work *work, void *argument, struct lock_owner self)
{
    struct visit visit = {work, argument, false};
    if (!segment.open || log_is_sandboxed())
        return false;
    if (segment.memory != NULL)
        return work(IN_MEMORY, argument);
    return helper_run(visit_file, &visit, self) && visit.done;
}

/* ---- its making ---- */

static void describe_identity(const struct process_identity *identity)
{
    struct segment *head = &segment.head;
    *head = (struct segment){.version = SEGMENT_VERSION, .buffer_bytes = BUFFER_BYTES, .state = SEGMENT_LIVING};
    memcpy(head->magic, SEGMENT_MAGIC, sizeof head->magic);
    head->pid = identity->pid;
    head->uid = (uint32_t)sys0(SYS_geteuid);
    head->started_ticks = identity->started_ticks;
    segment.written = 0;
    segment.answered = 0;
}

static void name_file(struct path *name, const struct process_identity *identity)
{
    name->length = 0;
    path_put_number(name, identity->pid);
    path_put(name, "-", 1);
    path_put_number(name, identity->started_ticks);
    if (identity->namespace_inode == 0 || identity->namespace_inode == SEGMENT_FIRST_NAMESPACE)
        return;
    path_put(name, "-", 1);
    path_put_number(name, identity->namespace_inode);
}

/* One that is there already is ours, from before an exec: nobody else has this pid and start. */
static long create_segment(long directory, const char *name)
{
    const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    long file = sys4(SYS_openat, directory, name, flags, 0600);
    if (file != EXISTS)
        return file;
    sys3(SYS_unlinkat, directory, name, 0);
    return sys4(SYS_openat, directory, name, flags, 0600);
}

/* Beyond the limit, a larger file raises SIGXFSZ. */
static bool may_be_so_large(void)
{
    struct rlimit limit = {.rlim_cur = 0};
    return sys4(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) == 0 && limit.rlim_cur >= FILE_BYTES;
}

/* In a child, or a core file, it has no business. */
static bool map_file(long file)
{
    long memory = sys6(SYS_mmap, NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory < 0 && memory > -PAGE_BYTES)
        return false;
    sys3(SYS_madvise, memory, FILE_BYTES, MADV_DONTFORK);
    sys3(SYS_madvise, memory, FILE_BYTES, MADV_DONTDUMP);
    segment.memory = (char *)memory;
    return true;
}

/* Few programs write to memory by system calls: under a filter, the file is opened each time. */
static bool fill_file(long file)
{
    struct stat status = {.st_ino = 0};
    if (!may_be_so_large() || sys2(SYS_fstat, file, &status) != 0 || sys2(SYS_ftruncate, file, FILE_BYTES) != 0)
        return false;
    segment.inode = status.st_ino;
    segment.device = status.st_dev;
    if (!sys_filtered() && !map_file(file))
        return false;
    segment.head.mapped = segment.memory != NULL;
    return write_word(segment.memory != NULL ? IN_MEMORY : file, 0, &segment.head, sizeof segment.head);
}

static void open_segment(void *process)
{
    const struct process_identity *identity = process;
    struct path name;
    name_file(&name, identity);
    long directory = segments_open(&segment.file);
    if (directory < 0)
        return;
    path_put(&segment.file, "/", 1);
    path_put(&segment.file, name.text, name.length);
    describe_identity(identity);
    long file = create_segment(directory, name.text);
    if (file >= 0)
        sys2(SYS_fchmod, file, 0600); /* a umask may take rights from the owner */
    segment.open = file >= 0 && fill_file(file);
    if (file >= 0)
        sys1(SYS_close, file);
    if (file >= 0 && !segment.open)
        sys3(SYS_unlinkat, directory, name.text, 0);
    segments_sweep(directory, name.text);
    sys1(SYS_close, directory);
}

static void close_file(void)
{
    segment.open = false;
    if (segment.memory != NULL)
        sys2(SYS_munmap, segment.memory, FILE_BYTES);
    segment.memory = NULL;
}

bool segment_open(struct lock_owner self)
{
    if (segment.open)
        return true;
    if (!segment_is_wanted())
        return false;
    const struct process_identity *identity = process_identity(self);
    segment.failed = true; /* one try */
    if (identity->pid == 0 || !helper_run(open_segment, (void *)identity, self) || !segment.open) {
        close_file();
        return false;
    }
    segment.failed = false;
    return true;
}

/* ---- a snapshot ---- */

/* The head, and each table behind the one before it. */
struct compact {
    struct snapshot head;
    size_t parts;
    struct iovec part[PARTS_MOST];
};

static void add_table(struct compact *compact, const struct snapshot *from, uint32_t *at, size_t bytes)
{
    const void *rows = (const char *)from + *at;
    *at = compact->head.bytes;
    if (bytes == 0)
        return;
    compact->part[compact->parts++] = (struct iovec){(void *)rows, bytes};
    compact->head.bytes += (uint32_t)bytes;
}

static void lay_out(struct compact *compact, const struct snapshot *from)
{
    struct snapshot *head = &compact->head;
    *head = *from;
    head->bytes = sizeof *head;
    compact->part[0] = (struct iovec){head, sizeof *head};
    compact->parts = 1;
#define ADD(table, row, rows, most) add_table(compact, from, &head->table##_at, head->rows * sizeof(row));
    SNAPSHOT_TABLES(ADD)
#undef ADD
}

/* Each step is a system call of its own: in this order others see them. What fails may succeed the next time, when
 * there is space on the file system again; until then the snapshot before it stands. */
static bool put_snapshot(long file, void *argument)
{
    const struct compact *compact = argument;
    const uint64_t next = segment.written + 1;
    const size_t at = SEGMENT_BUFFERS_AT + next % SEGMENT_BUFFERS * BUFFER_BYTES;
    if (!write_word(file, offsetof(struct segment, writing), &next, sizeof next) ||
        !write_parts(file, at, compact->part, compact->parts, compact->head.bytes) ||
        !write_word(file, offsetof(struct segment, written), &next, sizeof next))
        return false;
    segment.written = next;
    return true;
}

bool segment_publish(const struct snapshot *snapshot, struct lock_owner self)
{
    struct compact compact;
    if (!segment.open)
        return false;
    lay_out(&compact, snapshot);
    return compact.head.bytes <= BUFFER_BYTES && reach(put_snapshot, &compact, self);
}

/* ---- the end ---- */

/* false: it is not there any more, or behind a chroot, or was made before a setuid. */
static bool remove_file(void)
{
    struct stat status = {.st_ino = 0};
    return sys4(SYS_newfstatat, AT_FDCWD, segment.file.text, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           status.st_ino == segment.inode && status.st_dev == segment.device &&
           sys3(SYS_unlinkat, AT_FDCWD, segment.file.text, 0) == 0;
}

static bool put_end(long file, void *unused)
{
    const uint32_t state = SEGMENT_ENDED;
    (void)unused;
    return write_word(file, offsetof(struct segment, state), &state, sizeof state);
}

void segment_end(struct lock_owner self)
{
    if (!segment.open || log_is_sandboxed())
        return;
    if (options.keep || !remove_file())
        reach(put_end, NULL, self);
    close_file();
    segment.never = true;
}

/* The mapping was not copied. A parent's that failed may work here. */
void segment_forked(void)
{
    segment.memory = NULL;
    segment.open = false;
    segment.failed = false;
}

/* ---- requests ---- */

static bool read_page(long file, void *control)
{
    const size_t bytes = sizeof(struct segment_control);
    struct iovec own = {control, bytes};
    struct iovec other = {segment.memory + SEGMENT_CONTROL_AT, bytes};
    if (file != IN_MEMORY)
        return sys4(SYS_pread64, file, control, bytes, SEGMENT_CONTROL_AT) == (long)bytes;
    return sys6(SYS_process_vm_readv, own_id(), &own, 1, &other, 1, 0) == (long)bytes;
}

bool segment_read_control(struct segment_control *control, struct lock_owner self)
{
    return reach(read_page, control, self);
}

uint32_t segment_answered(void)
{
    return segment.answered;
}

/* The number last: who waits for it reads the rest then. */
static bool put_answer(long file, void *argument)
{
    const struct segment *head = argument;
    return write_word(file, offsetof(struct segment, answer), head->answer, sizeof head->answer) &&
           write_word(file, offsetof(struct segment, result), &head->result, sizeof head->result) &&
           write_word(file, offsetof(struct segment, answered), &head->answered, sizeof head->answered);
}

void segment_answer(uint32_t request, int32_t result, const char *answer, struct lock_owner self)
{
    struct segment head = {.answered = request, .result = result};
    memcpy(head.answer, answer, strnlen(answer, sizeof head.answer - 1));
    segment.answered = request;
    reach(put_answer, &head, self);
}
