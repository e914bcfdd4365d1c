/* Writes over its arguments, as servers do that show what they are at; without a closing zero. Answers each line on
 * stdin with one. */
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char byte;
    char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
    memset(argv[0], 'T', (size_t)(end - argv[0]));
    while (read(0, &byte, 1) == 1)
        if (byte == '\n' && write(1, "done\n", 5) != 5)
            return 1;
    return 0;
}
