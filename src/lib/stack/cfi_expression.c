/* DWARF expressions, as far as they say "register + offset" or "what is there + offset": signal frames, realigned
 * frames, PLT entries, and hand-written code that keeps the caller's stack pointer on the stack. */
#include "cfi.h"

enum {
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08, /* 1, 2, 4, 8 bytes; each without and with a sign */
    OP_CONST8S = 0x0f,
    OP_CONSTU = 0x10,
    OP_CONSTS = 0x11,
    OP_AND = 0x1a,
    OP_MINUS = 0x1c,
    OP_PLUS = 0x22,
    OP_PLUS_UCONST = 0x23,
    OP_SHL = 0x24,
    OP_GE = 0x2a,
    OP_LIT0 = 0x30,
    OP_LIT31 = 0x4f,
    OP_BREG_RBP = 0x76,
    OP_BREG_RSP = 0x77,
    OP_BREG_RIP = 0x80,
    OP_NOP = 0x96,

    DEPTH = 8
};

struct values {
    unsigned count;
    struct cfi_value value[DEPTH];
};

static int64_t sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b); /* hostile numbers may overflow */
}

static void value_add(struct cfi_value *value, int64_t number)
{
    int64_t *part = value->loaded ? &value->add : &value->offset;
    *part = sum(*part, number);
}

static bool push(struct values *values, enum cfi_base base, int64_t offset)
{
    if (values->count == DEPTH)
        return false;
    values->value[values->count++] = (struct cfi_value){base, false, offset, 0};
    return true;
}

static bool dereference(struct values *values)
{
    if (values->count == 0)
        return false;
    struct cfi_value *top = &values->value[values->count - 1];
    if (top->loaded || top->base == CFI_NUMBER)
        return false;
    top->loaded = true;
    return true;
}

static bool add_constant(struct values *values, uint64_t number)
{
    if (values->count == 0)
        return false;
    value_add(&values->value[values->count - 1], (int64_t)number);
    return true;
}

static bool combine(struct values *values, uint8_t op)
{
    if (values->count < 2)
        return false;
    struct cfi_value right = values->value[--values->count];
    struct cfi_value *left = &values->value[values->count - 1];
    if (op == OP_PLUS && left->base == CFI_NUMBER) {
        struct cfi_value number = *left;
        *left = right;
        right = number;
    }
    if (right.base != CFI_NUMBER)
        return false;
    if (op == OP_PLUS)
        value_add(left, right.offset);
    else if (op == OP_MINUS)
        value_add(left, (int64_t)(0 - (uint64_t)right.offset));
    else if (left->base != CFI_NUMBER)
        return false;
    else if (op == OP_AND)
        left->offset &= right.offset;
    else if (op == OP_SHL)
        left->offset = right.offset < 0 || right.offset > 63 ? 0 : (int64_t)((uint64_t)left->offset << right.offset);
    else
        left->offset = left->offset >= right.offset; /* OP_GE */
    return true;
}

static bool constant(struct values *values, struct reader *from, uint8_t op)
{
    size_t bytes = (size_t)1 << (op - OP_CONST1U) / 2;
    bool has_sign = (op - OP_CONST1U) % 2 != 0;
    return push(values, CFI_NUMBER, has_sign ? reader_signed(from, bytes) : (int64_t)reader_fixed(from, bytes));
}

static bool perform_operation(struct values *values, struct reader *from, uintptr_t pc)
{
    uint8_t op = reader_byte(from);
    if (op >= OP_CONST1U && op <= OP_CONST8S)
        return constant(values, from, op);
    if (op >= OP_LIT0 && op <= OP_LIT31)
        return push(values, CFI_NUMBER, op - OP_LIT0);
    switch (op) {
    case OP_DEREF:
        return dereference(values);
    case OP_CONSTU:
        return push(values, CFI_NUMBER, (int64_t)reader_uleb(from));
    case OP_CONSTS:
        return push(values, CFI_NUMBER, reader_sleb(from));
    case OP_PLUS_UCONST:
        return add_constant(values, reader_uleb(from));
    case OP_BREG_RSP:
        return push(values, CFI_RSP, reader_sleb(from));
    case OP_BREG_RBP:
        return push(values, CFI_RBP, reader_sleb(from));
    case OP_BREG_RIP:
        return push(values, CFI_NUMBER, sum(reader_sleb(from), (int64_t)pc));
    case OP_AND:
    case OP_MINUS:
    case OP_PLUS:
    case OP_SHL:
    case OP_GE:
        return combine(values, op);
    default:
        return op == OP_NOP;
    }
}

bool cfi_evaluate(struct reader expression, uintptr_t pc, const struct cfi_value *first, struct cfi_value *value)
{
    struct values values = {.count = 0};
    if (first != NULL)
        values.value[values.count++] = *first;
    while (expression.at < expression.end)
        if (!perform_operation(&values, &expression, pc) || expression.bad)
            return false;
    if (values.count == 0)
        return false;
    *value = values.value[values.count - 1];
    return value->base != CFI_NUMBER;
}
