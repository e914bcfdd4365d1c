/* What every part of the command needs: its exit status, lines on stderr, memory that is there, text that is safe to
 * show. */
#ifndef TM_DIAGNOSTICS_H
#define TM_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

/* As a shell script sees them. */
enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

/* One line on stderr, `trackmalloc: MESSAGE`, the message as printf makes it; returns STATUS_FAILED. What could steer a
 * terminal is shown as '?'. */
int report_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The caller frees what these return; where there is no memory, the process ends with a line. */
void *must_allocate(size_t bytes); /* zeroed */
void *must_resize(void *memory, size_t bytes);
/* In the place of libiberty's, whose last line would not name us. NOLINTNEXTLINE(readability-redundant-declaration) */
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The text with all that is no printable UTF-8 as '?': names out of a target must not steer a terminal. Writes at most
 * `room` bytes, the closing zero included, never half a character; returns the length. `text` may stand in `clean`'s
 * place. */
size_t clean_text(const char *text, char *clean, size_t room);

#endif
