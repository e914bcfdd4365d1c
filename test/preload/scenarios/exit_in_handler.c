/* exit_in_handler WAY ROUNDS AT-A-TIME: runs itself as often, each time with a timer whose handler leaves by _exit or
 * exit, or becomes who it is already (setuid), wherever it strikes: in allocations from ever new call sites and names,
 * while whoever watches the process takes its reports. A child that is still there after five seconds hangs.
 *
 *   exit_in_handler WAY      is such a child */
#include "blocks.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>

enum { PATIENCE = 5, SITES = 4096, SITE_BYTES = 32 };

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

/* As in rare_paths.c: a call of malloc, each a call site of its own. */
static void generate(unsigned char *at)
{
    static const unsigned char head[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0xb8},
                               tail[] = {0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3};
    void *(*target)(size_t) = malloc;
    memcpy(at, head, sizeof head);
    memcpy(at + sizeof head, &target, sizeof target);
    memcpy(at + sizeof head + sizeof target, tail, sizeof tail);
}

static _Noreturn void child(unsigned first)
{
    const struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    /* About when the reports come; and again for who stays: an exit in the middle of exit is nobody's right. */
    const struct itimerval when = {{0, strcmp(way, "setuid") == 0 ? 3000 : 0}, {0, 90000 + first % 30000}};
    unsigned char *code =
        mmap(NULL, SITES * SITE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(code != MAP_FAILED && sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &when, NULL) == 0);
    for (unsigned i = 0;; i++) {
        void *(*site)(size_t);
        generate(code + i % SITES * SITE_BYTES);
        *(void **)&site = code + i % SITES * SITE_BYTES;
        free(site(24 + i % 512));
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
        double deadline = seconds() + PATIENCE;
        for (unsigned i = 0; i < begun; i++) {
            int status = status_of(pid[i], deadline);
            hung += status == -1;
            bad += status != -1 && (!WIFEXITED(status) || WEXITSTATUS(status) != 7);
        }
    }
    printf("%u hung, %u bad\n", hung, bad);
    return 0;
}
