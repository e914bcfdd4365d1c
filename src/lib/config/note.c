#include "note.h"

#include <string.h>

enum note_state { NOTE_FREE, NOTE_TAKEN, NOTE_WRITTEN };

enum { SPACE = SNAPSHOT_NOTES - 1 }; /* the last row is for what found none */

static struct {
    struct {
        uint32_t state; /* enum note_state: nobody looks at the row before it is written */
        struct snapshot_note row;
    } note[SPACE];
    uint64_t others;
} notes SPARSE;

/* A text of one's own, zero behind it: rows are compared as a whole. */
static struct snapshot_note note_of(enum snapshot_note_kind kind, const char *name)
{
    struct snapshot_note note = {.kind = kind, .count = 1};
    size_t length = name != NULL ? strnlen(name, sizeof note.name - 1) : 0;
    memcpy(note.name, name != NULL ? name : "", length);
    return note;
}

static bool is_same(const struct snapshot_note *a, const struct snapshot_note *b)
{
    return a->kind == b->kind && strcmp(a->name, b->name) == 0;
}

/* Whether the row is this note's now. */
static bool take_row(unsigned i, const struct snapshot_note *note)
{
    uint32_t state = NOTE_FREE;
    if (__atomic_compare_exchange_n(&notes.note[i].state, &state, NOTE_TAKEN, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE)) {
        notes.note[i].row = *note;
        __atomic_store_n(&notes.note[i].state, NOTE_WRITTEN, __ATOMIC_RELEASE); /* pairs with note_copy */
        return true;
    }
    if (state != NOTE_WRITTEN || !is_same(&notes.note[i].row, note))
        return false; /* who takes the same note at this very moment has a second row: they are summed up later */
    __atomic_fetch_add(&notes.note[i].row.count, 1, __ATOMIC_RELAXED);
    return true;
}

void note_take(enum snapshot_note_kind kind, const char *name)
{
    const struct snapshot_note note = note_of(kind, name);
    for (unsigned i = 0; i < SPACE; i++)
        if (take_row(i, &note))
            return;
    __atomic_fetch_add(&notes.others, 1, __ATOMIC_RELAXED);
}

static void copy_notes_of(struct snapshot_note rows[SNAPSHOT_NOTES], uint32_t *count, unsigned from)
{
    const struct snapshot_note *row = &notes.note[from].row;
    uint64_t times = cell_read(&row->count);
    for (uint32_t i = 0; i < *count; i++)
        if (is_same(&rows[i], row)) {
            rows[i].count += times;
            return;
        }
    rows[*count] = note_of(row->kind, row->name); /* its count may change meanwhile */
    rows[(*count)++].count = times;
}

uint32_t note_copy(struct snapshot_note rows[SNAPSHOT_NOTES])
{
    uint32_t count = 0;
    for (unsigned i = 0; i < SPACE; i++)
        if (__atomic_load_n(&notes.note[i].state, __ATOMIC_ACQUIRE) == NOTE_WRITTEN)
            copy_notes_of(rows, &count, i);
    uint64_t others = cell_read(&notes.others);
    if (others == 0)
        return count;
    rows[count] = (struct snapshot_note){.kind = SNAPSHOT_NOTE_OTHERS, .count = others};
    return count + 1;
}
