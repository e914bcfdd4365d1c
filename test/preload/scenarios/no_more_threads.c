/* no_more_threads as|nproc: makes threads until the kernel refuses (no address space; a limit of processes, as the
 * user nobody), works on with those that it has, and does so again. Prints what does not depend on how many came. */
#include "scene.h"

#include <glob.h>
#include <grp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { MOST = 2000 };

static pthread_t thread[MOST];
static int stop;

static void *lives(void *unused)
{
    do {
        churn(20);
        nap(1);
    } while (!__atomic_load_n(&stop, __ATOMIC_RELAXED));
    return unused;
}

static unsigned make(int *error)
{
    unsigned made = 0;
    *error = 0;
    while (made < MOST && (*error = pthread_create(&thread[made], NULL, lives, NULL)) == 0)
        made++;
    return made;
}

/* How many threads this user has in all: others of his may run beside. */
static unsigned threads_of_user(void)
{
    glob_t tasks;
    unsigned count = 0;
    MUST(glob("/proc/[0-9]*/task/*", 0, NULL, &tasks) == 0);
    for (size_t i = 0; i < tasks.gl_pathc; i++) {
        struct stat status;
        count += stat(tasks.gl_pathv[i], &status) == 0 && status.st_uid == getuid();
    }
    globfree(&tasks);
    return count;
}

static void limit(const char *what)
{
    struct rlimit space = {600 << 20, 600 << 20};
    if (strcmp(what, "as") == 0) {
        MUST(setrlimit(RLIMIT_AS, &space) == 0);
        return;
    }
    if (getuid() == 0)
        MUST(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
    rlim_t most = threads_of_user() + 50;
    MUST(setrlimit(RLIMIT_NPROC, &(struct rlimit){most, most}) == 0);
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    limit(argv[1]);
    for (unsigned round = 0; round < 3; round++) {
        int error;
        __atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
        unsigned made = make(&error);
        void *p = block(5000); /* main goes on whatever is refused */
        churn(100);
        free(p);
        __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
        for (unsigned i = 0; i < made; i++)
            MUST(pthread_join(thread[i], NULL) == 0);
        printf("some came: %d, then refused: %s\n", made >= 5, error == EAGAIN ? "EAGAIN" : strerror(error));
    }
    return 0;
}
