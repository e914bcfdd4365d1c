/* Finds, for the addresses in a snapshot, functions (demangled, with inlined calls), files and lines. They come from
 * the files that were loaded, if these are still there (binary.h); else from the snapshot itself.
 *
 * All texts are clean (clean_text). One thread at a time. */
#ifndef TM_SYMBOLIZE_H
#define TM_SYMBOLIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot/snapshot.h"

struct symbol_frame {
    const char *function;    /* demangled; MODULE+0x123 where it is not known */
    const char *system_name; /* its linkage name */
    const char *file;        /* "": not known */
    uint32_t line;           /* 0: not known */
    uint32_t first_line;     /* of the function; 0: not known */
};

struct symbol {
    const char *module;          /* the base name of its object, or "(no module)" */
    bool named;                  /* the function is known */
    uint64_t offset;             /* of the address in the function; else in the file */
    uint32_t frames;             /* at least one */
    struct symbol_frame frame[]; /* the innermost first: each was inlined into the next */
};

struct symbolizer;

/* Where debug files are, as in gdb: colon-separated, in libdw's form. */
#define DEBUG_PATH ":.debug:/usr/lib/debug"

/* Opens no file yet. The snapshot must be checked (snapshot/check.h) and outlive the symbolizer, and so must
 * `debug_path`: where debug files are, in the form of DEBUG_PATH. */
struct symbolizer *symbolizer_new(const struct snapshot *snapshot, const char *debug_path);
void symbolizer_free(struct symbolizer *symbolizer);

/* Shows progress on stderr, if that is a terminal, once the work has taken a second. symbolizer_free erases it. */
void symbolizer_show_progress(struct symbolizer *symbolizer);

/* The symbol of a call: `address` is its return address, `object` the row of the object that contains it, or
 * SNAPSHOT_NONE. Each is looked for once and lives as long as the symbolizer. */
const struct symbol *symbolizer_find(struct symbolizer *symbolizer, uint32_t object, uint64_t address);

/* In one line, in the form of the report: MODULE!FUNCTION+0x12; one that is longer than `capacity` loses
 * its middle. Returns the length. */
size_t symbolizer_name(struct symbolizer *symbolizer, uint32_t object, uint64_t address, char *name, size_t capacity);

#endif
