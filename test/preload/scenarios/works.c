/* works MS STATUS [LINE]: allocates a little for so long, says LINE on stderr, leaves so. */
#include "scene.h"

int main(int argc, char **argv)
{
    MUST(argc >= 3);
    work(atoi(argv[1]) / 1000.0);
    dprintf(1, "worked\n");
    if (argc > 3)
        dprintf(2, "%s\n", argv[3]);
    return atoi(argv[2]);
}
