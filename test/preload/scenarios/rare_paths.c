/* rare_paths MS PLUGIN: for so long, threads go through everything that an allocation rarely needs - threads that come
 * and end, new call sites, names, tags and scopes, alarms, reports, dlopen and dlclose - while others fork, and a
 * timer's handler allocates wherever it strikes. The children allocate, and look whether each block was counted, and
 * nothing else; some become another program, some leave by exit, some by _exit.
 *
 * Without the library its functions say TM_ABSENT, and only the rest is seen. */
#include "blocks.h"
#include "generated_sites.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#include "../../../include/trackmalloc.h"

static int stop;
static unsigned forks, bad;
static const char *plugin;

static bool goes_on(void)
{
    return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static void expect(bool good, const char *what, long value)
{
    if (good)
        return;
    if (__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED) < 20)
        dprintf(2, "%s: %ld\n", what, value);
}

/* ---- the child ---- */

static struct tm_process_info stats(void)
{
    struct tm_process_info info = {.struct_size = sizeof info};
    int error = tm_process_stats(&info);
    expect(error == TM_OK || error == TM_ABSENT, "tm_process_stats", error);
    if (error != TM_OK)
        memset(&info, 0, sizeof info);
    return info;
}

enum { BLOCKS = 37 };

/* With nobody else in the process: exact to the byte. */
static void count_own(void)
{
    void *made[BLOCKS];
    uint64_t bytes = 0;
    bool counts = tm_library() != NULL;
    struct tm_counts before = stats().counts, now;
    for (unsigned i = 0; i < BLOCKS; i++) {
        size_t size = 1 + i * 100;
        made[i] = i % 2 == 0 ? malloc(size) : calloc(1, size);
        bytes += size;
    }
    now = stats().counts;
    expect(!counts || now.allocated_blocks - before.allocated_blocks == BLOCKS, "blocks allocated in a child",
           (long)(now.allocated_blocks - before.allocated_blocks));
    expect(!counts || now.live_bytes - before.live_bytes == bytes, "bytes in a child",
           (long)(now.live_bytes - before.live_bytes));
    expect(!counts || now.live_blocks - before.live_blocks == BLOCKS, "live blocks in a child",
           (long)(now.live_blocks - before.live_blocks));
    for (unsigned i = 0; i < BLOCKS; i++)
        free(made[i]);
    now = stats().counts;
    expect(now.live_blocks == before.live_blocks, "left in a child", (long)(now.live_blocks - before.live_blocks));
    expect(now.live_bytes == before.live_bytes, "bytes left in a child", (long)(now.live_bytes - before.live_bytes));
}

/* A scope begins and ends well, whoever is in the middle of what. */
static void scope(tm_tag tag)
{
    bool there = tm_library() != NULL;
    int depth = tm_depth(), pushed = tm_push(tag);
    expect(pushed == TM_OK || !there, "tm_push", pushed);
    expect(tm_depth() == depth + 1 || !there, "tm_depth after a push", tm_depth());
    free(malloc(100));
    int popped = tm_pop();
    expect(popped == TM_OK || !there, "tm_pop", popped);
    expect(tm_depth() == depth, "tm_depth after a pop", tm_depth());
}

static _Noreturn void child(unsigned number)
{
    bad = 0;
    alarm(20); /* a child that hangs is not to be waited for in vain */
    count_own();
    scope(tm_tag_register("child", NULL));
    if (bad != 0)
        _exit(1);
    if (number % 4 == 0)
        execl("/bin/true", "true", NULL);
    if (number % 4 == 1) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            count_own();
            _exit(bad != 0);
        }
        _exit(finish(grandchild) != 0);
    }
    _exit(0);
}

static void *forks_and_waits(void *unused)
{
    while (goes_on()) {
        unsigned number = __atomic_fetch_add(&forks, 1, __ATOMIC_RELAXED);
        pid_t pid = fork();
        if (pid == 0)
            child(number);
        expect(pid > 0, "fork", errno);
        int status = finish(pid);
        expect(status == 0, "a child's status", status);
    }
    return unused;
}

/* ---- the rare paths ---- */

static void *short_life(void *block)
{
    char name[16];
    snprintf(name, sizeof name, "short %u", (unsigned)(uintptr_t)block % 97);
    pthread_setname_np(pthread_self(), name);
    free(block);
    churn(20);
    void *left = malloc(500);
    if ((uintptr_t)left % 64 == 0)
        pthread_exit(left);
    return left;
}

static void *makes_threads(void *unused)
{
    while (goes_on()) {
        pthread_t thread[4];
        void *left;
        for (unsigned i = 0; i < 4; i++)
            MUST(pthread_create(&thread[i], NULL, short_life, malloc(77)) == 0);
        for (unsigned i = 0; i < 4; i++) {
            MUST(pthread_join(thread[i], &left) == 0);
            free(left);
        }
    }
    return unused;
}

enum { SITES = 2048 };

/* Generated code, which goes again: the sites' numbers stay. A bounded number of them. */
static void *makes_sites(void *unused)
{
    for (unsigned round = 0; goes_on(); round++) {
        unsigned char *sites = sites_map(SITES);
        for (unsigned i = 0; i < SITES && goes_on(); i++)
            free(site_malloc(sites, i, 40 + i % 100));
        munmap(sites, SITES * SITE_BYTES);
        if (round > 8)
            nap(5);
    }
    return unused;
}

static void *loads(void *unused)
{
    while (goes_on()) {
        void *handle = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
        MUST(handle != NULL);
        void *(*made)(void) = (void *(*)(void))dlsym(handle, "many_block");
        MUST(made != NULL && made() != NULL);
        free(made());
        MUST(dlclose(handle) == 0);
    }
    return unused;
}

static void *reports(void *unused)
{
    static char text[1 << 16];
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct tm_thread_info thread = {.struct_size = sizeof thread};
    free(block(1)); /* who has never allocated is no thread that the library knows */
    while (goes_on()) {
        int error = tm_report(null);
        expect(error == 0 || tm_library() == NULL, "tm_report", error);
        long length = tm_report_buffer(text, sizeof text);
        expect(length > 0 || tm_library() == NULL, "tm_report_buffer", length);
        error = tm_thread_stats(0, &thread);
        expect(error == TM_OK || tm_library() == NULL, "tm_thread_stats", error);
        tm_baseline();
    }
    close(null);
    return unused;
}

static void heard(const struct tm_alarm_event *event, void *data)
{
    (void)event;
    __atomic_fetch_add((unsigned *)data, 1, __ATOMIC_RELAXED);
    free(malloc(10));
}

/* A place that was cancelled is free again when nobody looks at it any more. */
static int set_alarm(const struct tm_alarm *alarm)
{
    int number = tm_alarm_set(alarm);
    for (unsigned tries = 0; number == TM_FULL && tries < 2000; tries++) {
        nap(1);
        number = tm_alarm_set(alarm);
    }
    expect(number > 0 || tm_library() == NULL, "tm_alarm_set", number);
    return number;
}

static void *sets_alarms(void *unused)
{
    static unsigned calls;
    while (goes_on()) {
        struct tm_alarm alarm = {.struct_size = sizeof alarm, .what = TM_ALARM_LEVEL, .bytes = 1 << 12, .call = heard};
        alarm.data = &calls;
        int level = set_alarm(&alarm);
        alarm.what = TM_ALARM_BLOCK;
        alarm.bytes = 5000;
        alarm.flags = TM_ALARM_AT_ONCE;
        int blocks = set_alarm(&alarm);
        free(malloc(6000));
        churn(50);
        expect(tm_alarm_cancel(level) == TM_OK || tm_library() == NULL, "tm_alarm_cancel", level);
        expect(tm_alarm_cancel(blocks) == TM_OK || tm_library() == NULL, "tm_alarm_cancel", blocks);
    }
    return unused;
}

static void *tags(void *unused)
{
    for (unsigned round = 0; goes_on(); round++) {
        char name[32];
        snprintf(name, sizeof name, "family/%u", round % 500);
        tm_tag tag = tm_tag_register(name, NULL);
        int depth = tm_enter(tag);
        void *one = malloc(100), *other = tm_malloc(tag, 200);
        tm_push(TM_UNTAGGED);
        one = tm_realloc(tag, one, 3000);
        expect(tm_retag(other, tm_tag_register("family", NULL)) == TM_OK || tm_library() == NULL, "tm_retag", 0);
        if (tm_library() != NULL)
            expect(tm_restore(depth) == TM_OK, "tm_restore", depth);
        free(one);
        free(other);
    }
    return unused;
}

static void *plain(void *unused)
{
    void *kept[64] = {NULL};
    for (unsigned i = 0; goes_on(); i++) {
        kept[i % 64] = realloc(kept[i % 64], 1 + i * 13 % 3000);
        if (i % 5 == 0) {
            free(kept[i * 11 % 64]);
            kept[i * 11 % 64] = NULL;
        }
    }
    for (unsigned i = 0; i < 64; i++)
        free(kept[i]);
    return unused;
}

/* ---- a handler that allocates in the middle of the library's own work ---- */

static volatile unsigned handled;

static void on_signal(int signal)
{
    (void)signal;
    int error = errno;
    void *p = malloc(1 + handled % 4000);
    free(malloc(70));
    free(realloc(p, 5000));
    handled++;
    errno = error;
}

/* Only here may it strike: what this thread calls allocates nothing itself, and holds no lock of the C library's. */
static void *asks(void *unused)
{
    void *one = block(123);
    tm_tag tag = tm_tag_register("asked", NULL);
    for (unsigned round = 0; goes_on(); round++) {
        struct tm_block_info info = {.struct_size = sizeof info};
        char name[32];
        int pushed = tm_push(tag);
        expect(tm_ask(one, &info) == TM_OK ? info.size == 123 : tm_library() == NULL, "tm_ask", (long)info.size);
        int popped = tm_pop();
        expect((pushed == TM_OK && popped == TM_OK) || tm_library() == NULL, "tm_push and tm_pop",
               100 * pushed + popped);
        snprintf(name, sizeof name, "asked/%u", round % 300);
        tm_tag_register(name, NULL);
        if (round % 16 == 0)
            stats();
    }
    free(one);
    return unused;
}

int main(int argc, char **argv)
{
    static void *(*const all[])(void *) = {asks,  forks_and_waits, forks_and_waits, makes_threads, makes_sites,
                                           loads, reports,         sets_alarms,     tags,          plain,
                                           plain};
    enum { THREADS = sizeof all / sizeof all[0] };
    const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    pthread_t thread[THREADS];
    MUST(argc == 3 && sigaction(SIGUSR1, &action, NULL) == 0);
    plugin = argv[2];
    (void)tm_library(); /* not in a child: the loader may be at work in another thread */
    for (unsigned i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], NULL, all[i], NULL) == 0);
    for (double end = seconds() + atoi(argv[1]) / 1000.0; seconds() < end; nap(1))
        pthread_kill(thread[0], SIGUSR1);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < THREADS; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    printf("%s, %s, %u bad\n", forks > 10 ? "forked" : "hardly forked", handled > 10 ? "handled" : "hardly handled",
           bad);
    return 0;
}
