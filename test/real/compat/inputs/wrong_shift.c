#include <stdlib.h>
int main(int argc, char **argv)
{
    (void)argv;
    char *block = malloc(100);
    int shifted = argc << (argc + 40);
    free(block);
    return shifted == 7;
}
