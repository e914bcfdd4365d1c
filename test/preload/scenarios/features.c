/* Features that are switched while the program runs; each part asserts what it is told itself. Run with and without the
 * library. */
#include "api.h"

#include <pthread.h>
#include <stdio_ext.h>
#include <sys/resource.h>
#include <wchar.h>

enum {
    ALL = 511,
    GLIBCS = TM_FEATURE_MALLOC_INFO | TM_FEATURE_MALLOC_STATS | TM_FEATURE_MALLINFO,
    STANDARD = ALL & ~GLIBCS,
    TEXT = 1 << 18
};

/* ---- what a report tells ---- */

static const char no_text[] = "(Not to be had: ";

static const struct {
    unsigned feature;
    const char *heading;
} sections[] = {
    {TM_FEATURE_DATE, " UTC 20"},
    {TM_FEATURE_THREADS, "\nAllocations by thread:\n"},
    {TM_FEATURE_COUNTS, "\nCurrent allocations by tag tree:\n"},
    {TM_FEATURE_COUNTS, "\nLifetimes of freed blocks by tag:\n"},
    {TM_FEATURE_COUNTS, "\nCurrent allocations by call site:\n"},
    {TM_FEATURE_MALLINFO, "\nglibc's mallinfo2:\n"},
    {TM_FEATURE_MALLOC_STATS, "\nglibc's malloc_stats:\nArena 0:\n"},
    {TM_FEATURE_MALLOC_INFO, "\nglibc's malloc_info:\n<malloc version=\"1\">\n"},
    {TM_FEATURE_VM, "\nProcess memory:\n"},
};

static char text[TEXT];

static const char *report(void)
{
    long length = tm_report_buffer(text, sizeof text);
    CLAIM(length > 0 && length < TEXT && strlen(text) == (size_t)length);
    return text;
}

static bool told(const char *what)
{
    return strstr(text, what) != NULL;
}

static void features_are(unsigned on)
{
    CLAIM(tm_features(on, ALL & ~on) == (present ? (int)on : TM_ABSENT));
    CLAIM(tm_features(0, 0) == (present ? (int)on : TM_ABSENT));
}

/* Every set of features: what is on is told, and nothing else. The kernel may tell nothing of the process's memory. */
static void each(void)
{
    free(tm_malloc(tag_named("tree/leaf"), 10));
    CLAIM(tm_features(0, 0) == (present ? STANDARD : TM_ABSENT));
    if (!present)
        return;
    report();
    bool has_memory = told("\nProcess memory:\n");
    for (unsigned on = 0; on <= ALL; on++) {
        if (on & (TM_FEATURE_CHANGES | TM_FEATURE_BLOCKS))
            continue;
        features_are(on);
        report();
        for (unsigned i = 0; i < sizeof sections / sizeof *sections; i++) {
            bool wanted = on & sections[i].feature && (sections[i].feature != TM_FEATURE_VM || has_memory);
            if (told(sections[i].heading) == wanted)
                continue;
            dprintf(2, "features %#x, and%s %s in\n%s", on, wanted ? " no" : "", sections[i].heading, text);
            _exit(1);
        }
        CLAIM(!told(no_text) && told(">>>>>>>>>>>>> ") && told(" <<<<<<<<<<<\n"));
        CLAIM(told("\nCurrent allocations by tag:\n") && told("\ntrackmalloc itself:\n"));
        CLAIM(!(on & TM_FEATURE_MALLOC_INFO) || told("\n</malloc>\n\n"));
        CLAIM(!(on & TM_FEATURE_MALLOC_STATS) || told("\nTotal (incl. mmap):\n"));
    }
}

static void bits(void)
{
    static const unsigned unknown[] = {512, 1024, 1u << 31, ~0u};
    for (unsigned i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        CLAIM(tm_features(unknown[i], 0) == (present ? TM_INVALID : TM_ABSENT));
        CLAIM(tm_features(0, unknown[i]) == (present ? TM_INVALID : TM_ABSENT));
        CLAIM(tm_features(unknown[i] | TM_FEATURE_MALLINFO, TM_FEATURE_VM) == (present ? TM_INVALID : TM_ABSENT));
    }
    features_are(STANDARD);
    for (unsigned bit = 1; bit <= 256; bit *= 2) {
        features_are(bit);
        features_are(ALL & ~bit);
        CLAIM(tm_features(bit, bit) == (present ? (int)(ALL & ~bit) : TM_ABSENT)); /* off comes last */
    }
    features_are(0);
    features_are(ALL);
}

/* A text that does not fit is counted whole. */
static void cut(void)
{
    char small[300];
    features_are(ALL);
    if (!present)
        return;
    for (unsigned i = 0; i < sizeof small; i++) {
        long length = tm_report_buffer(i == 0 ? NULL : small, i);
        CLAIM(length > 2000 && (i == 0 || strlen(small) == i - 1));
    }
    static char most[TEXT];
    long whole = tm_report_buffer(most, sizeof most);
    char *heading = strstr(most, "\nglibc's malloc_info:\n");
    CLAIM(heading != NULL);
    for (size_t room = (size_t)(heading - most); room < (size_t)whole; room += 7) {
        most[room] = '#';
        CLAIM(tm_report_buffer(most, room) > 2000 && strlen(most) == room - 1 && most[room] == '#');
    }
}

/* ---- what is asked leaves nothing behind ---- */

static struct tm_process_info process(void)
{
    struct tm_process_info info = {.struct_size = sizeof info};
    CLAIM(tm_process_stats(&info) == TM_OK);
    return info;
}

static void nothing_counted(void)
{
    features_are(ALL);
    if (!present)
        return;
    errno = 77;
    struct tm_process_info before = process();
    for (unsigned i = 0; i < 20; i++)
        report();
    struct tm_process_info after = process();
    CLAIM(errno == 77 && before.counts.allocated_blocks == after.counts.allocated_blocks);
    CLAIM(before.counts.live_bytes == after.counts.live_bytes &&
          before.counts.freed_blocks == after.counts.freed_blocks);
}

/* Nothing is written to where the program's stderr goes, and the stream is as it was: of no orientation, at no place
 * that it is not at, without an error though nothing may be written. No descriptor is opened, and no thread stays. */
static void stderr_untouched(void)
{
    struct rlimit no_files = {0, 0};
    FILE *file = tmpfile();
    MUST(file != NULL && dup2(fileno(file), 2) == 2 && ftell(stderr) == 0);
    unsigned threads = tasks();
    int free_number = dup(0);
    close(free_number);
    features_are(ALL);
    for (unsigned i = 0; i < 300; i++) {
        if (present)
            CLAIM(strstr(report(), "\nArena 0:\n") != NULL);
        CLAIM(tasks() == threads);
    }
    CLAIM(fwide(stderr, 0) == 0 && ftell(stderr) == 0 && lseek(2, 0, SEEK_END) == 0);
    MUST(setrlimit(RLIMIT_FSIZE, &no_files) == 0);
    if (present)
        CLAIM(strstr(report(), no_text) != NULL);
    CLAIM(!ferror(stderr) && dup(0) == free_number);
}

static void heard(bool expected)
{
    if (!present)
        return;
    errno = 77;
    report();
    CLAIM(errno == 77 && told(no_text) != expected && told("\nArena 0:\n") == expected &&
          told("\n</malloc>\n") == expected);
    CLAIM(told("\nglibc's mallinfo2:\n") && told("\ntrackmalloc itself:\n"));
}

/* What waits in stderr is the program's, and stays there. */
static void stderr_buffered(void)
{
    static char buffer[4096];
    features_are(ALL);
    heard(true);
    setvbuf(stderr, buffer, _IOFBF, sizeof buffer);
    heard(true);
    fputs("this waits", stderr);
    heard(false);
    CLAIM(fputs(", and this\n", stderr) >= 0 && fflush(stderr) == 0);
    heard(true);
    MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0}) == 0);
    heard(false);
    CLAIM(!ferror(stderr) && __fpending(stderr) == 0); /* what could not be written is not the program's to write */
}

static void stderr_closed(void)
{
    features_are(ALL);
    heard(true);
    close(2);
    heard(true); /* the stream has a number still, and we write to another file */
    fclose(stderr);
    heard(false);
}

static pthread_barrier_t locked;

static void *locks_stderr(void *unused)
{
    flockfile(stderr);
    pthread_barrier_wait(&locked);
    pthread_barrier_wait(&locked);
    funlockfile(stderr);
    pthread_barrier_wait(&locked);
    return unused;
}

static void stderr_locked(void)
{
    pthread_t thread;
    features_are(ALL);
    pthread_barrier_init(&locked, NULL, 2);
    MUST(pthread_create(&thread, NULL, locks_stderr, NULL) == 0);
    pthread_barrier_wait(&locked);
    heard(false);
    pthread_barrier_wait(&locked);
    pthread_barrier_wait(&locked);
    heard(true);
    flockfile(stderr);
    heard(true); /* one's own lock is in nobody's way */
    funlockfile(stderr);
    pthread_join(thread, NULL);
}

/* A pipe that is full, and one that nobody reads any more. */
static void stderr_blocked(void)
{
    static const char filling[4096];
    int ends[2];
    int before = dup(2);
    MUST(pipe2(ends, O_NONBLOCK) == 0);
    while (write(ends[1], filling, sizeof filling) > 0)
        ;
    MUST(fcntl(ends[1], F_SETFL, 0) == 0 && dup2(ends[1], 2) == 2);
    features_are(ALL);
    heard(true);
    close(ends[0]);
    heard(true);
    MUST(dup2(before, 2) == 2);
}

/* ---- alarms ---- */

static unsigned rung;
static struct tm_alarm_event rang;

static void ring(const struct tm_alarm_event *event, void *data)
{
    rang = *event;
    __atomic_fetch_add((unsigned *)data, 1, __ATOMIC_RELEASE);
}

static struct tm_alarm alarm_of(enum tm_alarm_what what, tm_tag tag, uint64_t bytes)
{
    struct tm_alarm alarm = {.struct_size = sizeof alarm, .what = what, .bytes = bytes, .call = ring, .data = &rung};
    alarm.of = what == TM_ALARM_BLOCK ? TM_OF_PROCESS : TM_OF_TAG;
    alarm.number = what == TM_ALARM_BLOCK ? 0 : tag;
    return alarm;
}

/* So many, and no more after a while. */
static bool rings(unsigned times)
{
    for (double end = seconds() + 10; __atomic_load_n(&rung, __ATOMIC_ACQUIRE) < times && seconds() < end; nap(20))
        ;
    nap(600);
    return __atomic_load_n(&rung, __ATOMIC_ACQUIRE) == times;
}

static void changes(void)
{
    tm_tag tag = tag_named("changing");
    struct tm_alarm alarm = alarm_of(TM_ALARM_CHANGE, tag, 1000);
    if (!present)
        return;
    CLAIM(tm_alarm_set(&alarm) > 0);
    tm_malloc(tag, 2000);
    CLAIM(rings(1) && rang.change == 2000);
    tm_features(0, TM_FEATURE_CHANGES);
    tm_malloc(tag, 5000);
    CLAIM(rings(1));
    tm_features(TM_FEATURE_CHANGES, 0);
    CLAIM(rings(1)); /* it begins from 7,000 */
    tm_malloc(tag, 1500);
    CLAIM(rings(2) && rang.change == 1500 && rang.value == 8500);
    tm_features(0, TM_FEATURE_CHANGES); /* and at once, between two looks */
    tm_malloc(tag, 3000);
    tm_features(TM_FEATURE_CHANGES, 0);
    CLAIM(rings(2));

    tm_features(0, TM_FEATURE_CHANGES); /* one that is set meanwhile begins then as well; a level that is held rings */
    CLAIM(tm_alarm_set(&alarm) > 0);
    alarm = alarm_of(TM_ALARM_LEVEL, tag, 9000);
    CLAIM(tm_alarm_set(&alarm) > 0);
    tm_malloc(tag, 1200);
    CLAIM(rings(2));
    tm_features(TM_FEATURE_CHANGES, TM_FEATURE_BLOCKS);
    CLAIM(rings(3) && rang.value == 12700);
}

static void blocks(void)
{
    struct tm_alarm alarm = alarm_of(TM_ALARM_BLOCK, 0, 50000);
    static unsigned at_once;
    if (!present)
        return;
    CLAIM(tm_alarm_set(&alarm) > 0);
    alarm.flags = TM_ALARM_AT_ONCE;
    alarm.data = &at_once;
    CLAIM(tm_alarm_set(&alarm) > 0);
    free(hide(malloc(60000)));
    CLAIM(at_once == 1 && rings(1));
    tm_features(0, TM_FEATURE_BLOCKS);
    for (unsigned i = 0; i < 10; i++)
        free(hide(malloc(60000)));
    CLAIM(at_once == 1 && rings(1));
    tm_features(TM_FEATURE_BLOCKS, TM_FEATURE_CHANGES);
    CLAIM(rings(1));
    free(hide(malloc(60000)));
    free(hide(malloc(70000)));
    CLAIM(at_once == 3 && rings(2) && rang.blocks == 2 && rang.value == 70000);
}

/* ---- all of it at the same time ---- */

static volatile bool stop;

static void *allocates(void *unused)
{
    while (!stop)
        churn(100);
    return unused;
}

static void *reports(void *unused)
{
    while (!stop) {
        long length = tm_report_buffer(NULL, 0);
        CLAIM(length > 0 || !present);
    }
    return unused;
}

static void *switches(void *seed)
{
    for (unsigned bit = 1; !stop; bit = bit < 256 ? bit * 2 : 1) {
        int on = (uintptr_t)seed % 2 ? tm_features(bit, ALL / 2 & ~bit) : tm_features(ALL, bit);
        CLAIM(present ? on >= 0 && on <= ALL : on == TM_ABSENT);
    }
    return seed;
}

/* A child of a process whose threads are in the middle of all that has reports of its own. */
static void fork_amid(void)
{
    pid_t child = fork();
    if (child != 0) {
        CLAIM(finish(child) == 0);
        return;
    }
    features_are(ALL);
    heard(true);
    _exit(0);
}

static void storm(void)
{
    static void *(*const roles[])(void *) = {allocates, reports, switches, allocates, reports, switches};
    enum { THREADS = sizeof roles / sizeof *roles };
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], NULL, roles[i], (void *)(i / 3)) == 0);
    unsigned children = 0;
    for (double end = seconds() + 1.5; seconds() < end || children < 5; children++)
        fork_amid();
    stop = true;
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    features_are(ALL);
    heard(true);
}

/* Under whatever options: the exit report tells. */
static void nothing(void)
{
    free(hide(malloc(100)));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {
        {"each", each},
        {"bits", bits},
        {"cut", cut},
        {"nothing_counted", nothing_counted},
        {"stderr_untouched", stderr_untouched},
        {"stderr_buffered", stderr_buffered},
        {"stderr_closed", stderr_closed},
        {"stderr_locked", stderr_locked},
        {"stderr_blocked", stderr_blocked},
        {"changes", changes},
        {"blocks", blocks},
        {"storm", storm},
        {"nothing", nothing},
    };
    present = tm_tag_count() != 0;
    for (unsigned i = 0; argc > 1 && i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(argv[1], parts[i].name) == 0) {
            parts[i].run();
            dprintf(1, "%s done\n", argv[1]);
            return 0;
        }
    return 99;
}
