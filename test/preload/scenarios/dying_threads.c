/* dying_threads COUNT: threads that end in the middle - cancelled while they sleep, or at a point in a loop that
 * allocates, or by pthread_exit - with blocks that cleanup handlers, destructors of keys (in their last round, too) and
 * main free. Nothing is left in the end. */
#include "blocks.h"

#include <pthread.h>

enum { AT_ONCE = 8, KEPT = 30, LAST_ROUND = 4 /* PTHREAD_DESTRUCTOR_ITERATIONS */ };

struct last {
    unsigned round;
    void *block;
};

static pthread_key_t key, last_key;
static unsigned destroyed, last_destroyed;

static void destroy_block(void *block)
{
    __atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED);
    free(block);
}

/* Comes again until the last round that there is, and frees there. */
static void destroy_last(void *argument)
{
    struct last *last = argument;
    if (++last->round < LAST_ROUND) {
        last->block = realloc(last->block, 100 * last->round);
        pthread_setspecific(last_key, last);
        return;
    }
    __atomic_fetch_add(&last_destroyed, 1, __ATOMIC_RELAXED);
    free(last->block);
    free(last);
    free(malloc(1000));
}

static void clean(void *kept)
{
    for (unsigned i = 0; i < KEPT; i++)
        free(((void **)kept)[i]);
}

static void work_until_cancelled(bool asleep)
{
    void *kept[KEPT] = {NULL};
    pthread_cleanup_push(clean, kept);
    for (unsigned i = 0;; i++) {
        free(kept[i % KEPT]);
        kept[i % KEPT] = block(1 + i % 2000);
        if (asleep && i > KEPT)
            sleep(100);
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
}

static void leave(void *block)
{
    free(malloc(10));
    pthread_exit(block);
}

static void *live(void *argument)
{
    unsigned way = (unsigned)(uintptr_t)argument % 4;
    struct last *last = malloc(sizeof *last);
    *last = (struct last){0, block(50)};
    pthread_setspecific(last_key, last);
    pthread_setspecific(key, block(300));
    if (way < 2)
        work_until_cancelled(way == 0);
    void *left = block(400);
    if (way == 2)
        leave(left);
    return left;
}

static void wave(unsigned first)
{
    pthread_t thread[AT_ONCE];
    for (unsigned i = 0; i < AT_ONCE; i++)
        MUST(pthread_create(&thread[i], NULL, live, (void *)(uintptr_t)(first + i)) == 0);
    nap(2);
    for (unsigned i = 0; i < AT_ONCE; i++)
        if ((first + i) % 4 < 2)
            pthread_cancel(thread[i]);
    for (unsigned i = 0; i < AT_ONCE; i++) {
        void *left;
        MUST(pthread_join(thread[i], &left) == 0);
        MUST((left == PTHREAD_CANCELED) == ((first + i) % 4 < 2));
        if (left != PTHREAD_CANCELED)
            free(left);
    }
}

int main(int argc, char **argv)
{
    MUST(argc == 2 && pthread_key_create(&key, destroy_block) == 0);
    MUST(pthread_key_create(&last_key, destroy_last) == 0);
    unsigned count = (unsigned)atoi(argv[1]);
    for (unsigned i = 0; i < count; i += AT_ONCE)
        wave(i);
    /* A thread that was cancelled before it had begun has nothing to destroy; 2 ms make that rare. */
    printf("destroyed as often: %d, at least half: %d\n", destroyed == last_destroyed, 2 * destroyed >= count);
    return 0;
}
