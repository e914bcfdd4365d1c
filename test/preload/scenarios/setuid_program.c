/* Started by the suite from a set-user-id copy: the loader ignores LD_PRELOAD, and it runs. `as_nobody PROGRAM`
 * gives up root first. */
#include "blocks.h"

#include <grp.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        MUST(setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
        execv(argv[1], argv + 1);
        MUST(!"exec");
    }
    free(block(100));
    printf("uid %d, euid %d\n", (int)getuid(), (int)geteuid());
    return 0;
}
