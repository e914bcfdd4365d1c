/* Three modules allocate: the program 10 blocks, ledger.so 20, libc (asprintf) as many as the argument says. */
#include "../plugins/ledger.h"
#include "blocks.h"

int main(int argc, char **argv)
{
    struct ledger_list *list = ledger_list();
    unsigned texts = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    puts("begin"); /* stdout has its buffer */
    for (unsigned i = 0; i < 10; i++)
        hide(block(100));
    ledger_add(list, 20, 50);
    ledger_drop(list, 3);
    for (unsigned i = 0; i < texts; i++) {
        char *text;
        MUST(asprintf(&text, "%u", i) > 0);
    }
    return 0;
}
