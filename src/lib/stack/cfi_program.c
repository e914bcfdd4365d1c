/* The program of an entry: it makes the rows of a table, one from the other. */
#include "cfi_program.h"

enum { REMEMBER_MOST = 8 };

struct row {
    struct cfi_value cfa;
    struct cfi_place ra;
    struct cfi_place rbp;
};

struct machine {
    const struct cfi_cie *cie;
    uintptr_t pc;       /* wanted */
    uintptr_t location; /* of the row at hand */
    bool reached;       /* the row at hand is that of pc */
    bool bad;
    struct row row;
    struct row initial; /* what the CIE says */
    unsigned remembered;
    struct row memory[REMEMBER_MOST];
};

enum {
    CFA_ADVANCE = 0x40, /* the lower six bits: an operand */
    CFA_OFFSET = 0x80,
    CFA_RESTORE = 0xc0,
    CFA_HIGH = 0xc0,
    CFA_LOW = 0x3f,

    CFA_NOP = 0x00,
    CFA_SET_LOC = 0x01,
    CFA_ADVANCE1 = 0x02,
    CFA_ADVANCE2 = 0x03,
    CFA_ADVANCE4 = 0x04,
    CFA_OFFSET_EXTENDED = 0x05,
    CFA_RESTORE_EXTENDED = 0x06,
    CFA_UNDEFINED = 0x07,
    CFA_SAME_VALUE = 0x08,
    CFA_REGISTER = 0x09,
    CFA_REMEMBER_STATE = 0x0a,
    CFA_RESTORE_STATE = 0x0b,
    CFA_DEF_CFA = 0x0c,
    CFA_DEF_CFA_REGISTER = 0x0d,
    CFA_DEF_CFA_OFFSET = 0x0e,
    CFA_DEF_CFA_EXPRESSION = 0x0f,
    CFA_EXPRESSION = 0x10,
    CFA_OFFSET_EXTENDED_SF = 0x11,
    CFA_DEF_CFA_SF = 0x12,
    CFA_DEF_CFA_OFFSET_SF = 0x13,
    CFA_VAL_OFFSET = 0x14,
    CFA_VAL_OFFSET_SF = 0x15,
    CFA_VAL_EXPRESSION = 0x16,
    CFA_GNU_ARGS_SIZE = 0x2e
};

static const struct cfi_place unknown = {.kept = CFI_UNKNOWN};

static void set_place(struct machine *machine, uint64_t number, struct cfi_place place)
{
    if (number == REG_RBP)
        machine->row.rbp = place;
    else if (number == REG_RA)
        machine->row.ra = place;
    else if (number == REG_RSP && !machine->cie->signal)
        machine->bad = true; /* it is the CFA; code that says otherwise is beyond this reader */
}

static void set_offset(struct machine *machine, uint64_t number, uint64_t factored)
{
    int64_t offset = (int64_t)(factored * (uint64_t)machine->cie->data_align);
    set_place(machine, number, (struct cfi_place){CFI_AT, {CFI_CFA, false, offset, 0}});
}

static void restore(struct machine *machine, uint64_t number)
{
    if (number == REG_RBP)
        machine->row.rbp = machine->initial.rbp;
    else if (number == REG_RA)
        machine->row.ra = machine->initial.ra;
}

/* CFI_NUMBER stands for a register that is not followed: no rule, but a later row may be one again. */
static void set_cfa_register(struct machine *machine, uint64_t number)
{
    enum cfi_base base = number == REG_RSP ? CFI_RSP : number == REG_RBP ? CFI_RBP : CFI_NUMBER;
    machine->row.cfa = (struct cfi_value){base, false, machine->row.cfa.offset, 0};
}

static void set_cfa_offset(struct machine *machine, uint64_t offset)
{
    machine->bad |= machine->row.cfa.loaded;
    machine->row.cfa.offset = (int64_t)offset;
}

static void set_cfa_expression(struct machine *machine, struct reader *from)
{
    struct reader expression = reader_take(from, reader_uleb(from));
    struct cfi_value value;
    if (expression.bad || !cfi_evaluate(expression, machine->pc, NULL, &value))
        value = (struct cfi_value){.base = CFI_NUMBER};
    machine->row.cfa = value;
}

static void set_expression(struct machine *machine, struct reader *from)
{
    static const struct cfi_value cfa = {.base = CFI_CFA};
    uint64_t number = reader_uleb(from);
    struct reader expression = reader_take(from, reader_uleb(from));
    struct cfi_place place = {.kept = CFI_AT};
    if (expression.bad || !cfi_evaluate(expression, machine->pc, &cfa, &place.at))
        place = unknown;
    set_place(machine, number, place);
}

static void remember_row(struct machine *machine)
{
    if (machine->remembered == REMEMBER_MOST)
        machine->bad = true;
    else
        machine->memory[machine->remembered++] = machine->row;
}

static void restore_row(struct machine *machine)
{
    if (machine->remembered == 0)
        machine->bad = true;
    else
        machine->row = machine->memory[--machine->remembered];
}

static void go_to(struct machine *machine, uintptr_t location)
{
    if (location > machine->pc)
        machine->reached = true;
    else
        machine->location = location;
}

static void advance(struct machine *machine, uint64_t factored)
{
    go_to(machine, machine->location + factored * machine->cie->code_align);
}

/* Instructions that say where a register is kept. */
static bool perform_register(struct machine *machine, struct reader *from, uint8_t op)
{
    uint64_t number = 0;
    switch (op) {
    case CFA_OFFSET_EXTENDED:
        number = reader_uleb(from);
        set_offset(machine, number, reader_uleb(from));
        return true;
    case CFA_OFFSET_EXTENDED_SF:
        number = reader_uleb(from);
        set_offset(machine, number, (uint64_t)reader_sleb(from));
        return true;
    case CFA_RESTORE_EXTENDED:
        restore(machine, reader_uleb(from));
        return true;
    case CFA_UNDEFINED:
        set_place(machine, reader_uleb(from), (struct cfi_place){.kept = CFI_UNDEFINED});
        return true;
    case CFA_SAME_VALUE:
        set_place(machine, reader_uleb(from), (struct cfi_place){.kept = CFI_SAME});
        return true;
    case CFA_REGISTER:
    case CFA_VAL_OFFSET:
    case CFA_VAL_OFFSET_SF: /* a second number, whose form is the same to skip */
        set_place(machine, reader_uleb(from), unknown);
        reader_uleb(from);
        return true;
    case CFA_EXPRESSION:
        set_expression(machine, from);
        return true;
    case CFA_VAL_EXPRESSION:
        set_place(machine, reader_uleb(from), unknown);
        reader_take(from, reader_uleb(from));
        return true;
    default:
        return false;
    }
}

/* Instructions that say what the CFA is. */
static bool perform_cfa(struct machine *machine, struct reader *from, uint8_t op)
{
    switch (op) {
    case CFA_DEF_CFA:
        set_cfa_register(machine, reader_uleb(from));
        set_cfa_offset(machine, reader_uleb(from));
        return true;
    case CFA_DEF_CFA_SF:
        set_cfa_register(machine, reader_uleb(from));
        set_cfa_offset(machine, (uint64_t)reader_sleb(from) * (uint64_t)machine->cie->data_align);
        return true;
    case CFA_DEF_CFA_REGISTER:
        machine->bad |= machine->row.cfa.loaded;
        set_cfa_register(machine, reader_uleb(from));
        return true;
    case CFA_DEF_CFA_OFFSET:
        set_cfa_offset(machine, reader_uleb(from));
        return true;
    case CFA_DEF_CFA_OFFSET_SF:
        set_cfa_offset(machine, (uint64_t)reader_sleb(from) * (uint64_t)machine->cie->data_align);
        return true;
    case CFA_DEF_CFA_EXPRESSION:
        set_cfa_expression(machine, from);
        return true;
    default:
        return false;
    }
}

static void perform_other(struct machine *machine, struct reader *from, uint8_t op)
{
    switch (op) {
    case CFA_NOP:
        break;
    case CFA_SET_LOC:
        go_to(machine, cfi_read_address(from, machine->cie->encoding));
        break;
    case CFA_ADVANCE1:
    case CFA_ADVANCE2:
    case CFA_ADVANCE4:
        advance(machine, reader_fixed(from, (size_t)1 << (op - CFA_ADVANCE1)));
        break;
    case CFA_REMEMBER_STATE:
        remember_row(machine);
        break;
    case CFA_RESTORE_STATE:
        restore_row(machine);
        break;
    case CFA_GNU_ARGS_SIZE:
        reader_uleb(from); /* of use to exceptions only */
        break;
    default:
        machine->bad |= !perform_register(machine, from, op) && !perform_cfa(machine, from, op);
    }
}

static void perform_instruction(struct machine *machine, struct reader *from)
{
    uint8_t op = reader_byte(from);
    switch (op & CFA_HIGH) {
    case CFA_ADVANCE:
        advance(machine, op & CFA_LOW);
        break;
    case CFA_OFFSET:
        set_offset(machine, op & CFA_LOW, reader_uleb(from));
        break;
    case CFA_RESTORE:
        restore(machine, op & CFA_LOW);
        break;
    default:
        perform_other(machine, from, op);
    }
}

static bool run_program(struct machine *machine, struct reader program)
{
    while (program.at < program.end && !machine->reached && !machine->bad) {
        perform_instruction(machine, &program);
        machine->bad |= program.bad;
    }
    return !machine->bad;
}

bool cfi_run(const struct cfi_cie *cie, struct reader program, uintptr_t begin, uintptr_t pc, struct cfi_rule *rule)
{
    struct machine machine = {.cie = cie, .pc = pc, .location = begin, .row.rbp.kept = CFI_SAME};
    if (!run_program(&machine, cie->program))
        return false;
    machine.initial = machine.row;
    if (!run_program(&machine, program) || machine.row.cfa.base == CFI_NUMBER)
        return false;
    *rule = (struct cfi_rule){cie->signal, machine.row.cfa, machine.row.ra, machine.row.rbp};
    return true;
}
