/* Threads that get other names in ways that no library function hears of: one that has allocated and then only waits,
 * by a file of /proc; one by a raw system call, which allocates again when a report has been made; and the program's
 * first thread, by syscall(). */
#include "scene.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { BEFORE = 5, AFTER = 10, REPORTS_MS = 1700 };

static pthread_barrier_t turn;
static pid_t idle_id;

static __attribute__((noipa)) void make(unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++)
        block(100);
}

static long raw_prctl(long operation, const char *name)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_prctl), "D"(operation), "S"(name) : "rcx", "r11", "memory");
    return result;
}

static void *idle(void *unused)
{
    idle_id = (pid_t)syscall(SYS_gettid);
    make(BEFORE);
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    return unused;
}

static void *busy(void *unused)
{
    make(BEFORE);
    MUST(raw_prctl(PR_SET_NAME, "io-raw") == 0);
    nap(REPORTS_MS);
    make(AFTER);
    pthread_barrier_wait(&turn);
    return unused;
}

static void name_by_file(pid_t thread, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", thread);
    int file = open(path, O_WRONLY);
    MUST(file >= 0 && write(file, name, strlen(name)) == (ssize_t)strlen(name));
    close(file);
}

int main(void)
{
    pthread_t threads[2];
    make(1);
    MUST(syscall(SYS_prctl, PR_SET_NAME, "by syscall") == 0);
    pthread_barrier_init(&turn, NULL, 2);
    MUST(pthread_create(&threads[0], NULL, idle, NULL) == 0);
    pthread_barrier_wait(&turn);
    name_by_file(idle_id, "by file");
    nap(REPORTS_MS);
    pthread_barrier_wait(&turn);
    pthread_join(threads[0], NULL);
    pthread_barrier_init(&turn, NULL, 2);
    MUST(pthread_create(&threads[1], NULL, busy, NULL) == 0);
    pthread_barrier_wait(&turn);
    pthread_join(threads[1], NULL);
    dprintf(1, "renamed\n");
    return 0;
}
