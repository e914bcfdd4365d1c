/* Like api.c: pauses, the baseline, reports into a buffer. */
#include "api.h"

#include <pthread.h>

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

int main(int argc, char **argv)
{
    static const struct api_part parts[] = {
        {"pauses", pauses},
        {"under_way", pause_under_way},
        {"before_thread", pause_before_thread},
        {"baseline", baseline},
        {"buffer", buffer},
    };
    return run_api_part(parts, sizeof parts / sizeof parts[0], argc, argv);
}
