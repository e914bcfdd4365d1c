/* gives_up_root MS [late]: as a server that was started as root does - it works a little (late: for 0.5 s), becomes
 * nobody, then waits for so long without an allocation. */
#include "waits.h"

#include <grp.h>

enum { NOBODY = 65534 };

int main(int argc, char **argv)
{
    gid_t group = NOBODY;
    MUST(argc >= 2);
    for (unsigned i = 0; i < 150; i++)
        block(100);
    if (argc > 2)
        work(0.5);
    MUST(setgroups(1, &group) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    MUST(setuid(0) != 0);
    wait_in("poll", (unsigned)atoi(argv[1]));
    return 0;
}
