#include "operator_new.h"

#include <string.h>

enum {
    LOOP_BYTES = 48,  /* from the loop's begin to the end of the call */
    CODE_BYTES = 96,  /* that are looked at */
    TEST_BYTES = 16,  /* within these the result is tested */
    RETRY_BYTES = 32, /* from the new-handler's call to the retry */
    CALL_BYTES = 5
};

/* Instructions of x86-64. */
enum { CALL = 0xe8, JUMP = 0xe9, JUMP_SHORT = 0xeb, LONG = 0x0f, LONG_JE = 0x84, INDIRECT = 0xff, INDIRECT_RAX = 0xd0 };

struct code {
    uint64_t at;
    size_t length;
    uint8_t byte[CODE_BYTES];
};

bool operator_new_is_name(const char *name)
{
    return strncmp(name, "_Znwm", 5) == 0 || strncmp(name, "_Znam", 5) == 0;
}

static struct code read_code(const struct image *image, uint64_t at)
{
    struct code code = {.at = at};
    code.length = image_read(image, at, code.byte, CODE_BYTES);
    return code;
}

/* Where the instruction whose last four bytes begin at `i` leads. */
static uint64_t target_of(const struct code *code, size_t i)
{
    int32_t distance;
    memcpy(&distance, code->byte + i, sizeof distance);
    return code->at + i + sizeof distance + (uint64_t)(int64_t)distance;
}

/* Whether one tries again there: jumps back to before the call, or makes another to the same function. */
static bool tries_again(const struct code *code, size_t i, uint64_t address, uint64_t callee)
{
    uint64_t to = 0;
    if (code->byte[i] == CALL)
        return target_of(code, i + 1) == callee;
    if (code->byte[i] == JUMP)
        to = target_of(code, i + 1);
    else if (code->byte[i] == JUMP_SHORT)
        to = code->at + i + 2 + (uint64_t)(int64_t)(int8_t)code->byte[i + 1];
    return to >= address - LOOP_BYTES && to < address;
}

static bool has_handler(const struct code *code, uint64_t address, uint64_t callee)
{
    for (size_t i = 0; i + 2 + CALL_BYTES < code->length; i++) {
        if (code->byte[i] != INDIRECT || code->byte[i + 1] != INDIRECT_RAX)
            continue;
        for (size_t next = i + 2; next + CALL_BYTES <= code->length && next < i + RETRY_BYTES; next++)
            if (tries_again(code, next, address, callee))
                return true;
    }
    return false;
}

/* What is unlikely may be far away; 0: not there. */
static uint64_t far_branch(const struct code *code)
{
    for (size_t i = 0; i + 2 + sizeof(int32_t) <= code->length && i < TEST_BYTES; i++)
        if (code->byte[i] == LONG && code->byte[i + 1] == LONG_JE)
            return target_of(code, i + 2);
    return 0;
}

bool operator_new_is_code(const struct image *image, uint64_t address)
{
    struct code call = read_code(image, address - CALL_BYTES);
    if (call.length < CALL_BYTES)
        return false;
    uint64_t callee = call.byte[0] == CALL ? target_of(&call, 1) : 0;
    struct code code = read_code(image, address);
    if (has_handler(&code, address, callee))
        return true;
    uint64_t far = far_branch(&code);
    if (far == 0)
        return false;
    code = read_code(image, far);
    return has_handler(&code, address, callee);
}
