/* launches MS PROGRAM [ARGUMENT...]: as su and setpriv do - root, after some work, becomes nobody, and then another
 * program, of the same process id. */
#include "scene.h"

#include <grp.h>

enum { NOBODY = 65534 };

int main(int argc, char **argv)
{
    MUST(argc >= 3);
    block(100);
    work(atoi(argv[1]) / 1000.0);
    MUST(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0);
    MUST(setresuid(NOBODY, NOBODY, NOBODY) == 0);
    execv(argv[2], argv + 2);
    return 98;
}
