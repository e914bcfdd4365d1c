/* What the two halves of the reader share: cfi.c finds an entry, cfi_program.c runs its program. */
#ifndef TM_CFI_PROGRAM_H
#define TM_CFI_PROGRAM_H

#include "cfi.h"

enum { REG_RBP = 6, REG_RSP = 7, REG_RA = 16 };

/* What entries have in common. */
struct cfi_cie {
    uint64_t code_align;
    int64_t data_align;
    uint8_t encoding;
    bool augmented; /* 'z': its entries have augmentation data, with their length */
    bool signal;
    struct reader program;
};

/* An address as `encoding` says it is written; sets `bad` for what this reader does not know. */
uintptr_t cfi_read_address(struct reader *reader, uint8_t encoding);

/* The rule at pc, in a function that begins at `begin`. */
bool cfi_run(const struct cfi_cie *cie, struct reader program, uintptr_t begin, uintptr_t pc, struct cfi_rule *rule);

#endif
