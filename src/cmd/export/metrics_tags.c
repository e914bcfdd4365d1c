#include "metrics_tags.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"
#include "label.h"

static const char others[] = "(others)";

static void add_amount(struct snapshot_amount *to, const struct snapshot_amount *amount)
{
    to->blocks += amount->blocks;
    to->bytes += amount->bytes;
}

/* Adds the second one to the first and frees its name. Peaks were at different times: their sum is an upper bound. */
static void join_tag(struct metrics_tag *to, struct metrics_tag *tag)
{
    struct snapshot_counts *sum = &to->counts;
    const struct snapshot_counts *counts = &tag->counts;
    add_amount(&sum->live, &counts->live);
    add_amount(&sum->allocated, &counts->allocated);
    add_amount(&sum->freed, &counts->freed);
    sum->peak_bytes += counts->peak_bytes;
    sum->resizes += counts->resizes;
    sum->failures += counts->failures;
    for (unsigned i = 0; i < SNAPSHOT_AGE_ROWS; i++)
        add_amount(&sum->age[i], &counts->age[i]);
    free(tag->name);
}

static int tags_by_name(const void *a, const void *b)
{
    const struct metrics_tag *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* A tag whose own name is "(others)" sorts last, so that it is the first to be added to the sum of that name. */
static int tags_by_peak(const void *a, const void *b)
{
    const struct metrics_tag *x = a, *y = b;
    bool x_last = strcmp(x->name, others) == 0, y_last = strcmp(y->name, others) == 0;
    if (x_last != y_last)
        return x_last ? 1 : -1;
    if (x->counts.peak_bytes != y->counts.peak_bytes)
        return x->counts.peak_bytes > y->counts.peak_bytes ? -1 : 1;
    return tags_by_name(a, b);
}

static void join_equal_tags(struct metrics_tags *tags)
{
    size_t kept = 0;
    for (size_t i = 1; i < tags->rows; i++) {
        if (strcmp(tags->row[i].name, tags->row[kept].name) == 0)
            join_tag(&tags->row[kept], &tags->row[i]);
        else
            tags->row[++kept] = tags->row[i];
    }
    if (tags->rows != 0)
        tags->rows = kept + 1;
}

static void join_rest_of_tags(struct metrics_tags *tags, size_t most)
{
    if (tags->rows <= most)
        return;
    for (size_t i = most + 1; i < tags->rows; i++)
        join_tag(&tags->row[most], &tags->row[i]);
    free(tags->row[most].name);
    tags->row[most].name = label_clean(others);
    tags->rows = most + 1;
}

struct metrics_tags metrics_tags_of(const struct snapshot *snapshot, size_t most)
{
    struct metrics_tags tags = {must_allocate(snapshot->tags * sizeof *tags.row), snapshot->tags};
    for (uint32_t i = 0; i < snapshot->tags; i++)
        tags.row[i] = (struct metrics_tag){label_tag(snapshot, i), snapshot_tags(snapshot)[i].counts};
    qsort(tags.row, tags.rows, sizeof *tags.row, tags_by_name);
    join_equal_tags(&tags);
    qsort(tags.row, tags.rows, sizeof *tags.row, tags_by_peak);
    join_rest_of_tags(&tags, most);
    return tags;
}

void metrics_tags_free(struct metrics_tags *tags)
{
    for (size_t i = 0; i < tags->rows; i++)
        free(tags->row[i].name);
    free(tags->row);
}
