/* Folded stacks, as flame graph tools read them: on each line, `outermost;...;innermost NUMBER`. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"
#include "formats.h"
#include "label.h"
#include "samples.h"

/* Frees the name. */
static void put_folded_name(FILE *to, char *name)
{
    label_fold(name);
    fputs(name, to);
    free(name);
}

static uint64_t folded_value(const struct export_options *options, const struct snapshot_amount *live,
                             const struct snapshot_amount *allocated)
{
    switch (options->value) {
    case EXPORT_ALLOCATED_BYTES:
        return allocated->bytes;
    case EXPORT_LIVE_BLOCKS:
        return live->blocks;
    default:
        return live->bytes;
    }
}

static void put_folded_value(FILE *to, uint64_t value)
{
    fprintf(to, " %" PRIu64 "\n", value);
}

static char *label_of_site(const struct snapshot *snapshot, struct symbolizer *symbols,
                           const struct snapshot_site *site)
{
    return site->address != 0 ? label_call(symbols, site->object, site->address)
                              : label_site(snapshot, (uint32_t)(site - snapshot_sites(snapshot)));
}

static char *label_of_sample(const struct snapshot *snapshot, struct symbolizer *symbols, const struct sample *sample)
{
    if (sample->stack != NULL)
        return label_stack(symbols, snapshot, sample->stack);
    return sample->site != NULL ? label_of_site(snapshot, symbols, sample->site) : xasprintf("(others)");
}

/* The sum of all lines is the process's total, also where stacks are sampled (samples.h). */
static void put_stacks(FILE *to, const struct snapshot *snapshot, struct symbolizer *symbols,
                       const struct export_options *options)
{
    const int which = options->value == EXPORT_ALLOCATED_BYTES ? SAMPLE_ALLOC_SPACE
                      : options->value == EXPORT_LIVE_BLOCKS   ? SAMPLE_INUSE_OBJECTS
                                                               : SAMPLE_INUSE_SPACE;
    struct samples samples = samples_new(snapshot);
    for (size_t i = 0; i < samples.rows; i++) {
        if (samples.row[i].value[which] == 0)
            continue;
        char *line = label_of_sample(snapshot, symbols, &samples.row[i]);
        fputs(line, to);
        free(line);
        put_folded_value(to, samples.row[i].value[which]);
    }
    samples_free(&samples);
}

static void put_sites(FILE *to, const struct snapshot *snapshot, struct symbolizer *symbols,
                      const struct export_options *options)
{
    const struct snapshot_site *site = snapshot_sites(snapshot);
    for (uint32_t i = 0; i < snapshot->sites; i++) {
        uint64_t value = folded_value(options, &site[i].live, &site[i].allocated);
        if (value == 0)
            continue;
        put_folded_name(to, label_tag(snapshot, site[i].tag));
        fputc(';', to);
        char *call = label_of_site(snapshot, symbols, &site[i]);
        fputs(call, to);
        free(call);
        put_folded_value(to, value);
    }
}

/* A name with slashes, db/cache, is a path: its parts are the frames. */
static void put_tags(FILE *to, const struct snapshot *snapshot, const struct export_options *options)
{
    const struct snapshot_tag *tag = snapshot_tags(snapshot);
    for (uint32_t i = 0; i < snapshot->tags; i++) {
        uint64_t value = folded_value(options, &tag[i].counts.live, &tag[i].counts.allocated);
        if (value == 0)
            continue;
        char *name = label_tag(snapshot, i);
        char *rest = name;
        for (char *part; (part = strsep(&rest, "/")) != NULL;) {
            if (part != name)
                fputc(';', to);
            put_folded_name(to, label_clean(part));
        }
        free(name);
        put_folded_value(to, value);
    }
}

bool export_folded(const struct loaded *loaded, const struct export_options *options, FILE *to)
{
    const struct snapshot *snapshot = loaded->snapshot;
    struct symbolizer *symbols = export_symbols(loaded, options);
    if (options->by == EXPORT_BY_TAGS)
        put_tags(to, snapshot, options);
    else if (options->by == EXPORT_BY_SITES || snapshot->stacks == 0)
        put_sites(to, snapshot, symbols, options);
    else
        put_stacks(to, snapshot, symbols, options);
    symbolizer_free(symbols);
    return true;
}
