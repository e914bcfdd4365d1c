/* A filter from before the program's time: sandboxes NUMBER[,NUMBER...] PROGRAM [ARGUMENT...] runs it where each of
 * these system calls kills; one with a minus before it is refused. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MOST = 64 };

int main(int argc, char **argv)
{
    struct sock_filter code[2 * MOST + 2] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned short length = 1;
    if (argc < 3)
        return 2;
    for (char *at = argv[1]; *at != '\0' && length < 2 * MOST; at += *at == ',') {
        const unsigned verdict = *at == '-' ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_KILL_PROCESS;
        unsigned number = (unsigned)strtoul(at + (*at == '-'), &at, 10);
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog filter = {length, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
        return 3;
    execv(argv[2], argv + 2);
    return 4;
}
