/* A request to a tracked process, through the second page of its segment (snapshot/segment.h): no signal, and nothing
 * of the process is stopped for it. */
#ifndef TM_CONTROL_H
#define TM_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "find.h"
#include "snapshot/segment.h"

struct control_answer {
    bool done;                /* else `text` says why not */
    char text[SEGMENT_VALUE]; /* clean; may be empty when it is done */
};

/* Asks and waits for the answer, up to five seconds; one request at a time, those of others are waited for. `name` and
 * `value`: of SEGMENT_SET, else NULL. What could not be asked is an answer too: not done, and why.
 *
 * Where no answer came, the request is taken back: a process that was stopped does not do later what nobody waits
 * for. */
struct control_answer control_ask(const struct found *found, enum segment_command command, const char *name,
                                  const char *value);

#endif
