/* A program that says what its memory is for, checks what it is told, and leaves some blocks for the report. Bare,
 * every call does nothing; what it prints on stdout is the same. */
#include "api.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>

#define WITHOUT(result) (present ? TM_OK : (result))

/* ---- scopes ---- */

/* In all: "scopes" keeps 3 blocks of 110 bytes, "scopes/inner" 2 of 44. */
static void scopes(void)
{
    tm_tag outer = tag_named("scopes");
    tm_tag inner = tag_named("scopes/inner");
    CLAIM(tm_current() == TM_UNTAGGED && tm_depth() == 0);
    void *before = hide(malloc(1000));
    CLAIM(tm_push(outer) == WITHOUT(TM_ABSENT));
    CLAIM(tm_current() == outer && tm_depth() == present);
    hide(malloc(10));
    {
        tm_scope(inner);
        CLAIM(tm_depth() == 2 * present);
        hide(malloc(4));
        {
            tm_scope(TM_UNTAGGED);
            before = hide(realloc(before, 2000)); /* made outside: stays what it was */
            free(hide(malloc(77)));
        }
        hide(calloc(4, 10));
    }
    hide(realloc(hide(malloc(1)), 30));
    hide(strdup("sixty-nine letters, which with their zero make a copy of seventy ...."));
    CLAIM(tm_pop() == WITHOUT(TM_ABSENT));
    CLAIM(tm_current() == TM_UNTAGGED && tm_depth() == 0);
    free(before);
    if (present) {
        CLAIM(tag_holds(outer, 3, 10 + 30 + 70, 3));
        CLAIM(tag_holds(inner, 2, 44, 2));
        CLAIM(tag_info(outer, TM_TREE).counts.live_bytes == 110 + 44);
        CLAIM(tag_info(inner, TM_TREE).counts.live_blocks == 2);
        CLAIM(tag_info(outer, 0).resizes == 1);
    }
}

static jmp_buf out;

static void leave_from(int depth)
{
    tm_scope(tag_named("jumps"));
    if (depth > 0)
        leave_from(depth - 1);
    if (hide_size(1) != 0)
        longjmp(out, 1);
}

/* Ten scopes are left at once; the one around them ends them all. */
static void jumps(void)
{
    tm_tag outer = tag_named("jumps/outer");
    tm_tag deepest = tag_named("jumps");
    volatile int depth = tm_depth();
    for (volatile unsigned round = 0; round < 100; round++) {
        tm_scope(outer);
        volatile int here = tm_depth();
        if (setjmp(out) == 0)
            leave_from(9);
        CLAIM(tm_depth() == here + 10 * present && tm_current() == deepest);
        CLAIM(tm_restore(here) == WITHOUT(TM_ABSENT));
        CLAIM(tm_depth() == here && tm_current() == outer);
        if (setjmp(out) == 0)
            leave_from(9); /* and once more, for the scope's own end to repair */
    }
    CLAIM(tm_depth() == depth && tm_current() == TM_UNTAGGED);
}

/* ---- blocks ---- */

/* In all: "blocks" keeps 5 blocks of 100 + 200 + 300 + 4096 + 6 bytes. */
static void blocks(void)
{
    tm_tag tag = tag_named("blocks");
    tm_tag around = tag_named("blocks around");
    tm_scope(around);
    void *p = tm_malloc(tag, 100);
    char *zeroed = (char *)tm_calloc(tag, 20, 10);
    CLAIM(is_zero(zeroed, 200));
    void *grown = tm_realloc(tag, NULL, 3);
    grown = tm_realloc(tag, grown, 300);
    void *aligned = tm_aligned_alloc(tag, 4096, 4096);
    CLAIM((uintptr_t)aligned % 4096 == 0);
    char *copy = tm_strdup(tag, "hello");
    CLAIM(strcmp(copy, "hello") == 0);
    CLAIM(tm_current() == around);
    CLAIM(hide(tm_calloc(tag, hide_size(SIZE_MAX / 2), 4)) == NULL);
    CLAIM(hide(tm_malloc(tag, hide_size(PTRDIFF_MAX))) == NULL);
    void *theirs = hide(malloc(5000));
    theirs = tm_realloc(tag, theirs, 6000); /* comes over */
    if (present) {
        CLAIM(is_tagged(p, tag) && is_tagged(zeroed, tag) && is_tagged(grown, tag) && is_tagged(theirs, tag));
        CLAIM(tag_holds(tag, 6, 100 + 200 + 300 + 4096 + 6 + 6000, 6));
        CLAIM(tag_holds(around, 0, 0, 0));
        CLAIM(tag_info(tag, 0).failures == 2);
    }
    theirs = tm_realloc(TM_UNTAGGED, theirs, 7000); /* stays */
    CLAIM(!present || is_tagged(theirs, tag));
    free(theirs);
    hide(p), hide(zeroed), hide(grown), hide(aligned), hide(copy);
}

/* In all: "to" keeps 3 blocks of 64 + 100000 + 256 bytes, "from" nothing. */
static void retag(void)
{
    tm_tag from = tag_named("from");
    tm_tag to = tag_named("to");
    void *young = tm_malloc(from, 64);
    void *large = tm_malloc(from, 100000);
    void *aligned = tm_aligned_alloc(from, 256, 256);
    nap(600); /* two ticks: the blocks have settled */
    void *fresh = tm_malloc(from, 32);
    uint64_t age = present ? block_info(young).age_ms : 0;
    CLAIM(tm_retag(young, to) == WITHOUT(TM_ABSENT));
    CLAIM(tm_retag(large, to) == WITHOUT(TM_ABSENT));
    CLAIM(tm_retag(aligned, to) == WITHOUT(TM_ABSENT));
    if (present) {
        CLAIM(age >= 250 && block_info(young).age_ms >= age);
        CLAIM(tag_holds(from, 1, 32, 1));
        CLAIM(tag_holds(to, 3, 100320, 3));
        CLAIM(tm_retag(fresh, to) == TM_OK && tag_holds(to, 4, 100352, 4) && tag_holds(from, 0, 0, 0));
        CLAIM(tm_retag(fresh, TM_UNTAGGED) == TM_OK && tag_holds(to, 3, 100320, 3));
        CLAIM(strcmp(tm_tag_name(block_info(fresh).tag), tm_tag_name(block_info(hide(malloc(1))).tag)) == 0);
        CLAIM(tm_retag(fresh, to) == TM_OK);
        CLAIM(tm_retag(fresh, to) == TM_OK && tag_holds(to, 4, 100352, 4));
        struct tm_tag_info info = tag_info(to, 0);
        CLAIM(info.peak_bytes >= 100352 && info.peak_bytes <= 100352 + 64 * 1024);
    }
    fresh = hide(realloc(fresh, 3000));
    CLAIM(!present || (is_tagged(fresh, to) && tag_holds(to, 4, 103320, 4)));
    free(fresh);
    hide(young), hide(large), hide(aligned);
}

/* What moves to and fro, settled or not, leaves nothing behind. */
static void retag_storm(void)
{
    enum { BLOCKS = 200 };
    tm_tag tag[3] = {tag_named("storm a"), tag_named("storm b"), tag_named("storm c")};
    void *block[BLOCKS];
    unsigned random = 12345;
    for (unsigned i = 0; i < BLOCKS; i++)
        block[i] = tm_malloc(tag[0], i * 37);
    for (double end = seconds() + 0.8; seconds() < end;) {
        random = random * 1103515245 + 12345;
        unsigned i = random / 65536 % BLOCKS;
        if (random / 7 % 5 == 0)
            block[i] = hide(realloc(block[i], 1 + random / 1000 % 5000));
        else
            tm_retag(block[i], tag[random / 11 % 3]);
    }
    uint64_t blocks = 0;
    for (unsigned t = 0; present && t < 3; t++) {
        struct tm_tag_info info = tag_info(tag[t], 0);
        uint64_t aged = 0;
        for (unsigned row = 0; row < TM_AGE_ROWS; row++)
            aged += info.age_blocks[row];
        CLAIM(aged == info.counts.live_blocks);
        blocks += info.counts.live_blocks;
    }
    CLAIM(!present || blocks == BLOCKS);
    for (unsigned i = 0; i < BLOCKS; i++)
        free(block[i]);
    for (unsigned t = 0; present && t < 3; t++)
        CLAIM(tag_info(tag[t], 0).counts.live_blocks == 0 && tag_info(tag[t], 0).counts.live_bytes == 0);
}

/* ---- asking ---- */

static void ask(void)
{
    char name[TM_SITE_NAME] = "";
    struct tm_block_info info = {.struct_size = sizeof info};
    int local = 0;
    void *p = hide(malloc(12345));
    CLAIM(tm_ask(p, &info) == WITHOUT(TM_ABSENT));
    if (present) {
        CLAIM(info.size == 12345 && info.made == TM_MADE_MALLOC && info.counted == 1 && info.age_ms <= 500);
        CLAIM((uintptr_t)info.call_site - (uintptr_t)ask < 4096);
        int length = tm_site_name(info.site, name, sizeof name);
        CLAIM(length > 0 && (size_t)length == strlen(name) && strncmp(name, tm_tag_name(info.tag), 3) == 0);
        CLAIM(tm_site_name(info.site, name, 4) == length && strlen(name) == 3);
        CLAIM(tm_site_name(info.site, NULL, 0) == length);
        CLAIM(tm_site_name(0, name, 4) == TM_UNKNOWN && tm_site_name(UINT_MAX, name, 4) == TM_UNKNOWN);
    }
    const void *const foreign[] = {
        (char *)p + 16,
        &local,
        (const void *)ask,
        (const void *)1,
        (const void *)16,
        (const void *)4096,
        (void *)-16,
        environ,
        &info,
        "a text",
        (const void *)0x8000000000000000,
        (char *)p + 4096,
    };
    for (unsigned i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        CLAIM(tm_ask(foreign[i], &info) == (present ? TM_FOREIGN : TM_ABSENT));
    free(p);
    CLAIM(tm_ask(p, &info) == (present ? TM_FOREIGN : TM_ABSENT));
}

/* A program built with a header older or newer than the library. */
static void sizes(void)
{
    struct {
        struct tm_process_info info;
        char more[100];
    } large;
    if (!present)
        return;
    hide(malloc(1));
    memset(&large, 0x5a, sizeof large);
    large.info.struct_size = sizeof large;
    CLAIM(tm_process_stats(&large.info) == TM_OK);
    CLAIM(large.info.struct_size == sizeof large.info && is_zero(large.more, sizeof large.more));
    memset(&large, 0x5a, sizeof large);
    large.info.struct_size = offsetof(struct tm_process_info, counts.live_bytes);
    CLAIM(tm_process_stats(&large.info) == TM_OK);
    CLAIM(large.info.struct_size == offsetof(struct tm_process_info, counts.live_bytes));
    CLAIM(large.info.counts.live_blocks > 0 && large.info.counts.live_blocks < 1000000);
    CLAIM(large.info.counts.live_bytes == 0x5a5a5a5a5a5a5a5a);
}

/* ---- threads ---- */

enum { THREADS = 8, ROUNDS = 20000 };

static tm_tag own_tag[THREADS], common;
static pthread_barrier_t barrier;

/* Each in its own scope, all in a common one, and half of the blocks freed by others. */
static void *in_scopes(void *index)
{
    unsigned self = (unsigned)(uintptr_t)index;
    char name[32];
    void *last = NULL;
    snprintf(name, sizeof name, "thread %u", self);
    own_tag[self] = tag_named(name);
    CLAIM(tm_current() == TM_UNTAGGED && tm_depth() == 0);
    pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < ROUNDS; i++) {
        tm_scope(own_tag[self]);
        void *p = hide(malloc(i % 100));
        tm_scope(common);
        free(p);
        void *q = hide(malloc(i % 50));
        free(last);
        last = q;
        tm_push(own_tag[self]);
        tm_pop();
    }
    CLAIM(tm_current() == TM_UNTAGGED && tm_depth() == 0);
    struct tm_thread_info info = {.struct_size = sizeof info};
    CLAIM(tm_thread_stats(0, &info) == WITHOUT(TM_ABSENT));
    if (present)
        CLAIM(info.tid == gettid() && info.counts.allocated_blocks >= 2 * ROUNDS);
    return last;
}

static void *inherits(void *expected)
{
    tm_tag tag = (tm_tag)(uintptr_t)expected;
    CLAIM(tm_current() == tag);
    void *p = hide(malloc(40));
    CLAIM(!present || is_tagged(p, tag));
    return p;
}

/* In all: "common" keeps 8 blocks of 49 bytes; "handed" one of 40. */
static void threads(void)
{
    pthread_t thread[THREADS];
    void *kept;
    common = tag_named("common");
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], NULL, in_scopes, (void *)i) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], &kept), hide(kept);
    if (present) {
        CLAIM(tag_holds(common, THREADS, THREADS * 49, THREADS * ROUNDS));
        for (unsigned i = 0; i < THREADS; i++)
            CLAIM(tag_holds(own_tag[i], 0, 0, ROUNDS));
        struct tm_thread_info info = {.struct_size = sizeof info};
        CLAIM(tm_thread_stats(INT_MAX, &info) == TM_UNKNOWN && tm_thread_stats(-1, &info) == TM_UNKNOWN);
    }
    tm_tag handed = tag_named("handed");
    tm_push(handed);
    MUST(tm_pthread_create(&thread[0], NULL, inherits, (void *)(uintptr_t)tm_current()) == 0);
    tm_pop();
    pthread_join(thread[0], &kept);
}

/* A thread that is renamed in a scope, under rule=thread/renamed:by-name. */
static void renamed(void)
{
    tm_tag tag = tag_named("scope");
    tm_push(tag);
    pthread_setname_np(pthread_self(), "renamed");
    CLAIM(tm_current() == tag);
    hide(malloc(100));
    tm_pop();
    hide(malloc(200));
    tm_push(tag);
    hide(malloc(100));
    tm_push(TM_UNTAGGED);
    hide(malloc(200));
    tm_restore(0);
}

/* The same names by many threads at once, each in an order of its own: one number each, and no name twice. */
enum { NAMES = 500 };

static tm_tag number_of[THREADS][NAMES];

static void *registers(void *index)
{
    unsigned self = (unsigned)(uintptr_t)index;
    char name[32];
    pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < NAMES; i++) {
        unsigned n = (i * 7 + self * 61) % NAMES;
        snprintf(name, sizeof name, "name %u", n);
        number_of[self][n] = tag_named(name);
        free(tm_malloc(number_of[self][n], n));
    }
    return NULL;
}

static void names(void)
{
    pthread_t thread[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        MUST(pthread_create(&thread[i], NULL, registers, (void *)i) == 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    for (unsigned n = 0; present && n < NAMES; n++) {
        char name[32];
        snprintf(name, sizeof name, "name %u", n);
        CLAIM(strcmp(tm_tag_name(number_of[0][n]), name) == 0);
        for (unsigned i = 1; i < THREADS; i++)
            CLAIM(number_of[i][n] == number_of[0][n]);
        CLAIM(n % 50 != 0 || tag_holds(number_of[0][n], 0, 0, THREADS));
    }
}

/* A forked child is in its parent's scopes, and its books are its own. In all: "family" keeps one block of 100 bytes,
 * and another of 50 in the child. */
static void forked(void)
{
    tm_tag tag = tag_named("family");
    tm_scope(tag);
    hide(malloc(100));
    pid_t child = fork();
    if (child == 0) {
        CLAIM(tm_current() == tag && tm_depth() == present);
        hide(malloc(50));
        CLAIM(!present || tag_holds(tag, 2, 150, 2));
        tm_pop();
        CLAIM(tm_current() == TM_UNTAGGED);
        exit(0);
    }
    CLAIM(finish(child) == 0);
    CLAIM(tm_current() == tag && (!present || tag_holds(tag, 1, 100, 1)));
}

/* ---- control ---- */

/* In all: "pauses" keeps 2 blocks of 30 bytes. */
static void pauses(void)
{
    tm_tag tag = tag_named("pauses");
    tm_scope(tag);
    void *before = hide(malloc(100));
    void *grows = hide(malloc(10));
    CLAIM(tm_pause() == WITHOUT(TM_ABSENT) && tm_pause() == WITHOUT(TM_ABSENT));
    void *unseen[64];
    for (unsigned i = 0; i < 64; i++) {
        unseen[i] = i % 3 == 0 ? hide(malloc(i * 100)) : i % 3 == 1 ? hide(calloc(i, 10)) : hide(memalign(256, i));
        if (i % 3 == 1)
            CLAIM(is_zero(unseen[i], i * 10));
        fill(unseen[i], i, i);
    }
    CLAIM(tm_resume() == WITHOUT(TM_ABSENT));
    free(hide(malloc(1)));
    free(before);
    grows = hide(realloc(grows, 20));
    unseen[5] = hide(realloc(unseen[5], 1000));
    if (present) {
        CLAIM(tag_holds(tag, 1, 20, 2));
        CLAIM(block_info(unseen[0]).counted == 0 && block_info(unseen[9]).size == 900);
        CLAIM(block_info(grows).counted == 1);
        CLAIM(tm_retag(unseen[1], tag) == TM_OK && tag_holds(tag, 1, 20, 2));
    }
    CLAIM(tm_resume() == WITHOUT(TM_ABSENT));
    hide(malloc(10));
    unseen[6] = hide(realloc(unseen[6], 5000));
    for (unsigned i = 0; i < 64; i++) {
        CLAIM(holds(unseen[i], i, i));
        free(unseen[i]);
    }
    CLAIM(!present || tag_holds(tag, 2, 30, 3));
}

static volatile bool stop;

static void *keeps_allocating(void *unused)
{
    while (!stop)
        for (unsigned i = 0; i < 100; i++)
            free(hide(malloc(i)));
    return unused;
}

/* Whatever a thread is in the middle of when the pause begins: once it was heard, nothing is counted. */
static void pause_under_way(void)
{
    enum { PAUSES = 200 };
    pthread_t thread[3];
    tm_tag tag = tag_named("under way");
    for (unsigned i = 0; i < 3; i++)
        MUST(pthread_create(&thread[i], NULL, keeps_allocating, NULL) == 0);
    for (unsigned round = 0; round < PAUSES; round++) {
        tm_scope(tag);
        void *p = hide(malloc(50));
        tm_pause();
        void *q = hide(malloc(60));
        CLAIM(!present || (block_info(q).counted == 0 && block_info(p).counted == 1));
        if (round % 2)
            nap(1);
        free(p);
        tm_resume();
        free(q);
    }
    stop = true;
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    CLAIM(!present || tag_holds(tag, 0, 0, PAUSES));
}

static tm_tag first_asked;

static void *asks_for_a_tag_first(void *unused)
{
    (void)unused;
    return tm_malloc(first_asked, 40);
}

static void *allocated_by_a_thread(void)
{
    pthread_t thread;
    void *block;
    MUST(pthread_create(&thread, NULL, asks_for_a_tag_first, NULL) == 0);
    MUST(pthread_join(thread, &block) == 0);
    return block;
}

/* What a thread that has ended knew of call sites is nothing that the next one may rely on. */
static void pause_before_thread(void)
{
    first_asked = tag_named("first-asked");
    for (unsigned i = 0; i < 2; i++) /* the second one finds the site in the cache */
        hide(allocated_by_a_thread());
    CLAIM(tm_pause() == WITHOUT(TM_ABSENT));
    nap(600); /* a new tick is told */
    void *unseen = allocated_by_a_thread();
    CLAIM(!present || block_info(unseen).counted == 0);
    CLAIM(tm_resume() == WITHOUT(TM_ABSENT));
    CLAIM(!present || tag_holds(first_asked, 2, 80, 2));
    free(unseen);
}

static void baseline(void)
{
    tm_tag tag = tag_named("baseline");
    tm_scope(tag);
    free(hide(malloc(10000000)));
    hide(malloc(1000));
    CLAIM(!present || tag_info(tag, 0).peak_bytes >= 10000000);
    CLAIM(tm_baseline() == WITHOUT(TM_ABSENT));
    if (!present)
        return;
    struct tm_tag_info info = tag_info(tag, 0);
    CLAIM(info.peak_bytes >= 1000 && info.peak_bytes < 200000 && info.counts.allocated_bytes == 10001000);
    free(hide(malloc(5000000)));
    CLAIM(tag_info(tag, 0).peak_bytes >= 5000000 && tag_info(tag, 0).peak_bytes < 5200000);
}

static void buffer(void)
{
    static char text[200000], part[100];
    tm_tag tag = tag_named("in the buffer");
    void *p = tm_malloc(tag, 4321);
    long length = tm_report_buffer(text, sizeof text);
    CLAIM(present ? length > 1000 : length == TM_ABSENT);
    if (present) {
        CLAIM((size_t)length == strlen(text) && strstr(text, "(request)") != NULL);
        CLAIM(strstr(text, "\nin?the?buffer ") != NULL);
        memset(part, 'x', sizeof part);
        CLAIM(tm_report_buffer(part, 50) > 1000 && strlen(part) == 49 && part[50] == 'x');
        CLAIM(tm_report_buffer(NULL, 0) > 1000);
    }
    free(p);
}

/* ---- misuse: each twice, and told once ---- */

static void misuse(void)
{
    char name[65];
    int error = 0;
    struct tm_tag_info info = {.struct_size = sizeof info};
    struct tm_block_info block = {.struct_size = 0};
    tm_tag good = tag_named("good");
    void *p = tm_malloc(good, 8);
    if (!present)
        return;
    memset(name, 'n', sizeof name - 1), name[64] = '\0';
    for (unsigned round = 0; round < 2; round++) {
        CLAIM(tm_tag_register("a\tb", &error) == 0 && error == TM_INVALID);
        CLAIM(tm_tag_register("", &error) == 0 && error == TM_INVALID);
        CLAIM(tm_tag_register("\xff", NULL) == 0);
        CLAIM(tm_tag_register(name, &error) == 0 && error == TM_INVALID);
        CLAIM(tm_tag_register("(untagged)", &error) == 0 && error == TM_INVALID);
        CLAIM(tm_tag_register("(other)", &error) == 0 && error == TM_INVALID);
        CLAIM(tm_tag_register(NULL, &error) == 0 && error == TM_INVALID);
        CLAIM(tm_pop() == TM_UNBALANCED && tm_depth() == 0);
        CLAIM(tm_restore(1) == TM_UNBALANCED && tm_restore(-1) == TM_INVALID && tm_restore(INT_MAX) == TM_UNBALANCED);
        CLAIM(tm_push(4095) == TM_UNKNOWN && tm_push(UINT_MAX) == TM_UNKNOWN && tm_depth() == 2);
        CLAIM(tm_current() == TM_UNTAGGED && tm_pop() == TM_OK && tm_pop() == TM_OK);
        CLAIM(tm_retag(NULL, good) == TM_INVALID && tm_retag(p, 4000) == TM_UNKNOWN);
        CLAIM(tm_retag(&error, good) == TM_FOREIGN && tm_retag((char *)p + 16, good) == TM_FOREIGN);
        CLAIM(tm_ask(NULL, &block) == TM_INVALID && tm_ask(p, NULL) == TM_INVALID && tm_ask(p, &block) == TM_INVALID);
        CLAIM(tm_tag_stats(4000, 0, &info) == TM_UNKNOWN && tm_tag_stats(good, 0, NULL) == TM_INVALID);
        CLAIM(tm_tag_stats(good, 0xf0, &info) == TM_INVALID);
        info.struct_size = 1 << 30;
        CLAIM(tm_tag_stats(good, 0, &info) == TM_INVALID);
        info.struct_size = sizeof info;
        CLAIM(tm_resume() == TM_UNBALANCED);
        CLAIM(tm_report(-1) == TM_INVALID && tm_report_buffer(NULL, 10) == TM_INVALID);
        CLAIM(tm_tag_name(UINT_MAX) == NULL && tm_tag_name(4000) == NULL);
        for (int depth = 0; depth < 100; depth++)
            CLAIM(tm_push(good) == (depth < 64 ? TM_OK : TM_FULL) && tm_depth() == depth + 1);
        for (int depth = 100; depth-- > 0;)
            CLAIM(tm_current() == good && tm_pop() == TM_OK && tm_depth() == depth);
        free(tm_malloc(4001, 5));
    }
    CLAIM(tag_holds(good, 1, 8, 1));
}

static void full(void)
{
    char name[16];
    int error = 0;
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%u", i);
        tm_tag tag = tm_tag_register(name, &error);
        CLAIM(present ? (tag != 0) == (error == TM_OK) : error == TM_ABSENT);
        free(tm_malloc(tag, 10));
    }
    CLAIM(error == (present ? TM_FULL : TM_ABSENT) && tm_tag_count() == (present ? 4096 : 0));
    for (tm_tag tag = 0; tag < tm_tag_count(); tag++)
        CLAIM(tm_tag_name(tag)[0] != '\0' && (tag < 2 || tm_tag_register(tm_tag_name(tag), NULL) == tag));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {
        {"names", names},
        {"forked", forked},
        {"scopes", scopes},
        {"jumps", jumps},
        {"blocks", blocks},
        {"retag", retag},
        {"storm", retag_storm},
        {"ask", ask},
        {"sizes", sizes},
        {"threads", threads},
        {"renamed", renamed},
        {"pauses", pauses},
        {"under_way", pause_under_way},
        {"before_thread", pause_before_thread},
        {"baseline", baseline},
        {"buffer", buffer},
        {"misuse", misuse},
        {"full", full},
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
