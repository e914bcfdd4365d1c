#include "planted.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/symbols/debug.h"

void shell(const char *format, ...)
{
    char command[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (system(command) != 0)
        fail_msg("%s", command);
}

const char *copy_program(const char *name, const char *as)
{
    const char *path = in_scratch(as);
    shell("cp %s %s", built(name), path);
    return path;
}

struct loaded snapshot_of(struct target *target)
{
    struct loaded loaded;
    char pid[16];
    uint32_t before = target_published(target, 0);
    target_published(target, before); /* which has all that was allocated by then */
    snprintf(pid, sizeof pid, "%d", (int)target->pid);
    assert_true(load(NULL, pid, &loaded));
    return loaded;
}

struct planted planted_start(const char *path, const char *options)
{
    struct planted planted = {.target = target_start(options, ARGV(path))};
    const char *line = target_line(&planted.target);
    if (sscanf(line, "%d %d %d", &planted.inline_line, &planted.planted_line, &planted.main_line) != 3)
        fail_msg("%s: %s", path, line);
    return planted;
}

struct planted plant(const char *path)
{
    struct planted planted = planted_start(path, "interval=0.3,stacks=all,output=/dev/null");
    planted.loaded = snapshot_of(&planted.target);
    return planted;
}

void kill_planted(struct planted *planted)
{
    target_end(&planted->target, SIGKILL);
}

struct snapshot_object *object_named(struct snapshot *snapshot, const char *path)
{
    struct snapshot_object *object = snapshot_writable_objects(snapshot);
    for (uint32_t i = 0; i < snapshot->objects; i++)
        if (strcmp(object[i].path, path) == 0)
            return &object[i];
    fail_msg("there is no object %s", path);
    return NULL;
}

const struct snapshot_stack *stack_of(const struct snapshot *snapshot, uint64_t blocks)
{
    const struct snapshot_stack *stack = snapshot_stacks(snapshot);
    for (uint32_t i = 0; i < snapshot->stacks; i++)
        if (stack[i].live.blocks == blocks && stack[i].frames > 1)
            return &stack[i];
    fail_msg("there is no stack with %" PRIu64 " blocks", blocks);
    return NULL;
}

const struct symbol *symbol_of(struct symbolizer *symbolizer, const struct snapshot *snapshot,
                               const struct snapshot_stack *stack, uint32_t frame)
{
    const struct snapshot_frame *at = &snapshot_frames(snapshot)[stack->frame + frame];
    return symbolizer_find(symbolizer, at->object, at->address);
}

bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

void assert_frame(const struct symbol_frame *frame, const char *function, const char *file, int line)
{
    if (strcmp(frame->function, function) != 0 || !ends_with(frame->file, file) || frame->line != (uint32_t)line)
        fail_msg("%s at %s:%u, not %s at %s:%d", frame->function, frame->file, frame->line, function, file, line);
}

void assert_all_known(struct symbolizer *symbolizer, const struct planted *planted)
{
    const struct snapshot *snapshot = planted->loaded.snapshot;
    const struct snapshot_stack *stack = stack_of(snapshot, BLOCKS);
    const struct symbol *inner = symbol_of(symbolizer, snapshot, stack, 0);
    assert_int_equal(inner->frames, 2);
    assert_true(inner->named);
    assert_frame(&inner->frame[0], "planted_inline", "/programs/planted.c", planted->inline_line);
    assert_frame(&inner->frame[1], "planted", "/programs/planted.c", planted->planted_line);
    for (int i = 0; i < 2; i++) /* wherever it was compiled */
        assert_int_equal(access(inner->frame[i].file, R_OK) + (inner->frame[i].file[0] != '/'), 0);
    assert_int_equal(inner->frame[1].first_line, planted->planted_line - 2);
    const struct symbol *outer = symbol_of(symbolizer, snapshot, stack, 1);
    assert_int_equal(outer->frames, 1);
    assert_frame(&outer->frame[0], "main", "/programs/planted.c", planted->main_line);
}

void assert_name_only(struct symbolizer *symbolizer, const struct planted *planted)
{
    const struct snapshot *snapshot = planted->loaded.snapshot;
    const struct symbol *inner = symbol_of(symbolizer, snapshot, stack_of(snapshot, BLOCKS), 0);
    assert_int_equal(inner->frames, 1);
    assert_frame(&inner->frame[0], "planted", "", 0);
}

void expect_symbols(const struct planted *planted, const char *debug_path,
                    void (*assert_what)(struct symbolizer *, const struct planted *))
{
    struct symbolizer *symbolizer =
        symbolizer_new(planted->loaded.snapshot, debug_path != NULL ? debug_path : DEBUG_PATH);
    assert_what(symbolizer, planted);
    symbolizer_free(symbolizer);
}
