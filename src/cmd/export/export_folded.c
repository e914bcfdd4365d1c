/* Folded stacks: a line each, `outermost;...;innermost NUMBER`, as flame graph tools read them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/export.h"
#include "label.h"

/* Takes the name over. */
static void put_name(FILE *to, char *name)
{
    label_fold(name);
    fputs(name, to);
    free(name);
}

static uint64_t value_of(const struct export_asked *asked, const struct snapshot_amount *live,
                         const struct snapshot_amount *allocated)
{
    switch (asked->value) {
    case EXPORT_ALLOCATED_BYTES:
        return allocated->bytes;
    case EXPORT_LIVE_BLOCKS:
        return live->blocks;
    default:
        return live->bytes;
    }
}

static void put_value(FILE *to, uint64_t value)
{
    fprintf(to, " %" PRIu64 "\n", value);
}

static void put_stacks(FILE *to, const struct snapshot *snapshot, struct symbolizer *symbols,
                       const struct export_asked *asked)
{
    const struct snapshot_stack *stack = snapshot_stacks(snapshot);
    for (uint32_t i = 0; i < snapshot->stacks; i++) {
        uint64_t value = value_of(asked, &stack[i].live, &stack[i].allocated);
        if (value == 0)
            continue;
        char *line = label_stack(symbols, snapshot, &stack[i]);
        fputs(line, to);
        free(line);
        put_value(to, value);
    }
}

static void put_sites(FILE *to, const struct snapshot *snapshot, struct symbolizer *symbols,
                      const struct export_asked *asked)
{
    const struct snapshot_site *site = snapshot_sites(snapshot);
    for (uint32_t i = 0; i < snapshot->sites; i++) {
        uint64_t value = value_of(asked, &site[i].live, &site[i].allocated);
        if (value == 0)
            continue;
        put_name(to, label_tag(snapshot, site[i].tag));
        fputc(';', to);
        char *call =
            site[i].address != 0 ? label_call(symbols, site[i].object, site[i].address) : label_site(snapshot, i);
        fputs(call, to);
        free(call);
        put_value(to, value);
    }
}

/* A tag that is part of others by its name, db/cache, stands above them. */
static void put_tags(FILE *to, const struct snapshot *snapshot, const struct export_asked *asked)
{
    const struct snapshot_tag *tag = snapshot_tags(snapshot);
    for (uint32_t i = 0; i < snapshot->tags; i++) {
        uint64_t value = value_of(asked, &tag[i].books.live, &tag[i].books.allocated);
        if (value == 0)
            continue;
        char *name = label_tag(snapshot, i);
        char *rest = name;
        for (char *part; (part = strsep(&rest, "/")) != NULL;) {
            if (part != name)
                fputc(';', to);
            put_name(to, label_clean(part));
        }
        free(name);
        put_value(to, value);
    }
}

bool export_folded(const struct loaded *loaded, const struct export_asked *asked, FILE *to)
{
    const struct snapshot *snapshot = loaded->snapshot;
    struct symbolizer *symbols = export_symbols(loaded, asked);
    if (asked->by == EXPORT_BY_TAGS)
        put_tags(to, snapshot, asked);
    else if (asked->by == EXPORT_BY_SITES || snapshot->stacks == 0)
        put_sites(to, snapshot, symbols, asked);
    else
        put_stacks(to, snapshot, symbols, asked);
    symbolizer_free(symbols);
    return true;
}
