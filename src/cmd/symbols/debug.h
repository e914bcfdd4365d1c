/* What one ELF file says of its code: functions, lines, what was inlined. By elfutils' libdw, from the file itself and
 * from the debug file that belongs to it. Nothing here knows of a process: addresses are those of the file. */
#ifndef TM_DEBUG_H
#define TM_DEBUG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where debug files are, as in gdb; a list with colons, as libdw takes it. */
#define DEBUG_PATH ":.debug:/usr/lib/debug"

struct debug; /* one file; one thread at a time */

struct debug_frame {
    const char *function;  /* as the linker knows it; NULL: not known. Good until the next call */
    const char *file;      /* NULL: not known */
    const char *directory; /* that a relative file name starts from; NULL: not known */
    uint32_t line;         /* 0: not known */
    uint32_t first_line;   /* of the function; 0: not known */
};

enum { DEBUG_FRAMES = 64 }; /* of one address at most; what is inlined deeper is left out */

struct debug_place {
    struct debug_frame frame[DEBUG_FRAMES]; /* the innermost first: each was inlined into the next */
    uint32_t frames;                        /* 0: nothing is known of the address */
    uint64_t begin;                         /* of the last frame's function: an address */
};

/* Takes the descriptor; `path` is what it was opened as (debug files are looked for beside it). Separate debug files
 * are looked for along `debug_path`. NULL: it is no ELF file that libdw reads. */
struct debug *debug_open(int file, const char *path, const char *debug_path);
void debug_close(struct debug *debug);

/* What stands at an address; some microseconds, the first time in a large file up to seconds. */
void debug_find(struct debug *debug, uint64_t address, struct debug_place *place);

#endif
