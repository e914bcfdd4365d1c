/* Wants one filter for all threads (SECCOMP_FILTER_FLAG_TSYNC), while one of them has another already: the kernel
 * refuses, by that thread's number, and the process is in no sandbox. */
#include "scene.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
static const struct sock_fprog filter = {1, all};
static volatile bool done;

/* By itself, so that nobody who listens to syscall() hears of it. */
static void *filters_itself(void *unused)
{
    long result;
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_seccomp), "D"(SECCOMP_SET_MODE_FILTER), "S"(0), "d"(&filter)
                     : "rcx", "r11", "memory");
    MUST(result == 0);
    done = true;
    while (done)
        nap(1);
    return unused;
}

int main(void)
{
    pthread_t thread;
    churn(6000);
    MUST(pthread_create(&thread, NULL, filters_itself, NULL) == 0);
    while (!done)
        nap(1);
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    puts(result > 0 ? "refused" : "not refused");
    done = false;
    MUST(pthread_join(thread, NULL) == 0);
    work(0.3);
    return 0;
}
