/* Like api.c: tags and scopes of threads, and of a forked child. */
#include "api.h"

#include <limits.h>
#include <pthread.h>

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

int main(int argc, char **argv)
{
    static const struct api_part parts[] = {
        {"names", names},
        {"forked", forked},
        {"threads", threads},
        {"renamed", renamed},
    };
    return run_api_part(parts, sizeof parts / sizeof parts[0], argc, argv);
}
