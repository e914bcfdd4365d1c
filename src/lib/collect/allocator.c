#include "allocator.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <unistd.h>

#include "lib/config/feature.h"
#include "lib/config/log.h"
#include "lib/next/real.h"
#include "lib/sys/sys.h"
#include "snapshot/text.h"

#define TM_LIBRARY
#include "trackmalloc.h"

/* glibc's own, past what is preloaded. */
static struct {
    int (*malloc_info)(int options, FILE *stream);
    void (*malloc_stats)(void);
    struct mallinfo2 (*mallinfo2)(void);
} glibc;

static const struct {
    unsigned feature;
    const char *name;
    void *function; /* where its address goes */
} functions[] = {
    {TM_FEATURE_MALLOC_INFO, "malloc_info", &glibc.malloc_info},
    {TM_FEATURE_MALLOC_STATS, "malloc_stats", &glibc.malloc_stats},
    {TM_FEATURE_MALLINFO, "mallinfo2", &glibc.mallinfo2},
};

static void log_missing(unsigned feature, const char *name)
{
    static unsigned logged;
    if (__atomic_fetch_or(&logged, feature, __ATOMIC_RELAXED) & feature)
        return;
    struct log_line line;
    log_begin(&line);
    log_text(&line, "features: the C library has no ");
    log_text(&line, name);
    log_say(&line);
}

unsigned allocator_find(unsigned features)
{
    unsigned missing = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        void **function = functions[i].function;
        if (!(features & functions[i].feature) || __atomic_load_n(function, __ATOMIC_RELAXED) != NULL)
            continue;
        void *found = real_of_libc(functions[i].name);
        __atomic_store_n(function, found, __ATOMIC_RELAXED);
        if (found != NULL)
            continue;
        log_missing(functions[i].feature, functions[i].name);
        missing |= functions[i].feature;
    }
    return missing;
}

/* ---- what is written to stderr ---- */

struct listening {
    void (*speak)(void);
    int descriptor; /* of stderr */
    struct writer *out;
};

/* As much as there is space for; all of it is counted. */
static void read_back(int file, struct writer *out)
{
    size_t space = out->length < out->capacity ? out->capacity - out->length : 0;
    long length = sys3(SYS_lseek, file, 0, SEEK_END);
    long got = 0;
    if (length < 0)
        return;
    for (size_t at = 0; at < space && (long)at < length; at += (size_t)got) {
        got = sys4(SYS_pread64, file, out->out + out->length + at, space - at, at);
        if (got <= 0)
            return;
    }
    out->length += (size_t)length;
}

/* Where files in memory must not be executable, the kernel wants to hear that this one is not; old ones do not know. */
static long memory_file(void)
{
    enum { NO_EXECUTABLE = 8 /* MFD_NOEXEC_SEAL */ };
    long file = sys2(SYS_memfd_create, "trackmalloc", NO_EXECUTABLE);
    return file != -EINVAL ? file : sys2(SYS_memfd_create, "trackmalloc", 0);
}

/* With descriptors of its own. stderr's is closed first: there may be no number left. */
static void listen(void *argument)
{
    const struct listening *listening = argument;
    sys1(SYS_close, listening->descriptor);
    long file = memory_file();
    if (file < 0)
        return;
    if (file != listening->descriptor)
        sys2(SYS_dup2, file, listening->descriptor);
    listening->speak();
    fflush_unlocked(stderr);
    read_back((int)file, listening->out);
}

/* stderr is left as it was: its orientation, its place in a file that we have not moved in, and its errors, which were
 * not the program's. (An error makes gnulib's programs fail at exit.) */
static void listen_to_stderr(struct listening *listening)
{
    int orientation = stderr->_mode;
    off64_t offset = stderr->_offset;
    bool failed = ferror_unlocked(stderr);
    sys_call_in_child(listen, listening);
    stderr->_mode = orientation;
    stderr->_offset = offset;
    if (!failed)
        clearerr_unlocked(stderr);
}

/* Not where another thread is in the middle of using stderr, or something of the program's waits in it to be written.
 * What writes is a cancellation point. */
static void hear(struct writer *out, void (*speak)(void))
{
    struct listening listening = {.speak = speak, .out = out};
    int cancellation;
    if (ftrylockfile(stderr) != 0)
        return;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellation);
    listening.descriptor = fileno_unlocked(stderr);
    if (listening.descriptor >= 0 && __fpending(stderr) == 0)
        listen_to_stderr(&listening);
    pthread_setcancelstate(cancellation, NULL);
    funlockfile(stderr);
}

/* ---- the sections ---- */

static void write_heading(struct writer *out, const char *name)
{
    writer_text(out, "\nglibc's ");
    writer_text(out, name);
    writer_text(out, ":\n");
    if (!real_is_glibc())
        writer_text(out, "(The program's allocator is another one: glibc does not know of its blocks.)\n");
}

static void write_observed(struct writer *out, const char *name, void (*speak)(void))
{
    write_heading(out, name);
    size_t before = out->length;
    hear(out, speak);
    if (out->length == before)
        writer_text(out, "(Not to be had: stderr, which it is heard through, is closed or in use.)\n");
}

static void speak_info(void)
{
    glibc.malloc_info(0, stderr);
}

static void write_figure(struct writer *out, size_t bytes, const char *of_what)
{
    format_size(out, bytes);
    writer_text(out, of_what);
}

static void write_chunks(struct writer *out, size_t bytes, const char *of_what, size_t chunks, const char *names)
{
    write_figure(out, bytes, of_what);
    format_number(out, chunks);
    writer_text(out, chunks == 1 ? " chunk " : " chunks ");
    writer_text(out, names);
    writer_text(out, "\n");
}

static void write_mallinfo(struct writer *out)
{
    struct mallinfo2 info = glibc.mallinfo2();
    write_heading(out, "mallinfo2");
    write_figure(out, info.arena, " Arenas (arena)\n");
    write_chunks(out, info.hblkhd, " Mapped singly, in ", info.hblks, "(hblkhd, hblks)");
    write_figure(out, info.uordblks, " In use, in arenas (uordblks)\n");
    write_chunks(out, info.fordblks, " Free, in ", info.ordblks, "(fordblks, ordblks)");
    write_chunks(out, info.fsmblks, " Of these in fast bins, in ", info.smblks, "(fsmblks, smblks)");
    write_figure(out, info.keepcost, " At the top, could be given back (keepcost)\n");
}

static bool by_the_program(const struct snapshot *snapshot)
{
    return snapshot->kind == SNAPSHOT_REQUEST || snapshot->kind == SNAPSHOT_EXIT;
}

static void write_sections(struct writer *out)
{
    int error = errno;
    if (feature_is_on(TM_FEATURE_MALLINFO))
        write_mallinfo(out);
    if (feature_is_on(TM_FEATURE_MALLOC_STATS))
        write_observed(out, "malloc_stats", glibc.malloc_stats);
    if (feature_is_on(TM_FEATURE_MALLOC_INFO))
        write_observed(out, "malloc_info", speak_info);
    errno = error;
}

size_t allocator_report(const struct snapshot *snapshot, unsigned top, char *out, size_t capacity)
{
    struct writer report = {out, capacity, 0};
    text_begin(&report, snapshot, top);
    if (by_the_program(snapshot) && !log_is_sandboxed())
        write_sections(&report);
    text_end(&report, snapshot, top);
    return report.length;
}
