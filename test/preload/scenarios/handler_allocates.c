/* A signal handler allocates while main allocates. The two use sizes of different, filled bins of glibc's thread
 * cache, so that bare glibc bears it; the interposer has to bear it too, also where both meet a call site for the
 * first time, and must not lose a count.
 *
 *   handler_allocates sites     each from a few hundred call sites of its own
 *   handler_allocates wrapper   both through one function, whose call site is thus in use when the signal comes
 *
 * Exact under the program's own tag: `made` allocations, none live. */
#include "scene.h"

#include <signal.h>
#include <sys/time.h>

enum { SIGNALS = 1000 };

static const size_t main_sizes[] = {24, 40, 72, 136, 200, 264, 328, 392};
static const size_t handler_sizes[] = {520, 584, 648, 712, 776, 840, 904, 968};
static volatile unsigned long main_made, handler_made;
static volatile unsigned handled;

#define SITE(sizes, made, i) (free(malloc(sizes[(i) % 8])), made = made + 1);
#define SITES4(s, m, i)      SITE(s, m, i) SITE(s, m, i + 1) SITE(s, m, i + 2) SITE(s, m, i + 3)
#define SITES16(s, m, i)     SITES4(s, m, i) SITES4(s, m, i + 4) SITES4(s, m, i + 1) SITES4(s, m, i + 5)
#define SITES64(s, m, i)     SITES16(s, m, i) SITES16(s, m, i + 1) SITES16(s, m, i + 2) SITES16(s, m, i + 3)
#define SITES256(s, m, i)    SITES64(s, m, i) SITES64(s, m, i + 1) SITES64(s, m, i + 2) SITES64(s, m, i + 3)

static __attribute__((noinline)) void *xmalloc(size_t size)
{
    void *p = malloc(size);
    __asm__ volatile("" : "+r"(p)); /* no tail call: the call site is here */
    return p;
}

/* One size class of the library's, two bins of glibc's. */
static void handles_by_wrapper(int signal)
{
    (void)signal;
    for (unsigned i = 0; i < 50; i++, handler_made = handler_made + 1)
        free(xmalloc(456));
    handled = handled + 1;
}

static void handles(int signal)
{
    unsigned i = handled;
    (void)signal;
    switch (i % 4) { /* a part of the sites only: some stay new for later */
    case 0:
        SITES64(handler_sizes, handler_made, i) break;
    case 1:
        SITES64(handler_sizes, handler_made, i) break;
    case 2:
        SITES64(handler_sizes, handler_made, i) break;
    case 3:
        SITES64(handler_sizes, handler_made, i) break;
    }
    handled = i + 1;
}

static void fill_bins(void)
{
    for (unsigned i = 0; i < 8; i++) {
        free(malloc(main_sizes[i]));
        free(malloc(handler_sizes[i]));
        main_made += 2;
    }
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    bool wrapper = strcmp(argv[1], "wrapper") == 0;
    const struct sigaction action = {.sa_handler = wrapper ? handles_by_wrapper : handles};
    const struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    fill_bins();
    free(xmalloc(456));
    free(xmalloc(264));
    main_made += 2;
    MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (unsigned i = 0; handled < SIGNALS; i++) {
        if (wrapper)
            free(xmalloc(264)), main_made = main_made + 1;
        else {
            SITES256(main_sizes, main_made, i)
        }
    }
    setitimer(ITIMER_REAL, &never, NULL);
    dprintf(1, "made=%lu\n", main_made + handler_made);
    return 0;
}
