/* Calls of malloc in a row, each a site of its own: 2,000 of them, or 70,000, more than there are numbers for. Each
 * makes one block of 24 bytes; the first 1,200 another one.
 *
 *   many_sites few|many */
#include "blocks.h"

#define CALLS(function, count)                                                                      \
    void function(void);                                                                            \
    __asm__(".pushsection .text\n"                                                                  \
            ".globl " #function "\n.type " #function ",@function\n" #function ":\n.cfi_startproc\n" \
            "\tsub $8, %rsp\n.cfi_adjust_cfa_offset 8\n"                                            \
            "\t.rept " #count "\n\tmov $24, %edi\n\tcall malloc@PLT\n\t.endr\n"                     \
            "\tadd $8, %rsp\n.cfi_adjust_cfa_offset -8\n"                                           \
            "\tret\n.cfi_endproc\n.size " #function ", . - " #function "\n.popsection\n");

CALLS(first_calls, 1200)
CALLS(more_calls, 800)
CALLS(all_calls, 68000)

int main(int argc, char **argv)
{
    MUST(argc == 2);
    first_calls();
    first_calls();
    more_calls();
    if (strcmp(argv[1], "many") == 0)
        all_calls();
    dprintf(1, "all made\n");
    return 0;
}
