/* Blocks at both ends of every row of sizes. `keep` or `drop`: what lives in the end. */
#include "../plugins/ledger.h"
#include "blocks.h"

int main(int argc, char **argv)
{
    free(block(100));
    struct ledger truth = ledger_size_rows(argc > 1 && strcmp(argv[1], "keep") == 0);
    ledger_print(&truth);
    return 0;
}
