/* Blocks made by one thread, resized by a second, freed by a third, and by main after all of them have ended.
 *
 * Exact under the program's own tag at the end: PRODUCERS * EACH allocations, KEPT live blocks of 100 bytes, KEPT_BIG
 * of 5,000 bytes; in between never more live than were made. */
#include "scene.h"

#include <pthread.h>

enum { PRODUCERS = 3, EACH = 100000, SLOTS = 512, KEPT = 1000, KEPT_BIG = 10 };

static struct ring {
    void *slot[SLOTS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned first, count;
} made = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER},
  resized = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void put(struct ring *ring, void *p)
{
    pthread_mutex_lock(&ring->lock);
    while (ring->count == SLOTS)
        pthread_cond_wait(&ring->changed, &ring->lock);
    ring->slot[(ring->first + ring->count++) % SLOTS] = p;
    pthread_cond_broadcast(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
}

static void *get(struct ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    while (ring->count == 0)
        pthread_cond_wait(&ring->changed, &ring->lock);
    void *p = ring->slot[ring->first++ % SLOTS];
    ring->count--;
    pthread_cond_broadcast(&ring->changed);
    pthread_mutex_unlock(&ring->lock);
    return p;
}

static void *produces(void *unused)
{
    for (unsigned i = 0; i < EACH; i++)
        put(&made, block(1 + i % 3000));
    return unused;
}

static void *resizes(void *unused)
{
    for (unsigned i = 0; i < PRODUCERS * EACH; i++) {
        void *p = get(&made);
        size_t size = i < KEPT ? 100 : i < KEPT + KEPT_BIG ? 5000 : 1 + i % 2000;
        MUST((p = realloc(p, size)) != NULL);
        put(&resized, p);
    }
    return unused;
}

static void *kept[KEPT + KEPT_BIG + 100];

static void *frees(void *unused)
{
    for (unsigned i = 0; i < PRODUCERS * EACH; i++) {
        void *p = get(&resized);
        if (i < KEPT + KEPT_BIG + 100)
            kept[i] = p;
        else
            free(p);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[PRODUCERS + 2];
    for (unsigned i = 0; i < PRODUCERS; i++)
        MUST(pthread_create(&threads[i], NULL, produces, NULL) == 0);
    MUST(pthread_create(&threads[PRODUCERS], NULL, resizes, NULL) == 0);
    MUST(pthread_create(&threads[PRODUCERS + 1], NULL, frees, NULL) == 0);
    for (unsigned i = 0; i < PRODUCERS + 2; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = KEPT + KEPT_BIG; i < KEPT + KEPT_BIG + 100; i++)
        free(kept[i]);
    return 0;
}
