/* What compilers write down for unwinding (.eh_frame): where the caller's frame is, for any instruction.
 *
 * A pure reader: it looks at nothing but the bytes that it is given, whatever they say, and it keeps nothing. It knows
 * what x86-64 code needs to find return addresses: the CFA (the stack pointer's value once the function has returned),
 * the return address's place, and rbp's. Of anything else it says that it does not know.
 *
 * The format: DWARF 5, section 6.4; Linux Standard Base Core 5.0, chapter 10.6 (.eh_frame, .eh_frame_hdr). */
#ifndef TM_CFI_H
#define TM_CFI_H

#include "cfi_reader.h"
#include "lib/sys/base.h"

enum cfi_base { CFI_NUMBER, CFI_RSP, CFI_RBP, CFI_CFA };

/* base + offset; if `loaded`, what is there, + add. */
struct cfi_value {
    enum cfi_base base;
    bool loaded;
    int64_t offset;
    int64_t add;
};

enum cfi_kept {
    CFI_UNKNOWN,   /* or lost: it cannot be told */
    CFI_UNDEFINED, /* there is none: of a return address, the outermost frame */
    CFI_SAME,      /* the register still holds it */
    CFI_AT         /* it is at that address */
};

struct cfi_place {
    enum cfi_kept kept;
    struct cfi_value at;
};

/* How to go from one instruction's frame to its caller's. */
struct cfi_rule {
    bool signal; /* a signal handler's return: the caller was interrupted, and made no call */
    struct cfi_value cfa;
    struct cfi_place ra;
    struct cfi_place rbp;
};

/* The unwind info of one object: .eh_frame_hdr, somewhere within bytes that can all be read and that hold .eh_frame
 * too. */
struct cfi_info {
    const uint8_t *header;
    const uint8_t *begin;
    const uint8_t *end;
};

/* The rule of the instruction at pc. False: there is none, or one that this reader does not know. */
bool cfi_find(const struct cfi_info *info, uintptr_t pc, struct cfi_rule *rule);

/* The value of a DWARF expression at pc; `first` is what it starts with, or NULL. False: not of cfi_value's form. */
bool cfi_evaluate(struct reader expression, uintptr_t pc, const struct cfi_value *first, struct cfi_value *value);

#endif
