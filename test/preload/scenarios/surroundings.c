/* What a library could change about its process: told at start, after some reports, and in an exit handler. */
#include "scene.h"

#include <locale.h>
#include <sched.h>
#include <sys/resource.h>
#include <xmmintrin.h>

extern char **environ;

static void tell(const char *when)
{
    char text[4096];
    cpu_set_t cpus;
    mode_t mask = umask(0);
    unsigned variables = 0;
    umask(mask);
    printf("-- %s\ncwd %s\numask %o\n", when, getcwd(text, sizeof text), mask);
    for (int limit = 0; limit < RLIM_NLIMITS; limit++) {
        struct rlimit value;
        getrlimit(limit, &value);
        printf("limit %d %lld %lld\n", limit, (long long)value.rlim_cur, (long long)value.rlim_max);
    }
    printf("tzname %s %s, timezone %ld, daylight %d\n", tzname[0], tzname[1], timezone, daylight);
    printf("locale %s, floating point %x\n", setlocale(LC_ALL, NULL), _mm_getcsr());
    sched_getaffinity(0, sizeof cpus, &cpus);
    printf("priority %d, scheduler %d, cpus %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
           CPU_COUNT(&cpus));
    slurp("/proc/self/comm", text, sizeof text);
    printf("name %s", text);
    for (char **entry = environ; *entry != NULL; entry++)
        variables += strncmp(*entry, "LD_PRELOAD=", 11) != 0 && strncmp(*entry, "TRACKMALLOC_OPTIONS=", 20) != 0;
    printf("variables %u, session %d, group %d\n", variables, getsid(0) == getpid(), getpgrp() == getpid());
    fflush(stdout);
}

static void at_exit(void)
{
    tell("at exit");
}

int main(void)
{
    time_t long_ago = 86400;
    tell("at start");
    _MM_SET_ROUNDING_MODE(_MM_ROUND_UP);
    errno = 4711;
    for (unsigned i = 0; i < 3; i++)
        free(malloc(10));
    int kept = errno;
    work(0.3);
    printf("errno %d\n", kept);
    tell("later");

    struct tm *broken_down = gmtime(&long_ago); /* one static buffer for all; sets tzname */
    char words[] = "one two", *word = strtok(words, " ");
    work(0.3);
    printf("day %d, word %s %s\n", broken_down->tm_mday, word, strtok(NULL, " "));
    atexit(at_exit);
    return 0;
}
