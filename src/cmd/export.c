#include "export.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask.h"
#include "cmd/export/fields.h"
#include "command.h"
#include "whole_file.h"

const struct export_format export_formats[] = {
    {.name = "json", .write = export_json},
    {.name = "csv", .write = export_csv},
    {.name = "folded", .write = export_folded},
    {.name = "openmetrics", .write = export_metrics},
    {.name = "pprof", .write = export_pprof, .binary = true},
    {.name = NULL},
};

struct asked {
    struct ask_source source;
    const char *output;
    const struct export_format *format;
    struct export_asked of_format;
};

/* The place of a word among those of a list that ends with NULL. */
static int word_of(struct argp_state *state, const char *option, const char *word, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    argp_error(state, "%s: there is no '%s'; see --help", option, word);
    return 0;
}

static const struct export_format *format_of(struct argp_state *state, const char *name)
{
    for (const struct export_format *format = export_formats; format->name != NULL; format++)
        if (strcmp(name, format->name) == 0)
            return format;
    argp_error(state, "--format: there is no '%s'; see --help", name);
    return NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    static const char *const bys[] = {"stacks", "sites", "tags", NULL};
    static const char *const values[] = {"live", "allocated", "blocks", NULL};
    struct asked *asked = state->input;
    switch (key) {
    case 'f':
        asked->format = format_of(state, argument);
        return 0;
    case 'b':
        asked->of_format.by = (enum export_by)word_of(state, "--by", argument, bys);
        return 0;
    case 'v':
        asked->of_format.value = (enum export_value)word_of(state, "--value", argument, values);
        return 0;
    case 't':
        if (fields_table(argument) == NULL)
            argp_error(state, "--table: there is no '%s'; see --help", argument);
        asked->of_format.table = argument;
        return 0;
    case 'o':
        asked->output = argument;
        return 0;
    case ARGP_KEY_END:
        ask_source(key, argument, state, &asked->source);
        if (asked->format == NULL)
            argp_error(state, "--format: which one? See --help");
        return 0;
    default:
        return ask_source(key, argument, state, &asked->source);
    }
}

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0, "json, csv, folded (for flame graphs), openmetrics or pprof", 0},
    {"table", 't', "TABLE", 0,
     "csv: tags (the default), sites, stacks, threads, sizes, series, suspects, objects, notes, memory, alarm, total "
     "or process",
     0},
    {"by", 'b', "WHAT", 0, "folded: stacks (the default where there are some), sites or tags", 0},
    {"value", 'v', "VALUE", 0, "folded: live (bytes, the default), allocated (bytes) or blocks (live ones)", 0},
    {"output", 'o', "FILE", 0, "to a file, which is replaced when all went well", 0},
    ASK_DIRECTORY,
    {0},
};

struct bytes {
    const char *byte;
    size_t length;
};

static bool write_bytes(FILE *to, const void *from)
{
    const struct bytes *bytes = from;
    return fwrite(bytes->byte, 1, bytes->length, to) == bytes->length;
}

static bool write_to_stdout(const struct bytes *bytes)
{
    return (write_bytes(stdout, bytes) && fflush(stdout) == 0) ||
           complain("standard output", "%s", strerror(errno)) == STATUS_OK;
}

/* A device, or a pipe that somebody reads. */
static bool write_through(const char *output, const struct bytes *bytes)
{
    FILE *to = fopen(output, "we");
    bool done = to != NULL && write_bytes(to, bytes);
    done = to != NULL && fclose(to) == 0 && done;
    return done || complain(output, "%s", strerror(errno)) == STATUS_OK;
}

/* A link stays one: what it leads to is replaced. */
static bool write_out(const char *output, const struct bytes *bytes)
{
    struct stat there;
    if (output == NULL)
        return write_to_stdout(bytes);
    if (stat(output, &there) == 0 && !S_ISREG(there.st_mode))
        return write_through(output, bytes);
    char *whole = realpath(output, NULL);
    int status = whole_file(whole != NULL ? whole : output, true, write_bytes, bytes);
    free(whole);
    return status == STATUS_OK;
}

struct symbolizer *export_symbols(const struct loaded *loaded, const struct export_asked *asked)
{
    struct symbolizer *symbolizer = symbolizer_new(loaded->snapshot);
    if (asked->progress)
        symbolizer_show_progress(symbolizer);
    return symbolizer;
}

bool export_bytes(export_write *write, const struct loaded *loaded, const struct export_asked *asked, char **bytes,
                  size_t *length)
{
    FILE *memory = open_memstream(bytes, length);
    bool done = memory != NULL && write(loaded, asked, memory);
    bool whole = memory != NULL && fclose(memory) == 0;
    if (!whole)
        complain("memory", "%s", strerror(errno));
    if (done && whole)
        return true;
    if (memory != NULL)
        free(*bytes);
    return false;
}

int export_run(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "PID|FILE",
        .doc = "Writes a snapshot, of a tracked process or out of a file, in a form that other tools read."};
    struct asked asked = {.of_format = {.progress = true}};
    struct loaded loaded;
    char *text;
    size_t length;
    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    if (asked.format->binary && asked.output == NULL && isatty(STDOUT_FILENO))
        return complain(asked.format->name, "these bytes are not for a terminal; say where to with -o");
    if (!load(asked.source.directory, asked.source.which, &loaded))
        return STATUS_FAILED;
    bool done = export_bytes(asked.format->write, &loaded, &asked.of_format, &text, &length);
    if (done) {
        done = write_out(asked.output, &(struct bytes){text, length});
        free(text);
    }
    loaded_free(&loaded);
    return done ? STATUS_OK : STATUS_FAILED;
}
