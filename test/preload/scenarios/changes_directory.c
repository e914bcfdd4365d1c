/* changes_directory DIRECTORY: works there, and changes the mask of file modes. */
#include "scene.h"

int main(int argc, char **argv)
{
    MUST(argc == 2);
    free(block(10));
    MUST(chdir(argv[1]) == 0);
    umask(0077);
    work(0.5);
    printf("done\n");
    return 0;
}
