/* Threads that open and close plugins while others allocate through a wrapper, from stacks that change all the time.
 *
 *   stack_churn for a second | fork | exit */
#include "frames.h"

#include <dlfcn.h>
#include <pthread.h>

enum { OPENERS = 2, WORKERS = 4 };

static volatile bool done;

FRAME void *wrapper(size_t size)
{
    void *p = malloc(size);
    STAY;
    return hide(p);
}

FRAME void digs(unsigned levels)
{
    if (levels > 0)
        digs(levels - 1);
    else
        free(wrapper(1 + levels * 10));
    STAY;
}

static void *opens(void *unused)
{
    static const char *const names[] = {"stack_one.so", "stack_two.so"};
    for (unsigned i = 0; !done; i++) {
        void *plugin = dlopen(names[i % 2], RTLD_NOW | RTLD_LOCAL);
        MUST(plugin != NULL);
        free(((void *(*)(size_t))dlsym(plugin, "plugin_makes"))(10));
        dlclose(plugin);
    }
    return unused;
}

static void *works(void *unused)
{
    for (unsigned i = 0; !done; i++)
        digs(i % 50);
    return unused;
}

/* What a child may do for sure: the loader's lock may have been another thread's. */
static void forks(void)
{
    for (unsigned i = 0; i < 30; i++) {
        pid_t child = fork();
        if (child == 0) {
            digs(i);
            _exit(3);
        }
        int status = finish(child);
        MUST(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
}

int main(int argc, char **argv)
{
    pthread_t thread[OPENERS + WORKERS];
    MUST(argc == 2);
    for (unsigned i = 0; i < OPENERS + WORKERS; i++)
        MUST(pthread_create(&thread[i], NULL, i < OPENERS ? opens : works, NULL) == 0);
    if (strcmp(argv[1], "fork") == 0)
        forks();
    else
        nap(strcmp(argv[1], "exit") == 0 ? 50 : 1000);
    if (strcmp(argv[1], "exit") == 0)
        exit(0);
    done = true;
    for (unsigned i = 0; i < OPENERS + WORKERS; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
