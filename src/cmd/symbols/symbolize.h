/* What stands at the addresses of a snapshot: functions as they were written, files and lines, what was inlined. From
 * the files that were loaded, where these can still be found (binary.h); else what the snapshot itself says.
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
    const char *system_name; /* as the linker knows it */
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

/* Looks at no file yet. The snapshot must be checked (snapshot/check.h) and outlive it. */
struct symbolizer *symbolizer_new(const struct snapshot *snapshot);
void symbolizer_free(struct symbolizer *symbolizer);

/* Where debug files are: colon-separated, as gdb and libdw take it; before anything is asked. */
void symbolizer_look_in(struct symbolizer *symbolizer, const char *debug_path);

/* How far it is, on stderr, once it has worked for a second; only on a terminal. Gone with symbolizer_free. */
void symbolizer_show_progress(struct symbolizer *symbolizer);

/* Of an address that a call returns to, and the row of the object that it is in (or SNAPSHOT_NONE): what stands at the
 * call. Found out once; lives as long as the symbolizer. */
const struct symbol *symbolizer_find(struct symbolizer *symbolizer, uint32_t object, uint64_t address);

/* In one line, in the form of the report: MODULE!FUNCTION+0x12; one that is longer than `capacity` loses
 * its middle. Returns the length. */
size_t symbolizer_name(struct symbolizer *symbolizer, uint32_t object, uint64_t address, char *name, size_t capacity);

#endif
