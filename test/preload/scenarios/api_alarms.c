/* Alarms: `calls` by functions, `at_once` inside malloc, `reports` set by the program, `options` by the environment,
 * and `misuse`. */
#include "api.h"

#include <limits.h>
#include <pthread.h>

/* What a function was told, in turn. */
static struct tm_alarm_event told[64];
static volatile unsigned tellings;
static void *volatile from_call;

static void note(const struct tm_alarm_event *event, void *data)
{
    CLAIM(event->struct_size == sizeof *event && data == (void *)told);
    from_call = hide(malloc(100000)); /* allowed, and an alarm of its own at most once */
    free(from_call);
    if (tellings < 64)
        told[tellings] = *event;
    __atomic_fetch_add(&tellings, 1, __ATOMIC_RELEASE);
}

static void wait_for(unsigned number)
{
    for (double end = seconds() + 10; tellings < number && seconds() < end; nap(20))
        ;
    CLAIM(tellings == number);
}

static struct tm_alarm level_of(tm_tag tag, uint64_t bytes, uint64_t until)
{
    struct tm_alarm alarm;
    memset(&alarm, 0, sizeof alarm);
    alarm.struct_size = sizeof alarm;
    alarm.what = TM_ALARM_LEVEL;
    alarm.of = TM_OF_TAG;
    alarm.number = tag;
    alarm.bytes = bytes;
    alarm.until = until;
    alarm.call = note;
    alarm.data = told;
    return alarm;
}

static void calls(void)
{
    tm_tag tag = tag_named("cache");
    struct tm_alarm alarm = level_of(tag, 5000, 3000);
    int number = tm_alarm_set(&alarm);
    CLAIM(present ? number > 0 : number == TM_ABSENT);
    if (!present)
        return;
    void *half = tm_malloc(tag, 3500);
    nap(600);
    CLAIM(tellings == 0);
    void *rest = tm_malloc(tag, 2000);
    wait_for(1);
    CLAIM(told[0].alarm == number && told[0].tag == tag && told[0].value == 5500 && told[0].over == 0);
    free(rest);
    nap(600);
    CLAIM(tellings == 1); /* 3,500 is not below 3,000 */
    free(half);
    wait_for(2);
    CLAIM(told[1].over == 1 && told[1].value == 0 && told[1].change == -5500 && told[1].since_ms >= 500);
    CLAIM(tm_alarm_cancel(number) == TM_OK && tm_alarm_cancel(number) == TM_UNKNOWN);
    rest = tm_malloc(tag, 20000);
    nap(600);
    CLAIM(tellings == 2);

    struct tm_block_info info = block_info(rest);
    alarm = level_of(info.site, 10000, 0);
    alarm.of = TM_OF_SITE;
    alarm.what = TM_ALARM_CHANGE;
    CLAIM(tm_alarm_set(&alarm) > 0);
    nap(600);
    free(rest);
    wait_for(3);
    CLAIM(told[2].site == info.site && told[2].value == 0 && told[2].change == -20000);
}

/* Before malloc returns; what the function allocates rings no bell, and is in no scope. */
static void at_once(void)
{
    tm_tag tag = tag_named("large");
    struct tm_alarm alarm = level_of(0, 65536, 0);
    alarm.what = TM_ALARM_BLOCK;
    alarm.of = TM_OF_PROCESS;
    alarm.flags = TM_ALARM_AT_ONCE;
    for (unsigned i = 0; i < 100; i++)
        free(hide(malloc(70000))); /* in the site cache now */
    CLAIM((tm_alarm_set(&alarm) > 0) == present);
    if (!present)
        return;
    tm_scope(tag);
    void *block[5];
    static const size_t size[5] = {65535, 65536, 100, 70000, 200000};
    for (unsigned i = 0; i < 5; i++)
        block[i] = hide(malloc(size[i]));
    CLAIM(tellings == 3 && told[0].value == 65536 && told[1].value == 70000 && told[2].value == 200000);
    CLAIM(told[2].tag == tag && told[2].site == block_info(block[4]).site && tm_current() == tag);
    CLAIM(tag_holds(tag, 5, 65535 + 65536 + 100 + 70000 + 200000, 5));
    void *explicit_one = tm_malloc(tag_named("explicit"), 80000);
    CLAIM(tellings == 4 && told[3].value == 80000 && tm_current() == tag && !is_tagged(explicit_one, tag));
    block[2] = hide(realloc(block[2], 90000));
    CLAIM(tellings == 5 && told[4].value == 90000);
    free(hide(calloc(10, 10000)));
    free(hide(memalign(4096, 100000)));
    CLAIM(tellings == 7);
    hide(block);
}

__attribute__((noinline)) static void *from_one_site(tm_tag tag, size_t size)
{
    return hide(tm_malloc(tag, size));
}

/* One site under ten tags and of ten sizes: what it holds is the sum of all of them. */
static void many_contexts(void)
{
    tm_tag tag[10];
    void *block[10];
    for (unsigned i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "part%u", i);
        tag[i] = tag_named(name);
        for (unsigned log = 4; log < 14; log++)
            free(block[0] = from_one_site(tag[i], 1ul << log));
    }
    if (!present)
        return;
    block[0] = from_one_site(tag[0], 100);
    struct tm_alarm alarm = level_of(block_info(block[0]).site, 80000, 0);
    alarm.of = TM_OF_SITE;
    free(block[0]);
    CLAIM(tm_alarm_set(&alarm) > 0);
    for (unsigned i = 0; i < 10; i++)
        block[i] = from_one_site(tag[i], 8192);
    wait_for(1);
    CLAIM(told[0].value == 81920 && told[0].site == alarm.number);
    for (unsigned i = 0; i < 10; i++)
        free(block[i]);
    wait_for(2);
    CLAIM(told[1].value == 0 && told[1].over == 1);
}

static struct tm_alarm at_once_alarm(void (*call)(const struct tm_alarm_event *, void *))
{
    struct tm_alarm alarm = level_of(0, 65536, 0);
    alarm.what = TM_ALARM_BLOCK;
    alarm.of = TM_OF_PROCESS;
    alarm.flags = TM_ALARM_AT_ONCE;
    alarm.call = call;
    return alarm;
}

static void pop_too_often(const struct tm_alarm_event *event, void *data)
{
    note(event, data);
    for (unsigned i = 0; i < 3; i++)
        tm_pop();
}

/* A function that ends more scopes than it began leaves the thread in those that it was in. */
static void pops(void)
{
    tm_tag outer = tag_named("outer");
    struct tm_alarm alarm = at_once_alarm(pop_too_often);
    CLAIM((tm_alarm_set(&alarm) > 0) == present);
    if (!present)
        return;
    free(hide(malloc(70000)));
    CLAIM(tellings == 1 && tm_depth() == 0 && tm_current() == TM_UNTAGGED);
    for (int depth = 0; depth < 70; depth++) {
        CLAIM(tm_depth() == depth);
        tm_push(outer);
        free(hide(malloc(70000)));
        CLAIM(tm_depth() == depth + 1 && tm_current() == outer);
    }
    for (int depth = 70; depth-- > 0;)
        CLAIM(tm_pop() == TM_OK && tm_depth() == depth);
    CLAIM(tm_pop() == TM_UNBALANCED);
}

static bool in_child;

static void fork_in_between(const struct tm_alarm_event *event, void *data)
{
    note(event, data);
    pid_t child = fork();
    in_child = child == 0;
    free(hide(malloc(100))); /* the child finds out here what it is */
    if (!in_child)
        MUST(finish(child) == 0);
}

/* In a child that comes back from such a function, nobody looks at alarms any more than in its parent. */
static void forks(void)
{
    struct tm_alarm alarm = at_once_alarm(fork_in_between);
    int number = tm_alarm_set(&alarm);
    CLAIM((number > 0) == present);
    free(hide(malloc(70000)));
    if (!present)
        return;
    CLAIM(tm_alarm_cancel(number) == TM_OK);
    alarm = level_of(tag_named("never"), 1ull << 40, 0);
    alarm.call = NULL;
    for (unsigned round = 0; round < 200; round++) {
        number = tm_alarm_set(&alarm);
        CLAIM(number > 0 && tm_alarm_cancel(number) == TM_OK);
    }
    if (in_child)
        _exit(0);
}

static void reports(void)
{
    tm_tag tag = tag_named("reported");
    struct tm_alarm alarm = level_of(tag, 1000000, 0);
    alarm.call = NULL;
    CLAIM((tm_alarm_set(&alarm) > 0) == present);
    void *p = tm_malloc(tag, 2000000);
    nap(700);
    free(p);
    nap(700);
}

/* Under alarm=cache>1MiB<512KiB,process+50MiB,block>3MiB */
static void options(void)
{
    tm_tag tag = tag_named("cache");
    nap(400);
    void *p = tm_malloc(tag, 2000000);
    nap(700);
    free(p);
    nap(700);
    free(hide(malloc(4000000)));
    free(hide(malloc(5000000)));
    nap(700);
    p = hide(malloc(60000000));
    nap(700);
    free(p);
}

static void misuse(void)
{
    tm_tag tag = tag_named("misused");
    struct tm_alarm alarm = level_of(tag, 0, 0);
    if (!present)
        return;
    for (unsigned round = 0; round < 2; round++) {
        CLAIM(tm_alarm_set(NULL) == TM_INVALID);
        alarm = level_of(tag, 0, 0);
        CLAIM(tm_alarm_set(&alarm) == TM_INVALID);
        alarm = level_of(tag, 10, 20);
        CLAIM(tm_alarm_set(&alarm) == TM_INVALID);
        alarm = level_of(tag, 10, 0);
        alarm.flags = TM_ALARM_AT_ONCE;
        CLAIM(tm_alarm_set(&alarm) == TM_INVALID);
        alarm.flags = 16;
        CLAIM(tm_alarm_set(&alarm) == TM_INVALID);
        alarm = level_of(tag, 10, 0);
        alarm.what = 7;
        CLAIM(tm_alarm_set(&alarm) == TM_INVALID);
        alarm.struct_size = 4;
        CLAIM(tm_alarm_set(&alarm) == TM_INVALID);
        alarm = level_of(4000, 10, 0);
        CLAIM(tm_alarm_set(&alarm) == TM_UNKNOWN);
        CLAIM(tm_alarm_cancel(0) == TM_UNKNOWN && tm_alarm_cancel(-1) == TM_UNKNOWN);
        CLAIM(tm_alarm_cancel(INT_MAX) == TM_UNKNOWN && tm_alarm_cancel(12345) == TM_UNKNOWN);
    }
    int number[65];
    alarm = level_of(tag, 1ull << 40, 0);
    alarm.call = NULL;
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 64; i++)
            CLAIM((number[i] = tm_alarm_set(&alarm)) > 0);
        CLAIM(tm_alarm_set(&alarm) == TM_FULL);
        for (unsigned i = 0; i < 64; i++)
            CLAIM(tm_alarm_cancel(number[i]) == TM_OK);
    }
}

static volatile bool stop;

static void count_only(const struct tm_alarm_event *event, void *data)
{
    CLAIM(data == (void *)told && event->alarm > 0);
    __atomic_fetch_add(&tellings, 1, __ATOMIC_RELAXED);
    free(hide(malloc(500000)));
}

static void *large_blocks(void *unused)
{
    for (unsigned i = 0; !stop; i++)
        free(hide(realloc(hide(malloc(i * 997 % 300000)), 1 + i * 31 % 300000)));
    return unused;
}

/* Alarms come and go while threads set them off: no call with another one's data, no crash, and all places are free in
 * the end. */
static void storm(void)
{
    pthread_t thread[4];
    unsigned set = 0;
    for (unsigned i = 0; i < 4; i++)
        MUST(pthread_create(&thread[i], NULL, large_blocks, NULL) == 0);
    tm_tag tag = tag_named("storm");
    for (double end = seconds() + 1.5; seconds() < end;) {
        int number[8];
        for (unsigned i = 0; i < 8; i++) {
            struct tm_alarm alarm = level_of(tag, 50000 + i * 10000, 0);
            alarm.call = count_only;
            if (i % 4 != 3) {
                alarm.what = TM_ALARM_BLOCK;
                alarm.of = TM_OF_PROCESS;
                alarm.flags = i % 2 ? TM_ALARM_AT_ONCE : 0;
            }
            number[i] = tm_alarm_set(&alarm);
            set += number[i] > 0;
        }
        tm_pause();
        tm_resume();
        for (unsigned i = 0; i < 8; i++)
            CLAIM(number[i] < 0 || tm_alarm_cancel(number[i]) == TM_OK);
    }
    stop = true;
    for (unsigned i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    if (!present)
        return;
    CLAIM(set > 64 && tellings > 0);
    nap(600);
    struct tm_alarm alarm = level_of(tag, 1ull << 40, 0);
    for (unsigned i = 0; i < 64; i++)
        CLAIM(tm_alarm_set(&alarm) > 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {
        {"calls", calls},     {"at_once", at_once}, {"reports", reports},
        {"options", options}, {"misuse", misuse},   {"storm", storm},
        {"pops", pops},       {"forks", forks},     {"many_contexts", many_contexts},
    };
    present = tm_tag_count() != 0;
    for (unsigned i = 0; argc > 1 && i < sizeof parts / sizeof parts[0]; i++)
        if (strcmp(argv[1], parts[i].name) == 0) {
            parts[i].run();
            printf("%s done\n", argv[1]);
            return 0;
        }
    return 99;
}
