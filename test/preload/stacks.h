/* Reads the section `Current allocations by stack:` of a report. For the suites that include suite.h. */
#ifndef TM_TEST_STACKS_H
#define TM_TEST_STACKS_H

#include <math.h>

#include "suite.h"

enum { STACKS_MOST = 512, FRAMES_MOST = 64, FRAME_NAME = 112 };

/* One stack; sizes are as precise as the text is (one decimal of their unit). */
struct told_stack {
    double live_bytes, allocated_bytes;
    uint64_t live_blocks, allocated_blocks;
    bool truncated, others;
    unsigned frames;
    const char *first; /* line of its frames, in the report */
};

struct told_stacks {
    bool estimated;
    unsigned count;
    struct told_stack stack[STACKS_MOST];
};

/* "97.7KiB", "~2.8GiB", "1,000", "~0": the number, and where the text goes on. */
static inline const char *told_number(const char *at, double *number)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    char digits[40];
    unsigned n = 0;
    at += *at == '~';
    for (; n < sizeof(digits) - 1 && *at != 0 && strchr("0123456789.,", *at) != NULL; at++)
        if (*at != ',')
            digits[n++] = *at;
    digits[n] = 0;
    *number = strtod(digits, NULL);
    for (unsigned i = 0; n > 0 && i < LENGTH(units); i++) {
        size_t length = strlen(units[i]);
        if (strncmp(at, units[i], length) == 0 && (at[length] == ' ' || at[length] == ')')) {
            *number = ldexp(*number, (int)(10 * i));
            return at + length;
        }
    }
    return n > 0 ? at : NULL;
}

/* "97.7KiB live in 1,000 blocks" */
static inline const char *told_amount(const char *at, const char *what, double *bytes, uint64_t *blocks)
{
    double number = 0;
    at = told_number(at, bytes);
    if (at == NULL || strncmp(at, what, strlen(what)) != 0)
        return NULL;
    at = told_number(at + strlen(what), &number);
    *blocks = (uint64_t)number;
    if (at == NULL || strncmp(at, " block", 6) != 0)
        return NULL;
    return at + (at[6] == 's' ? 7 : 6);
}

static inline const char *line_after(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL ? end + 1 : line + strlen(line);
}

static inline const char *read_frames(const char *line, struct told_stack *stack)
{
    for (stack->first = line; strncmp(line, "    ", 4) == 0; line = line_after(line))
        if (strncmp(line, "    (truncated)\n", 16) == 0)
            stack->truncated = true;
        else if (strncmp(line, "    (others)\n", 13) == 0)
            stack->others = true;
        else
            stack->frames++;
    assert_true(stack->frames <= FRAMES_MOST);
    assert_true(stack->frames > 0 || stack->truncated || stack->others);
    return line;
}

/* The section of this report; what it does not understand fails the test. `top` must leave no stack out. */
static inline void stacks_read(const struct report *report, struct told_stacks *stacks)
{
    static const char heading[] = "\nCurrent allocations by stack:";
    const char *line = strstr(report->text, heading);
    const char *next = strstr(report->text + 1, "\n>>>>>>>>>>>>> ");
    memset(stacks, 0, sizeof *stacks);
    if (line == NULL || (next != NULL && next < line))
        fail_msg("no section of stacks in\n%.3000s", report->text);
    stacks->estimated = strncmp(line + strlen(heading), " (estimated from samples", 24) == 0;
    for (line = line_after(line + 1); *line != '\n' && *line != 0;) {
        struct told_stack *stack = &stacks->stack[stacks->count++];
        assert_true(stacks->count <= STACKS_MOST);
        const char *at = told_amount(line, " live in ", &stack->live_bytes, &stack->live_blocks);
        if (at != NULL && strncmp(at, ", ", 2) == 0)
            at = told_amount(at + 2, " allocated in ", &stack->allocated_bytes, &stack->allocated_blocks);
        if (at == NULL || strncmp(at, ":\n", 2) != 0)
            fail_msg("no stack begins with `%.200s`", line);
        assert_int_equal(*line == '~', stacks->estimated);
        line = read_frames(at + 2, stack);
    }
}

/* Frame n of a stack, from 0, the innermost: `module!function`, `module` or an address; without the offset. */
static inline const char *stack_frame(const struct told_stack *stack, unsigned n)
{
    static char names[8][FRAME_NAME];
    static unsigned next;
    char *name = names[next++ % 8];
    const char *line = stack->first;
    assert_true(n < stack->frames);
    for (; n > 0; n--)
        line = line_after(line);
    snprintf(name, FRAME_NAME, "%.*s", (int)strcspn(line + 4, "\n"), line + 4);
    char *offset = strstr(name, "+0x");
    if (offset != NULL)
        *offset = 0;
    return name;
}

/* Whether a frame is of that function, of that module, or of both: `f`, `m`, `m!f`. */
static inline bool frame_is(const char *frame, const char *name)
{
    const char *mark = strchr(frame, '!');
    size_t module = mark != NULL ? (size_t)(mark - frame) : strlen(frame);
    return strcmp(frame, name) == 0 || (mark != NULL && strcmp(mark + 1, name) == 0) ||
           (strlen(name) == module && strncmp(frame, name, module) == 0);
}

/* Whether a stack's innermost frames are these; ">" stands for any frames up to the next name. NULL-ended. */
static inline bool stack_goes(const struct told_stack *stack, const char *const *names)
{
    unsigned n = 0;
    for (; *names != NULL; names++, n++) {
        bool anywhere = strcmp(*names, ">") == 0;
        names += anywhere;
        while (anywhere && n < stack->frames && !frame_is(stack_frame(stack, n), *names))
            n++;
        if (n >= stack->frames || !frame_is(stack_frame(stack, n), *names))
            return false;
    }
    return true;
}

/* The sum over all stacks that go so (NULL: all), and the frames of the last. */
static inline struct told_stack stacks_sum(const struct told_stacks *stacks, const char *const *names)
{
    struct told_stack sum = {0};
    for (unsigned i = 0; i < stacks->count; i++) {
        const struct told_stack *stack = &stacks->stack[i];
        if (names != NULL && !stack_goes(stack, names))
            continue;
        sum.live_bytes += stack->live_bytes;
        sum.live_blocks += stack->live_blocks;
        sum.allocated_bytes += stack->allocated_bytes;
        sum.allocated_blocks += stack->allocated_blocks;
        sum.truncated = stack->truncated;
        sum.frames = stack->frames;
        sum.first = stack->first;
    }
    return sum;
}

/* Whether no frame stands there by its address alone: there is room for so many names only. */
static inline bool stack_is_named(const struct told_stack *stack)
{
    for (unsigned n = 0; n < stack->frames; n++)
        if (strncmp(stack_frame(stack, n), "0x", 2) == 0)
            return false;
    return true;
}

/* By how much a size may differ from its text: below 1 KiB by nothing. */
static inline double rounding(double bytes)
{
    unsigned unit = 0;
    if (bytes < 1024)
        return 0;
    for (; bytes >= 1024; bytes /= 1024)
        unit++;
    return ldexp(0.0501, (int)(10 * unit));
}

#endif
