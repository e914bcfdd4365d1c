#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"

/* ---- rows with their keys: where two keys are equal, two rows become one ---- */

struct entry {
    char *key;
    size_t key_bytes;
    struct change change;
};

struct entries {
    struct entry *row;
    size_t rows;
    size_t capacity;
};

static struct change *add_change(struct entries *entries, int side, char *key, size_t key_bytes)
{
    if (entries->rows == entries->capacity) {
        entries->capacity = entries->capacity * 2 + 64;
        entries->row = must_resize(entries->row, entries->capacity * sizeof *entries->row);
    }
    struct entry *entry = &entries->row[entries->rows++];
    *entry = (struct entry){.key = key, .key_bytes = key_bytes};
    entry->change.there[side] = true;
    return &entry->change;
}

static int entries_by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = memcmp(x->key, y->key, x->key_bytes < y->key_bytes ? x->key_bytes : y->key_bytes);
    return order != 0 ? order : (x->key_bytes > y->key_bytes) - (x->key_bytes < y->key_bytes);
}

static void sum_amounts(struct snapshot_amount *to, const struct snapshot_amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

/* Keeps the name with a function in it: one snapshot may know it where the other does not. Frees the other name. */
static void keep_better_name(struct change *to, struct change *from)
{
    if (to->name != NULL && strchr(to->name, '!') == NULL && strchr(from->name, '!') != NULL) {
        char *name = to->name;
        to->name = from->name;
        from->name = name;
    }
    free(from->name);
}

static void join_changes(struct change *to, struct change *from)
{
    keep_better_name(to, from);
    for (int side = 0; side < SIDES; side++) {
        to->there[side] |= from->there[side];
        sum_amounts(&to->live[side], &from->live[side]);
        sum_amounts(&to->allocated[side], &from->allocated[side]);
        if (to->stack[side] == NULL)
            to->stack[side] = from->stack[side];
    }
}

static void weigh_change(struct change *change)
{
    const uint64_t before = change->live[BEFORE].bytes, after = change->live[AFTER].bytes;
    change->grown = after > before ? after - before : 0;
    change->shrunk = before > after ? before - after : 0;
}

static void join_entries(struct entries *entries, struct changes *changes)
{
    changes->row = must_allocate(entries->rows * sizeof *changes->row);
    if (entries->rows != 0)
        qsort(entries->row, entries->rows, sizeof *entries->row, entries_by_key);
    for (size_t i = 0; i < entries->rows; i++) {
        if (i > 0 && entries_by_key(&entries->row[i - 1], &entries->row[i]) == 0)
            join_changes(&changes->row[changes->rows - 1], &entries->row[i].change);
        else
            changes->row[changes->rows++] = entries->row[i].change;
    }
    for (uint32_t i = 0; i < changes->rows; i++)
        weigh_change(&changes->row[i]);
    for (size_t i = 0; i < entries->rows; i++)
        free(entries->row[i].key);
    free(entries->row);
}

/* ---- tags and sites ---- */

static void add_tag_changes(struct entries *entries, const struct snapshot *snapshot, int side)
{
    for (uint32_t i = 0; i < snapshot->tags; i++) {
        const struct snapshot_tag *tag = &snapshot_tags(snapshot)[i];
        struct change *change = add_change(entries, side, xasprintf("%s", tag->name), strlen(tag->name));
        change->name = xasprintf("%s", tag->name);
        change->live[side] = tag->counts.live;
        change->allocated[side] = tag->counts.allocated;
    }
}

/* A call site that allocates for several tags is several rows. */
static void add_site_change(struct entries *entries, const struct identities *mine, int side,
                            const struct snapshot_site *site)
{
    const char *tag = site->tag != SNAPSHOT_NONE ? snapshot_tags(mine->snapshot)[site->tag].name : NULL;
    char *place = identity_key(mine, site->object, site->address, site->name);
    char *key = xasprintf("%s\n%s", place, tag != NULL ? tag : "");
    struct change *change = add_change(entries, side, key, strlen(key));
    change->name = identity_name(mine, site->object, site->address, site->name);
    change->tag = tag;
    change->live[side] = site->live;
    change->allocated[side] = site->allocated;
    free(place);
}

static bool is_others_site(const struct snapshot_site *site)
{
    return site->address == 0;
}

/* ---- stacks ---- */

/* Numbers for places: equal for frames with equal keys. */
struct places {
    char **key; /* by frame: those of the first snapshot, then those of the second */
    char **sorted;
    size_t count;
};

static int keys_by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_frame_keys(struct places *places, const struct identities *mine)
{
    const struct snapshot *snapshot = mine->snapshot;
    for (uint32_t i = 0; i < snapshot->frames; i++) {
        const struct snapshot_frame *frame = &snapshot_frames(snapshot)[i];
        const char *name = frame->name_at != 0 ? snapshot_names(snapshot) + frame->name_at : "";
        places->key[places->count++] = identity_key(mine, frame->object, frame->address, name);
    }
}

static struct places places_make(const struct identities mine[SIDES])
{
    size_t frames = (size_t)mine[BEFORE].snapshot->frames + mine[AFTER].snapshot->frames;
    struct places places = {must_allocate(frames * sizeof(char *)), must_allocate(frames * sizeof(char *)), 0};
    add_frame_keys(&places, &mine[BEFORE]);
    add_frame_keys(&places, &mine[AFTER]);
    if (frames != 0) {
        memcpy(places.sorted, places.key, frames * sizeof(char *));
        qsort(places.sorted, frames, sizeof(char *), keys_by_text);
    }
    return places;
}

static uint32_t place_number(const struct places *places, size_t frame)
{
    size_t low = 0, high = places->count;
    while (low < high) { /* to the first that is not less */
        size_t middle = low + (high - low) / 2;
        if (strcmp(places->sorted[middle], places->key[frame]) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static void places_free(struct places *places)
{
    for (size_t i = 0; i < places->count; i++)
        free(places->key[i]);
    free(places->key);
    free(places->sorted);
}

/* A stack's key: whether it is truncated, and the numbers of its places. */
static void add_stack_changes(struct entries *entries, const uint32_t *number, const struct snapshot *snapshot,
                              int side)
{
    for (uint32_t i = 0; i < snapshot->stacks; i++) {
        const struct snapshot_stack *stack = &snapshot_stacks(snapshot)[i];
        size_t bytes = (stack->frames + 1) * sizeof(uint32_t);
        uint32_t *key = must_allocate(bytes);
        key[0] = stack->truncated != 0;
        for (uint32_t frame = 0; frame < stack->frames; frame++)
            key[frame + 1] = number[stack->frame + frame];
        struct change *change = add_change(entries, side, (char *)key, bytes);
        change->stack[side] = stack;
        change->live[side] = stack->live;
        change->allocated[side] = stack->allocated;
    }
}

static void add_stacks_of_both(struct entries *entries, const struct identities mine[SIDES])
{
    struct places places = places_make(mine);
    uint32_t *number = must_allocate(places.count * sizeof *number);
    for (size_t i = 0; i < places.count; i++)
        number[i] = place_number(&places, i);
    add_stack_changes(entries, number, mine[BEFORE].snapshot, BEFORE);
    add_stack_changes(entries, number + mine[BEFORE].snapshot->frames, mine[AFTER].snapshot, AFTER);
    free(number);
    places_free(&places);
}

static bool is_others_stack(const struct snapshot_stack *stack)
{
    return stack->frames == 0 && stack->truncated == 0;
}

/* ---- all of them ---- */

static bool has_all(const struct snapshot *snapshot, enum compare_by by)
{
    bool all = by != BY_TAG || snapshot->tags_left_out == 0;
    for (uint32_t i = 0; by == BY_SITE && i < snapshot->sites; i++)
        all &= !is_others_site(&snapshot_sites(snapshot)[i]);
    for (uint32_t i = 0; by == BY_STACK && i < snapshot->stacks; i++)
        all &= !is_others_stack(&snapshot_stacks(snapshot)[i]);
    return all;
}

struct changes compare(const struct identities mine[SIDES], enum compare_by by)
{
    struct changes changes = {.row = NULL};
    struct entries entries = {.row = NULL};
    if (by == BY_STACK)
        add_stacks_of_both(&entries, mine);
    for (int side = 0; side < SIDES; side++) {
        const struct snapshot *snapshot = mine[side].snapshot;
        changes.whole[side] = has_all(snapshot, by);
        if (by == BY_TAG)
            add_tag_changes(&entries, snapshot, side);
        for (uint32_t i = 0; by == BY_SITE && i < snapshot->sites; i++)
            add_site_change(&entries, &mine[side], side, &snapshot_sites(snapshot)[i]);
    }
    join_entries(&entries, &changes);
    return changes;
}

void changes_free(struct changes *changes)
{
    for (uint32_t i = 0; i < changes->rows; i++)
        free(changes->row[i].name);
    free(changes->row);
    *changes = (struct changes){.row = NULL};
}
