/* A child in a sandbox as sshd's: the kernel kills it for every system call but write, exit, exit_group, brk, mmap,
 * munmap and rt_sigreturn.
 *
 *   sandboxed prctl|syscall|tsync|strict|silent COUNT MS exit|_exit [self|young]
 *
 * It allocates COUNT times, spins for MS more, and leaves. `strict` is the kernel's own, oldest one (read, write and
 * exit); `silent` does not even allow write. `self`: the program itself, after some work; `young`: at once. */
#include "scene.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(SYS_write), /* the second and third: silent() takes them out */
    ALLOW(SYS_exit),
    ALLOW(SYS_exit_group),
    ALLOW(SYS_brk),
    ALLOW(SYS_mmap),
    ALLOW(SYS_munmap),
    ALLOW(SYS_rt_sigreturn),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static void silent(void)
{
    code[1] = code[2] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
}

static void enter(const char *how)
{
    struct sock_fprog filter = {sizeof code / sizeof code[0], code};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    if (strcmp(how, "strict") == 0)
        MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    else if (strcmp(how, "prctl") == 0 || strcmp(how, "silent") == 0)
        MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    else
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, strcmp(how, "tsync") == 0 ? SECCOMP_FILTER_FLAG_TSYNC : 0,
                     &filter) == 0);
}

/* By the vDSO: the coarse clock never asks the kernel. */
static double coarse(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static _Noreturn void sandbox(char **argv)
{
    static const char text[] = "sandboxed\n";
    bool strict = strcmp(argv[1], "strict") == 0;
    void *kept[100];
    void *page = memalign(4096, 100);
    free(block(24));
    if (strcmp(argv[1], "silent") == 0)
        silent();
    enter(argv[1]);
    if (!strict) {
        for (unsigned i = 0; i < 100; i++)
            kept[i] = block(i * 3000);
        churn((unsigned)atoi(argv[2]));
    } else {
        free(malloc(24));
    }
    free(page);
    for (double end = coarse() + atoi(argv[3]) / 1000.0; coarse() < end;)
        free(malloc(24));
    for (unsigned i = 0; i < 100 && !strict; i++)
        free(kept[i]);
    if (strcmp(argv[1], "silent") != 0 && write(1, text, sizeof text - 1) < 0)
        _exit(98);
    if (strict) /* exit_group is not allowed there */
        for (;;)
            __asm__ volatile("syscall" : : "a"(SYS_exit), "D"(4) : "rcx", "r11", "memory");
    if (strcmp(argv[4], "exit") == 0)
        exit(4);
    _exit(4);
}

int main(int argc, char **argv)
{
    MUST(argc >= 5);
    if (argc > 5 && strcmp(argv[5], "young") == 0)
        sandbox(argv);
    churn(6000);
    work(0.25);
    if (argc > 5)
        sandbox(argv);
    pid_t child = fork();
    if (child == 0)
        sandbox(argv);
    say_outcome(argv[1], finish(child));
    work(0.15);
    return 0;
}
