/* Holds 100 blocks of 1,000 bytes, says "ready", and makes 1,000 more for each line it is told, saying "grown". */
#include <stdio.h>
#include <stdlib.h>

struct block {
    struct block *next;
    char rest[992];
};

struct block *held;

void hold_one(void)
{
    struct block *block = malloc(sizeof *block);
    block->next = held;
    held = block;
}

void hold_many(int blocks)
{
    while (blocks-- > 0)
        hold_one();
}

int main(void)
{
    char line[64];
    setvbuf(stdout, NULL, _IONBF, 0);
    hold_many(100);
    puts("ready");
    while (fgets(line, sizeof line, stdin) != NULL) {
        hold_many(1000);
        puts("grown");
    }
    return 0;
}
