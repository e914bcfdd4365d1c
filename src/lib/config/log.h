/* The one writer. Nothing of ours reaches a descriptor but through here.
 *
 * It writes to descriptor 2 only while that is still the file that was stderr at start, never blocks for longer
 * than its patience, and raises no signal. */
#ifndef TM_LOG_H
#define TM_LOG_H

#include "lib/sys/base.h"

enum { LOG_LINE = 640 };

/* A sandbox may kill the process for any call that it has not foreseen. Each is narrower than the one before it. */
enum log_sandbox {
    SANDBOX_NONE,
    SANDBOX_FILTER, /* a filter was there before us: write, and the look at a file that the loader took as well */
    SANDBOX_WRITES, /* entered by the program, write is known to be allowed, and stderr was in order then */
    SANDBOX_SILENT  /* entered by the program */
};

/* Remembers what stderr is, and whether there is a filter. Once, at start. */
void log_start(void);
/* The filter is known to kill for nothing that we call. Once, at start. */
void log_trusts_filter(void);

/* The process enters a sandbox, unless it is in a narrower one; returns the one before. */
enum log_sandbox log_sandboxed(enum log_sandbox sandbox);
/* It has not entered it after all. */
void log_sandbox_failed(enum log_sandbox before);
enum log_sandbox log_sandbox(void);
bool log_is_sandboxed(void); /* in any of them */

/* One piece of text to stderr. false: stderr is gone, or took not all of it. `stop`, when not NULL and not 0,
 * ends the patience. */
bool log_stderr(const char *text, size_t length, const uint32_t *stop);
/* The same to any open descriptor, which must not be a terminal's or pipe's that others share. */
bool log_descriptor(int descriptor, const char *text, size_t length, const uint32_t *stop);

/* A line of our own, "trackmalloc: ...": put together piece by piece, then said. A line too long is cut. */
struct log_line {
    size_t length;
    char text[LOG_LINE];
};

void log_begin(struct log_line *line);
void log_text(struct log_line *line, const char *text);
void log_bytes(struct log_line *line, const char *text, size_t length);
void log_number(struct log_line *line, uint64_t number);
void log_pointer(struct log_line *line, const void *pointer);
void log_say(struct log_line *line);

#endif
