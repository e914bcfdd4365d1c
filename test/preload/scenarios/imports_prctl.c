/* imports_prctl MS: imports calls that want a process of a single thread, and makes none of them; works for so long. */
#include "scene.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
    MUST(argc >= 2);
    if (argc == 77) { /* never */
        prctl(PR_SET_KEEPCAPS, 0);
        syscall(SYS_getpid);
        MUST(setuid(getuid()) == 0 && unshare(0) == 0);
    }
    work(atoi(argv[1]) / 1000.0);
    puts("worked");
    return 0;
}
