/* Notes: what the library did to the program on purpose, or could not do for it. They are at a report's end, and in
 * the snapshot; nothing else is said of them. */
#ifndef TM_NOTE_H
#define TM_NOTE_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

/* Takes a note; of the same thing as before, that it has happened once more. `name` is what it is about, and is cut
 * where it is too long; NULL: nothing that has a name. Any thread, any signal handler, without a lock. What finds no
 * room (SNAPSHOT_NOTES) is counted: the last row is then SNAPSHOT_NOTE_OTHERS. */
void note_take(enum snapshot_note_kind kind, const char *name);

/* For the report: the notes so far, in the order in which they came first. How many. */
uint32_t note_copy(struct snapshot_note rows[SNAPSHOT_NOTES]);

#endif
