/* Functions, lines and inlined calls of one ELF file, read by elfutils' libdw from the file itself and from its debug
 * file. Addresses are those in the file. */
#ifndef TM_DEBUG_H
#define TM_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debug; /* one file; one thread at a time */

struct debug_frame {
    const char *function;  /* its linkage name; NULL: not known. Valid until the next call */
    const char *file;      /* NULL: not known */
    const char *directory; /* that a relative `file` is in; NULL: not known */
    uint32_t line;         /* 0: not known */
    uint32_t first_line;   /* of the function; 0: not known */
};

enum { DEBUG_FRAMES = 64 }; /* at most, of one address; deeper inlined calls are left out */

struct debug_place {
    struct debug_frame frame[DEBUG_FRAMES]; /* the innermost first: each was inlined into the next */
    uint32_t frames;                        /* 0: no function is known */
    uint64_t begin;                         /* address of the last frame's function */
};

/* Takes the descriptor; `path` is what it was opened as (debug files are looked for beside it). Separate debug files
 * are looked for along `debug_path`. NULL: it is no ELF file that libdw reads. */
struct debug *debug_open(int file, const char *path, const char *debug_path);
void debug_close(struct debug *debug);

/* Finds the functions at an address. Takes microseconds; the first time, in a large file, up to seconds. */
void debug_find(struct debug *debug, uint64_t address, struct debug_place *place);

#endif
