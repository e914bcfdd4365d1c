/* A program that says what its memory is for, checks what it is told, and leaves some blocks for the report. Bare,
 * every call does nothing; what it prints on stdout is the same. Here: scopes, blocks, questions, misuse; api_threads.c
 * and api_control.c have the rest. */
#include "api.h"

#include <limits.h>
#include <setjmp.h>

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
    static const struct api_part parts[] = {
        {"scopes", scopes}, {"jumps", jumps}, {"blocks", blocks}, {"retag", retag}, {"storm", retag_storm},
        {"ask", ask},       {"sizes", sizes}, {"misuse", misuse}, {"full", full},
    };
    return run_api_part(parts, sizeof parts / sizeof parts[0], argc, argv);
}
