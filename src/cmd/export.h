/* `trackmalloc export`: a snapshot in the forms that other tools read, and the table of these forms (doc/export.md). */
#ifndef TM_EXPORT_H
#define TM_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "cmd/segment/load.h"
#include "cmd/symbols/symbolize.h"
#include "diagnostics.h"

enum export_by { EXPORT_BY_STACKS, EXPORT_BY_SITES, EXPORT_BY_TAGS };
enum export_value { EXPORT_LIVE_BYTES, EXPORT_ALLOCATED_BYTES, EXPORT_LIVE_BLOCKS };

/* What the command line says beside the form; each form looks at what it knows. All zero: nothing was said. */
struct export_asked {
    enum export_by by;
    enum export_value value;
    const char *table; /* that there is (fields.h); NULL: the form's own choice */
    bool progress;     /* tell on stderr how far it is, where symbols take long */
};

/* Writes one snapshot. `loaded` is checked already, its texts are not clean. Errors of `to` itself are its owner's.
 * false: a line has said why. */
typedef bool export_write(const struct loaded *loaded, const struct export_asked *asked, FILE *to);

struct export_format {
    const char *name;
    export_write *write;
    bool binary; /* nothing for a terminal */
};

/* Ends with a row whose name is NULL. */
extern const struct export_format export_formats[];

/* The symbols of a snapshot, as it was asked; the caller frees them. */
struct symbolizer *export_symbols(const struct loaded *loaded, const struct export_asked *asked);

/* The same into memory, which the caller frees. */
bool export_bytes(export_write *write, const struct loaded *loaded, const struct export_asked *asked, char **bytes,
                  size_t *length);

export_write export_json;
export_write export_csv;
export_write export_folded;
export_write export_metrics;
export_write export_pprof;

#endif
