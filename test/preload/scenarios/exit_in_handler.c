/* exit_in_handler WAY ROUNDS AT-A-TIME: runs itself as often, each time with a timer whose handler leaves by _exit or
 * exit, or becomes who it is already (setuid), wherever it strikes: in allocations from ever new call sites and names,
 * while whoever watches the process takes its reports. A child that is still there after five seconds hangs.
 *
 *   exit_in_handler WAY      is such a child */
#include "blocks.h"
#include "generated_sites.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

enum { TIMEOUT = 5, SITES = 4096 };

static const char *way;

static void on_alarm(int signal)
{
    static unsigned times;
    (void)signal;
    if (strcmp(way, "_exit") == 0)
        _exit(7);
    if (strcmp(way, "exit") == 0)
        exit(7);
    MUST(setuid(getuid()) == 0);
    if (++times == 20)
        _exit(7);
}

static _Noreturn void child(unsigned first)
{
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    /* About when the reports come; and again for who stays: an exit in the middle of exit is nobody's right. */
    const struct itimerval when = {{0, strcmp(way, "setuid") == 0 ? 3000 : 0}, {0, 90000 + first % 30000}};
    unsigned char *sites = sites_map(SITES);
    MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &when, NULL) == 0);
    for (unsigned i = 0;; i++) {
        free(site_malloc(sites, i % SITES, 24 + i % 512));
        if (i % 64 == 0) {
            char name[16];
            snprintf(name, sizeof name, "n%u", i % 1000);
            pthread_setname_np(pthread_self(), name);
        }
    }
}

/* -1: it hung, and was killed. */
static int status_of(pid_t pid, double deadline)
{
    int status;
    while (waitpid(pid, &status, WNOHANG) != pid) {
        if (seconds() > deadline) {
            kill(pid, SIGKILL);
            finish(pid);
            return -1;
        }
        nap(2);
    }
    return status;
}

int main(int argc, char **argv)
{
    MUST(argc >= 2);
    way = argv[1];
    if (argc == 3)
        child((unsigned)atoi(argv[2]));
    unsigned rounds = (unsigned)atoi(argv[2]), at_a_time = (unsigned)atoi(argv[3]), hung = 0, bad = 0;
    for (unsigned round = 0; round < rounds && hung < 3;) {
        pid_t pid[16];
        unsigned begun = 0;
        for (; begun < at_a_time && round < rounds; begun++, round++) {
            char number[16];
            snprintf(number, sizeof number, "%u", round * 7919);
            if ((pid[begun] = fork()) == 0) {
                execl("/proc/self/exe", argv[0], way, number, NULL);
                _exit(98);
            }
        }
        double deadline = seconds() + TIMEOUT;
        for (unsigned i = 0; i < begun; i++) {
            int status = status_of(pid[i], deadline);
            hung += status == -1;
            bad += status != -1 && (!WIFEXITED(status) || WEXITSTATUS(status) != 7);
        }
    }
    printf("%u hung, %u bad\n", hung, bad);
    return 0;
}
