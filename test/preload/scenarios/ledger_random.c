/* A million random operations by 8 threads, twice 8 in turn. `keep` or `drop`: what lives in the end. */
#include "../plugins/ledger.h"
#include "blocks.h"

int main(int argc, char **argv)
{
    free(block(100));
    struct ledger truth = ledger_random(8, 65000, argc > 1 && strcmp(argv[1], "keep") == 0);
    ledger_print(&truth);
    return 0;
}
