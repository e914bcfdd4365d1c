/* The formats of `trackmalloc export` (doc/export.md), and what they have in common. */
#ifndef TM_EXPORT_FORMATS_H
#define TM_EXPORT_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "cmd/segment/load.h"
#include "cmd/symbols/symbolize.h"

/* The one list: NAME is what --format takes, and export_NAME in NAME.c writes it. A format has a note where its name
 * alone does not say what it is for, and is binary where it must not be written to a terminal. */
#define EXPORT_FORMATS(X)                   \
    X(json, "", false)                      \
    X(csv, "", false)                       \
    X(folded, " (for flame graphs)", false) \
    X(openmetrics, "", false)               \
    X(pprof, "", true)

enum export_by { EXPORT_BY_STACKS, EXPORT_BY_SITES, EXPORT_BY_TAGS };
enum export_value { EXPORT_LIVE_BYTES, EXPORT_ALLOCATED_BYTES, EXPORT_LIVE_BLOCKS };

/* What the command line specifies beside the format; each format uses what concerns it. All zero: the defaults. */
struct export_options {
    enum export_by by;
    enum export_value value;
    const char *table; /* one of fields.h; NULL: the format's own choice */
    bool progress;     /* show it on stderr, where symbols take long */
};

/* Writes one snapshot. `loaded` is checked already, its texts are not clean. The caller looks for errors of `to`.
 * false: the reason was reported on stderr. */
typedef bool export_write(const struct loaded *loaded, const struct export_options *options, FILE *to);

struct export_format {
    const char *name;
    const char *note;
    bool binary;
    export_write *write;
};

/* Ends with a row whose name is NULL. */
extern const struct export_format export_formats[];

const struct export_format *export_format_named(const char *name); /* NULL: there is none */

/* All names, as a sentence lists them: "A, B (its note) or C". The caller frees it. */
char *export_format_names(void);

/* A format's output in memory, which the caller frees. */
bool export_bytes(export_write *write, const struct loaded *loaded, const struct export_options *options, char **bytes,
                  size_t *length);

/* For the formats: the symbols of the snapshot, which the caller frees. */
struct symbolizer *export_symbols(const struct loaded *loaded, const struct export_options *options);

#define DECLARE(name, note, binary) export_write export_##name;
EXPORT_FORMATS(DECLARE)
#undef DECLARE

#endif
