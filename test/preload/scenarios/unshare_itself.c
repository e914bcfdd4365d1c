/* Asks for what the kernel grants to a process of a single thread only (nixpkgs#19047: bwrap under a tracker).
 *
 *   unshare_itself N [MS]      unshare(CLONE_NEWUSER) after N allocations, and MS of more of them; then lives on
 *   unshare_itself setns       joins the user namespace of a child
 *   unshare_itself storm       60 children one after another, each as soon as it may have a second thread
 *   unshare_itself threads     with a thread of its own it is refused, as ever */
#include "scene.h"

#include <pthread.h>
#include <sched.h>

static void try_unshare(void)
{
    int result = unshare(CLONE_NEWUSER);
    printf("unshare: %s\n", result == 0 ? "done" : strerror(errno));
}

static void storm(void)
{
    unsigned bad = 0;
    for (unsigned i = 0; i < 60; i++) {
        pid_t child = fork();
        if (child == 0) {
            churn(6000);
            nap(i % 10);
            churn(20);
            _exit(unshare(CLONE_NEWUSER) == 0 ? 0 : 1);
        }
        bad += finish(child) != 0;
    }
    printf("%u refused\n", bad);
}

static void join_namespace(void)
{
    int ready[2], done[2];
    char path[64], byte = 0;
    MUST(pipe(ready) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (child == 0) {
        MUST(unshare(CLONE_NEWUSER) == 0 && write(ready[1], "", 1) == 1);
        MUST(read(done[0], &byte, 1) == 1);
        _exit(0);
    }
    MUST(read(ready[0], &byte, 1) == 1);
    snprintf(path, sizeof path, "/proc/%d/ns/user", (int)child);
    int namespace = open(path, O_RDONLY | O_CLOEXEC);
    MUST(namespace >= 0);
    churn(6000);
    work(0.4);
    int result = setns(namespace, CLONE_NEWUSER);
    printf("setns: %s\n", result == 0 ? "done" : strerror(errno));
    MUST(write(done[1], "", 1) == 1);
    finish(child);
}

static void *waits(void *unused)
{
    nap(200);
    return unused;
}

int main(int argc, char **argv)
{
    MUST(argc >= 2);
    free(block(10));
    if (strcmp(argv[1], "storm") == 0) {
        storm();
    } else if (strcmp(argv[1], "setns") == 0) {
        join_namespace();
    } else if (strcmp(argv[1], "threads") == 0) {
        pthread_t thread;
        MUST(pthread_create(&thread, NULL, waits, NULL) == 0);
        try_unshare();
        pthread_join(thread, NULL);
    } else {
        churn((unsigned)atoi(argv[1]));
        work(argc > 2 ? atoi(argv[2]) / 1000.0 : 0);
        try_unshare();
        work(argc > 2 ? 3.0 : 0.1);
    }
    return 0;
}
