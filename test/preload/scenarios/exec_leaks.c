/* Descriptors that a new image inherits: 0, 1 and 2, whenever the exec happens.
 *
 *   exec_leaks chain     the process itself execs, 8 times
 *   exec_leaks children  120 children exec while the parent's reports are written
 *   exec_leaks thread    a thread other than main execs */
#include "scene.h"

#include <dirent.h>
#include <pthread.h>

static char *self;

static void become(char *mode, char *count)
{
    char *const arguments[] = {self, mode, count, NULL};
    execv("/proc/self/exe", arguments);
    _exit(99);
}

/* More than 0, 1, 2? Says which. */
static unsigned extra_descriptors(void)
{
    unsigned extra = 0;
    DIR *directory = opendir("/proc/self/fd");
    MUST(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char link[64], target[256] = "";
        int fd = atoi(entry->d_name);
        if (fd <= 2 || fd == dirfd(directory))
            continue;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof target - 1) < 0)
            continue;
        nap(30);
        if (fcntl(fd, F_GETFD) < 0)
            continue; /* some thread had it open for a moment: not inherited */
        dprintf(1, "leaked %d: %s\n", fd, target);
        extra++;
    }
    closedir(directory);
    return extra;
}

static void *execs(void *unused)
{
    become("child", "0");
    return unused;
}

int main(int argc, char **argv)
{
    MUST(argc >= 2);
    self = argv[0];
    int left = argc > 2 ? atoi(argv[2]) : 8;
    unsigned extra = argc > 2 ? extra_descriptors() : 0;
    if (strcmp(argv[1], "child") == 0) {
        free(block(20));
        return extra == 0 ? 0 : 1;
    }
    if (strcmp(argv[1], "chain") == 0) {
        work(0.13);
        char count[16];
        snprintf(count, sizeof count, "%d", left - 1);
        if (left > 0)
            become(argv[1], count);
        printf("end of the chain\n");
        return 0;
    }
    if (strcmp(argv[1], "thread") == 0) {
        pthread_t thread;
        work(0.3);
        MUST(pthread_create(&thread, NULL, execs, NULL) == 0);
        pthread_join(thread, NULL);
        return 98;
    }
    unsigned bad = 0;
    for (unsigned i = 0; i < 120; i++) {
        pid_t child = fork();
        if (child == 0)
            become("child", "0");
        churn(20);
        bad += finish(child) != 0;
    }
    printf("%u bad\n", bad);
    return 0;
}
