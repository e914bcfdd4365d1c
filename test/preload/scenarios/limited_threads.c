/* Many threads under a limit of address space, and then a large mapping: whether the program gets what it wants.
 *
 *   limited_threads LIMIT_KIB THREADS STACK_KIB MAP_MIB PAIRS
 *
 * Runs itself anew under the limit, so that the library comes up under it. Each thread keeps a block of 100 bytes, and
 * allocates and frees PAIRS more. */
#include "blocks.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

static pthread_barrier_t barrier;
static unsigned pairs;

static void *run(void *unused)
{
    void *kept = block(100);
    pthread_barrier_wait(&barrier);
    churn(pairs);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    hide(kept);
    return unused;
}

static void enter_limit(char **argv)
{
    rlim_t bytes = (rlim_t)atol(argv[1]) << 10;
    struct rlimit limit = {bytes, bytes};
    char self[4096] = "";
    MUST(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
    MUST(setrlimit(RLIMIT_AS, &limit) == 0);
    execl(self, argv[0], argv[1], argv[2], argv[3], argv[4], argv[5], "inside", NULL);
    MUST(!"exec");
}

int main(int argc, char **argv)
{
    pthread_attr_t attributes;
    pthread_t thread;
    MUST(argc >= 6);
    if (argc == 6)
        enter_limit(argv);
    unsigned threads = (unsigned)atoi(argv[2]);
    pairs = (unsigned)atoi(argv[5]);
    mallopt(M_ARENA_MAX, 1);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)atoi(argv[3]) << 10);
    pthread_barrier_init(&barrier, NULL, threads + 1);
    for (unsigned i = 0; i < threads; i++) {
        int error = pthread_create(&thread, &attributes, run, NULL);
        if (error != 0) {
            printf("thread %u of %u is refused: %s\n", i + 1, threads, strerror(error));
            fflush(stdout);
            _exit(1);
        }
    }
    pthread_barrier_wait(&barrier);
    size_t bytes = (size_t)atoi(argv[4]) << 20;
    bool mapped = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    printf("%u threads, %s MiB %s\n", threads, argv[4], mapped ? "mapped" : "not mapped");
    return 0;
}
