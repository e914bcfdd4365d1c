/* Not a page more to be had when a thread makes its first allocation: malloc and free go on for as long as the
 * real allocator has room, then fail with ENOMEM, then work again. */
#include "blocks.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { STOCK = 2000 };

static void *stock[STOCK];
static pthread_barrier_t barrier;

static void *run(void *unused)
{
    void *made[100];
    pthread_barrier_wait(&barrier); /* the limit stands */
    for (unsigned i = 0; i < 100; i++) {
        made[i] = hide(malloc(500));
        MUST(made[i] != NULL);
        fill(made[i], 500, i);
    }
    for (unsigned i = 0; i < 100; i++) {
        MUST(holds(made[i], 500, i));
        free(made[i]);
    }
    errno = 0;
    void *too_much = hide(malloc(64 << 20));
    printf("64 MiB: %s, %s\n", too_much ? "given" : "refused", errno_name(errno));
    return unused;
}

int main(void)
{
    pthread_t thread;
    struct rlimit limit, full = {1 << 20, RLIM_INFINITY};
    mallopt(M_ARENA_MAX, 1);
    setvbuf(stdout, NULL, _IONBF, 0);
    pthread_barrier_init(&barrier, NULL, 2);
    MUST(pthread_create(&thread, NULL, run, NULL) == 0);
    for (unsigned i = 0; i < STOCK; i++)
        stock[i] = block(600);
    for (unsigned i = 0; i < STOCK; i += 2) /* the room that is left in the heap */
        free(stock[i]);
    for (unsigned i = 1; i < STOCK / 2; i += 2)
        free(stock[i]);
    MUST(getrlimit(RLIMIT_AS, &limit) == 0 && setrlimit(RLIMIT_AS, &full) == 0);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    hide(block(3 << 20));
    puts("room again");
    return 0;
}
