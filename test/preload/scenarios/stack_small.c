/* A thread of the smallest stack there is. Prints how many bytes of stack an allocation needs, measured by paint; and
 * allocates with not much more than 6 KiB left. */
#include "frames.h"

#include <pthread.h>
#include <sys/mman.h>

enum { SMALLEST = 16384, PAINTED = 9 * 1024, LEFT = 6 * 1024 + 512, PAINT = 0xA5, RED_ZONE = 256 };

static unsigned char *stack_end;
static unsigned long most;
static void *kept;

static void mallocs(void)
{
    kept = malloc(100);
}

static void callocs(void)
{
    free(calloc(3, 700));
}

static void reallocs(void)
{
    kept = realloc(kept, 5000);
    kept = realloc(kept, 50);
}

static void aligns(void)
{
    void *p = NULL;
    MUST(posix_memalign(&p, 4096, 100) == 0);
    p = realloc(p, 200);
    free(p);
}

static void copies(void)
{
    free(strdup("text"));
}

static void frees(void)
{
    free(kept);
}

static void (*const works[])(void) = {mallocs, mallocs, callocs, reallocs, aligns, copies, frees};

/* Below this function's frame, as far as it is sure to be there. */
FRAME void paints(void)
{
    unsigned char room[PAINTED];
    memset(hide(room), PAINT, PAINTED);
    hide(room);
}

FRAME unsigned long measures(void (*work)(void))
{
    unsigned char *here = (unsigned char *)__builtin_frame_address(0);
    paints();
    work();
    unsigned char *at = here - PAINTED + RED_ZONE;
    while (*(volatile unsigned char *)at == PAINT)
        at++;
    return (unsigned long)(here - at);
}

FRAME void near_the_end(void)
{
    char room[128];
    hide(room);
    if ((unsigned char *)__builtin_frame_address(0) - stack_end > LEFT)
        near_the_end();
    else
        for (unsigned i = 0; i < sizeof works / sizeof *works; i++)
            works[i]();
    hide(room);
}

static void *runs(void *unused)
{
    for (unsigned i = 0; i < sizeof works / sizeof *works; i++) {
        unsigned long bytes = measures(works[i]);
        most = bytes > most ? bytes : most;
    }
    near_the_end();
    return unused;
}

int main(void)
{
    static _Alignas(4096) unsigned char stack[2 * SMALLEST];
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    stack_end = stack + SMALLEST;
    MUST(mprotect(stack, SMALLEST, PROT_NONE) == 0);
    MUST(pthread_attr_setstack(&attributes, stack_end, SMALLEST) == 0);
    MUST(pthread_create(&thread, &attributes, runs, NULL) == 0);
    pthread_join(thread, NULL);
    printf("bytes=%lu\n", most);
    return 0;
}
