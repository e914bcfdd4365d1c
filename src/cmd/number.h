/* Numbers that people type: decimal digits alone. */
#ifndef TM_CMD_NUMBER_H
#define TM_CMD_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Whether it is digits and nothing else, however many. */
bool number_is_digits(const char *text);

/* false: it is no number, or above `most`. */
bool number_read(const char *text, uint64_t most, uint64_t *number);

/* A process id; 0: it is none. */
uint32_t number_read_pid(const char *text);

#endif
