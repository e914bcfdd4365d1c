#include "metrics_tags.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "label.h"

static const char others[] = "(others)";

static void add(struct snapshot_amount *to, const struct snapshot_amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

/* Takes the second one's name from it. Peaks were at different times: their sum is as much as it can have been. */
static void join(struct metrics_tag *to, struct metrics_tag *tag)
{
    struct snapshot_counts *sum = &to->counts;
    const struct snapshot_counts *counts = &tag->counts;
    add(&sum->live, &counts->live);
    add(&sum->allocated, &counts->allocated);
    add(&sum->freed, &counts->freed);
    sum->peak_bytes += counts->peak_bytes;
    sum->resizes += counts->resizes;
    sum->failures += counts->failures;
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        add(&sum->age[i], &counts->age[i]);
    free(tag->name);
}

static int by_name(const void *a, const void *b)
{
    const struct metrics_tag *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* A tag that is called as the sum of others is the first to become part of it. */
static int by_peak(const void *a, const void *b)
{
    const struct metrics_tag *x = a, *y = b;
    bool x_last = strcmp(x->name, others) == 0, y_last = strcmp(y->name, others) == 0;
    if (x_last != y_last)
        return x_last ? 1 : -1;
    if (x->counts.peak_bytes != y->counts.peak_bytes)
        return x->counts.peak_bytes > y->counts.peak_bytes ? -1 : 1;
    return by_name(a, b);
}

static void join_equals(struct metrics_tags *tags)
{
    size_t kept = 0;
    for (size_t i = 1; i < tags->rows; i++) {
        if (strcmp(tags->row[i].name, tags->row[kept].name) == 0)
            join(&tags->row[kept], &tags->row[i]);
        else
            tags->row[++kept] = tags->row[i];
    }
    if (tags->rows != 0)
        tags->rows = kept + 1;
}

static void join_rest(struct metrics_tags *tags, size_t most)
{
    if (tags->rows <= most)
        return;
    for (size_t i = most + 1; i < tags->rows; i++)
        join(&tags->row[most], &tags->row[i]);
    free(tags->row[most].name);
    tags->row[most].name = label_clean(others);
    tags->rows = most + 1;
}

struct metrics_tags metrics_tags_of(const struct snapshot *snapshot, size_t most)
{
    struct metrics_tags tags = {must_allocate(snapshot->tags * sizeof *tags.row), snapshot->tags};
    for (uint32_t i = 0; i < snapshot->tags; i++)
        tags.row[i] = (struct metrics_tag){label_tag(snapshot, i), snapshot_tags(snapshot)[i].counts};
    qsort(tags.row, tags.rows, sizeof *tags.row, by_name);
    join_equals(&tags);
    qsort(tags.row, tags.rows, sizeof *tags.row, by_peak);
    join_rest(&tags, most);
    return tags;
}

void metrics_tags_free(struct metrics_tags *tags)
{
    for (size_t i = 0; i < tags->rows; i++)
        free(tags->row[i].name);
    free(tags->row);
}
