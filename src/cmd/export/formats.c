#include "formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"

#define ROW(name, note, binary) {#name, note, binary, export_##name},
const struct export_format export_formats[] = {EXPORT_FORMATS(ROW){.name = NULL}};
#undef ROW

const struct export_format *export_format_named(const char *name)
{
    for (const struct export_format *format = export_formats; format->name != NULL; format++)
        if (strcmp(name, format->name) == 0)
            return format;
    return NULL;
}

char *export_format_names(void)
{
    char *names = xasprintf("%s", "");
    for (const struct export_format *format = export_formats; format->name != NULL; format++) {
        const bool first = format == export_formats, last = format[1].name == NULL;
        char *more = xasprintf("%s%s%s%s", names, first ? "" : last ? " or " : ", ", format->name, format->note);
        free(names);
        names = more;
    }
    return names;
}

bool export_bytes(export_write *write, const struct loaded *loaded, const struct export_options *options, char **bytes,
                  size_t *length)
{
    FILE *memory = open_memstream(bytes, length);
    bool done = memory != NULL && write(loaded, options, memory);
    bool whole = memory != NULL && fclose(memory) == 0;
    if (!whole)
        report_error("cannot write to memory: %s", strerror(errno));
    if (done && whole)
        return true;
    if (memory != NULL)
        free(*bytes);
    return false;
}

struct symbolizer *export_symbols(const struct loaded *loaded, const struct export_options *options)
{
    struct symbolizer *symbolizer = symbolizer_new(loaded->snapshot, DEBUG_PATH);
    if (options->progress)
        symbolizer_show_progress(symbolizer);
    return symbolizer;
}
