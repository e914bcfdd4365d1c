/* Many short children at a time, each with a grandchild, all of them leaving by exit. */
#include "scene.h"

enum { CHILDREN = 100, AT_A_TIME = 10 };

static void child(unsigned number)
{
    churn(50);
    pid_t grandchild = fork();
    if (grandchild == 0) {
        churn(50);
        exit((int)number % 7);
    }
    exit(WEXITSTATUS(finish(grandchild)));
}

int main(void)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < CHILDREN; i++) {
        int status;
        pid_t pid = fork();
        MUST(pid >= 0);
        if (pid == 0)
            child(i);
        if (i >= AT_A_TIME && wait(&status) > 0)
            sum += WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 1000;
        churn(50);
    }
    for (int status; wait(&status) > 0;)
        sum += WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) : 1000;
    printf("sum %u\n", sum);
    return 0;
}
