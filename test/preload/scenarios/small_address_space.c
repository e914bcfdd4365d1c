/* Little address space: how much of it can the program still map? Runs itself anew under the limit, so that the
 * library comes up under it; `threads` threads have allocated before. */
#include "blocks.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

static pthread_barrier_t barrier;

static void *run(void *unused)
{
    free(block(1000));
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return unused;
}

int main(int argc, char **argv)
{
    unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    if (argc < 3) {
        struct rlimit limit = {256 << 20, 256 << 20};
        char self[4096] = "";
        MUST(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
        MUST(setrlimit(RLIMIT_AS, &limit) == 0);
        execl(self, argv[0], argc > 1 ? argv[1] : "0", "inside", NULL);
        MUST(!"exec");
    }
    pthread_attr_t attributes;
    pthread_t thread;
    size_t mapped = 0;
    mallopt(M_ARENA_MAX, 1);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    pthread_barrier_init(&barrier, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++)
        MUST(pthread_create(&thread, &attributes, run, NULL) == 0);
    pthread_barrier_wait(&barrier);
    free(block(1000));
    while (mmap(NULL, 1 << 18, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        mapped += 1 << 18;
    printf("mapped=%zu\n", mapped);
    free(block(500)); /* and now that there is nothing left */
    fflush(stdout);
    pthread_barrier_wait(&barrier);
    return 0;
}
