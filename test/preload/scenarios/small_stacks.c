/* Threads of 16 KiB: an allocation, a report and the exit must fit beside what the C library itself needs.
 *
 *   small_stacks threads   40 threads at a time, each uses every entry point
 *   small_stacks exit      one of them calls exit
 *   small_stacks signal    a handler on a signal stack of 16 KiB calls exit */
#include "scene.h"

#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

enum { THREADS = 40, STACK = 16384 };

static volatile unsigned done;

static void *uses_all(void *unused)
{
    void *aligned = NULL;
    char *p = block(100);
    p = realloc(p, 300000);
    MUST(p != NULL && p[99] == 0x5a);
    free(p);
    MUST(posix_memalign(&aligned, 4096, 100) == 0 && malloc_usable_size(aligned) >= 100);
    free(aligned);
    free(calloc(10, 10));
    free(strdup("text"));
    free(memalign(64, 64));
    free(aligned_alloc(32, 64));
    churn(1000);
    nap(150); /* the reporter looks at us */
    churn(1000);
    __atomic_fetch_add(&done, 1, __ATOMIC_RELAXED);
    return unused;
}

static void *exits(void *unused)
{
    churn(100);
    exit(5);
    return unused;
}

static void exits_by_signal(int signal)
{
    (void)signal;
    churn(100);
    exit(6);
}

static pthread_t start(void *(*run)(void *))
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    MUST(pthread_attr_setstacksize(&attributes, STACK) == 0);
    MUST(pthread_create(&thread, &attributes, run, NULL) == 0);
    return thread;
}

/* With a page below it that nobody may touch. */
static void signal_on_small_stack(void)
{
    char *memory = mmap(NULL, STACK + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED && mprotect(memory, 4096, PROT_NONE) == 0);
    const stack_t stack = {.ss_sp = memory + 4096, .ss_size = STACK};
    const struct sigaction action = {.sa_handler = exits_by_signal, .sa_flags = SA_ONSTACK};
    MUST(sigaltstack(&stack, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    raise(SIGUSR1);
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    pthread_t threads[THREADS];
    if (strcmp(argv[1], "exit") == 0)
        pthread_join(start(exits), NULL);
    if (strcmp(argv[1], "signal") == 0)
        signal_on_small_stack();
    for (unsigned i = 0; i < THREADS; i++)
        threads[i] = start(uses_all);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("%u threads done\n", done);
    return 0;
}
