/* A library whose constructor starts threads that call everything there is to call, and leaves them at it while the
 * libraries beside it, the one under test among them, and the program come up. Its destructor stops them and says
 * whether all went well. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, LEAST_ROUNDS = 20, HANDLERS_MOST = 64 };

static pthread_t thread[THREADS];
static unsigned begun, bad;
static int stop;

static void expect(int good, const char *what)
{
    if (good)
        return;
    __atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
    dprintf(2, "early threads: %s: %s\n", what, strerror(errno));
}

static void allocate(void)
{
    void *aligned = NULL;
    char *text = strdup("some text");
    text = realloc(text, 5000);
    expect(text != NULL && strcmp(text, "some text") == 0, "realloc");
    free(text);
    free(calloc(30, 40));
    expect(posix_memalign(&aligned, 256, 1000) == 0 && (unsigned long)aligned % 256 == 0, "posix_memalign");
    free(aligned);
    free(malloc(300000));
}

static void child(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        free(malloc(100));
        _exit(7);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "a child");
}

static void library(void)
{
    void *handle = dlopen("libm.so.6", RTLD_NOW);
    expect(handle != NULL && dlclose(handle) == 0, "dlopen, dlclose");
}

static void stream(void)
{
    FILE *file = fopen("/dev/null", "w");
    expect(file != NULL && fputs("text", file) >= 0 && fclose(file) == 0, "fopen, fclose");
}

static void nothing(void)
{
}

static void one_of_each(unsigned round)
{
    void *memory = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(munmap(memory, 8192) == 0, "munmap");
    expect(prctl(PR_GET_DUMPABLE) >= 0, "prctl");
    expect(prctl(PR_SET_NAME, "early") == 0, "PR_SET_NAME");
    expect(syscall(SYS_getpid) == getpid(), "syscall");
    expect(pthread_setname_np(pthread_self(), "early too") == 0, "pthread_setname_np");
    expect(setuid(getuid()) == 0, "setuid");
    expect(round >= HANDLERS_MOST / THREADS || atexit(nothing) == 0, "atexit");
}

static void *calls(void *number)
{
    __atomic_fetch_add(&begun, 1, __ATOMIC_RELEASE);
    for (unsigned round = 0; round < LEAST_ROUNDS || !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); round++) {
        allocate();
        one_of_each(round);
        switch ((round + (unsigned)(unsigned long)number) % 8) {
        case 0:
            child();
            break;
        case 3:
            library();
            break;
        default:
            stream();
        }
    }
    return NULL;
}

__attribute__((constructor)) static void up(void)
{
    for (unsigned long i = 0; i < THREADS; i++)
        expect(pthread_create(&thread[i], NULL, calls, (void *)i) == 0, "pthread_create");
    while (__atomic_load_n(&begun, __ATOMIC_ACQUIRE) < THREADS && bad == 0)
        ;
}

__attribute__((destructor)) static void down(void)
{
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    dprintf(1, "early threads: %u bad\n", bad);
}
