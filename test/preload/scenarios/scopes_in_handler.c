/* scopes_in_handler MS: a timer's handler begins and ends scopes, in balance, wherever it strikes in a program that
 * does the same: the depth is right after each. */
#include "scene.h"

#include <signal.h>
#include <sys/time.h>

#include "../../../include/trackmalloc.h"

static volatile unsigned handled, bad;
static tm_tag tag;

static void on_alarm(int signal)
{
    (void)signal;
    int depth = tm_depth();
    bool good = tm_push(tag) == TM_OK && tm_pop() == TM_OK;
    bad += tm_library() != NULL && (!good || tm_depth() != depth);
    handled++;
}

int main(int argc, char **argv)
{
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
    MUST(argc == 2 && sigaction(SIGALRM, &action, NULL) == 0);
    free(block(1)); /* the thread is known from here on */
    tag = tm_tag_register("scope", NULL);
    double end = seconds() + atoi(argv[1]) / 1000.0;
    MUST(setitimer(ITIMER_REAL, &often, NULL) == 0);
    while (seconds() < end && bad == 0)
        for (unsigned i = 0; i < 10000; i++) {
            int pushed = tm_push(tag), popped = tm_pop();
            bad += tm_library() != NULL && (pushed != TM_OK || popped != TM_OK || tm_depth() != 0);
        }
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%s, %s\n", handled > 10 ? "handled" : "hardly handled", bad == 0 ? "all good" : "some bad");
    return 0;
}
