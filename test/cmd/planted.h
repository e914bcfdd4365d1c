/* programs/planted.c, whose functions and lines are known: it says the lines itself; and what is found of it. */
#ifndef TM_CMD_PLANTED_H
#define TM_CMD_PLANTED_H

#include "harness.h"

#include "cmd/segment/load.h"
#include "cmd/symbols/symbolize.h"

enum { BLOCKS = 100 }; /* that `planted` allocates */

struct planted {
    struct target target;
    struct loaded loaded;
    int inline_line, planted_line, main_line;
};

void shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *copy_program(const char *name, const char *as); /* into the scratch directory */

/* A snapshot with all that was allocated by now. */
struct loaded snapshot_of(struct target *target);

/* A copy of the program, or one that was built otherwise; plant: with all stacks, and its snapshot. */
struct planted planted_start(const char *path, const char *options);
struct planted plant(const char *path);
void kill_planted(struct planted *planted);

struct snapshot_object *object_named(struct snapshot *snapshot, const char *path);
const struct snapshot_stack *stack_of(const struct snapshot *snapshot, uint64_t blocks); /* with so many that live */
const struct symbol *symbol_of(struct symbolizer *symbolizer, const struct snapshot *snapshot,
                               const struct snapshot_stack *stack, uint32_t frame);

bool ends_with(const char *text, const char *end);
void assert_frame(const struct symbol_frame *frame, const char *function, const char *file, int line);

/* For `expect_symbols`, which gives them a new symbolizer for this snapshot: functions, file, lines, and what was
 * inlined; or what the snapshot itself says, and nothing of any file. */
void assert_all_known(struct symbolizer *symbolizer, const struct planted *planted);
void assert_name_only(struct symbolizer *symbolizer, const struct planted *planted);
void expect_symbols(const struct planted *planted, const char *debug_path,
                    void (*assert_what)(struct symbolizer *, const struct planted *));

#endif
