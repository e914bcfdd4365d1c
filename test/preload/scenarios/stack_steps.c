/* A signal handler that allocates after every single instruction of the library's own work (the trap flag of x86),
 * on a signal stack whose use is measured. Needs an allocator below that a handler may interrupt (bump.so). */
#include "frames.h"

#include <pthread.h>
#include <signal.h>

enum { STACK = 64 * 1024, PAINT = 0xA5 };

static _Alignas(4096) unsigned char signal_stack[STACK];
static unsigned char *handler_frame;
static unsigned long steps;

FRAME void handles(int signal)
{
    (void)signal;
    handler_frame = (unsigned char *)__builtin_frame_address(0);
    keeps(16);
    free(hide(malloc(24)));
    steps++;
    STAY;
}

/* Past the red zone. */
#define TRAP_FLAG(change)                                                                                 \
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\t" change "\n\tpopfq\n\tleaq 128(%%rsp), %%rsp" \
                     :                                                                                    \
                     :                                                                                    \
                     : "cc", "memory")

FRAME void stepped(void (*work)(void))
{
    TRAP_FLAG("orq $0x100, (%%rsp)");
    work();
    TRAP_FLAG("andq $~0x100, (%%rsp)");
    STAY;
}

FRAME void allocates(void)
{
    keeps(100);
    STAY;
}

static void *kept;

FRAME void resizes(void)
{
    kept = realloc(kept, 3000);
    kept = realloc(kept, 30);
    STAY;
}

FRAME void aligns(void)
{
    void *p = NULL;
    MUST(posix_memalign(&p, 64, 100) == 0);
    free(p);
    free(calloc(10, 10));
    STAY;
}

FRAME void goes_deep(unsigned levels)
{
    if (levels > 0)
        goes_deep(levels - 1);
    else
        keeps(8);
    STAY;
}

FRAME void ends_deep(void)
{
    goes_deep(30);
    goes_deep(20);
    STAY;
}

static void all_of_it(void)
{
    stepped(allocates);
    stepped(allocates);
    stepped(ends_deep);
    stepped(resizes);
    stepped(aligns);
}

FRAME void *in_thread(void *unused)
{
    const stack_t stack = {.ss_sp = signal_stack, .ss_size = STACK};
    MUST(sigaltstack(&stack, NULL) == 0);
    all_of_it();
    return unused;
}

/* How far down from the handler its stack was written to. */
static unsigned long bytes_used(void)
{
    unsigned char *at = signal_stack;
    while (*at == PAINT)
        at++;
    return (unsigned long)(handler_frame - at);
}

int main(void)
{
    pthread_t thread;
    const struct sigaction action = {.sa_handler = handles, .sa_flags = SA_ONSTACK};
    memset(signal_stack, PAINT, STACK);
    MUST(sigaction(SIGTRAP, &action, NULL) == 0);
    MUST(pthread_create(&thread, NULL, in_thread, NULL) == 0);
    pthread_join(thread, NULL);
    in_thread(NULL);
    dprintf(1, "steps=%lu\nbytes=%lu\n", steps, bytes_used());
    return 0;
}
