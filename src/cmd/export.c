/* `trackmalloc export`: a snapshot in the forms that other tools read (doc/export.md). */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "cmd/export/fields.h"
#include "cmd/export/formats.h"
#include "command.h"
#include "target.h"
#include "whole_file.h"

struct export_arguments {
    struct arguments_source source;
    const char *output;
    const struct export_format *format;
    struct export_options of_format;
};

static const struct export_format *find_format(const struct argp_state *state, const char *name)
{
    return &export_formats[arguments_choice(state, "--format", name, export_formats, sizeof *export_formats)];
}

static const char *find_table(const struct argp_state *state, const char *name)
{
    return field_tables[arguments_choice(state, "--table", name, field_tables, sizeof *field_tables)].name;
}

static error_t parse_export(int key, char *value, struct argp_state *state)
{
    static const char *const bys[] = {"stacks", "sites", "tags", NULL};
    static const char *const values[] = {"live", "allocated", "blocks", NULL};
    struct export_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->source;
        return 0;
    case 'f':
        arguments->format = find_format(state, value);
        return 0;
    case 'b':
        arguments->of_format.by = (enum export_by)arguments_choice(state, "--by", value, bys, sizeof *bys);
        return 0;
    case 'v':
        arguments->of_format.value =
            (enum export_value)arguments_choice(state, "--value", value, values, sizeof *values);
        return 0;
    case 't':
        arguments->of_format.table = find_table(state, value);
        return 0;
    case 'o':
        arguments->output = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->format == NULL)
            argp_error(state, "option '--format' is missing (allowed: %s)", export_format_names());
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0, NULL, 0}, /* complete_help names them */
    {"table", 't', "TABLE", 0,
     "csv: tags (the default), sites, stacks, threads, sizes, series, suspects, objects, notes, memory, alarm, total "
     "or process",
     0},
    {"by", 'b', "WHAT", 0, "folded: stacks (the default where there are some), sites or tags", 0},
    {"value", 'v', "VALUE", 0, "folded: live (bytes, the default), allocated (bytes) or blocks (live ones)", 0},
    {"output", 'o', "FILE", 0, "to a file, which is replaced when all went well", 0},
    {0},
};

static const struct argp_child common[] = {{.argp = &arguments_source}, {.argp = NULL}};

static char *complete_help(int key, const char *text, void *input)
{
    (void)input;
    return key == 'f' ? export_format_names() : (char *)text;
}

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
           report_error("cannot write to standard output: %s", strerror(errno)) == STATUS_OK;
}

/* A device, or a pipe that somebody reads. */
static bool write_to_device(const char *output, const struct bytes *bytes)
{
    FILE *to = fopen(output, "we");
    bool done = to != NULL && write_bytes(to, bytes);
    done = to != NULL && fclose(to) == 0 && done;
    return done || report_error("cannot write %s: %s", output, strerror(errno)) == STATUS_OK;
}

/* A link stays one: what it leads to is replaced. */
static bool write_out(const char *output, const struct bytes *bytes)
{
    struct stat there;
    if (output == NULL)
        return write_to_stdout(bytes);
    if (stat(output, &there) == 0 && !S_ISREG(there.st_mode))
        return write_to_device(output, bytes);
    char *whole = realpath(output, NULL);
    int status = whole_file(whole != NULL ? whole : output, true, write_bytes, bytes);
    free(whole);
    return status == STATUS_OK;
}

int export_run(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse_export,
                                     .children = common,
                                     .doc = "Writes a snapshot, of a tracked process or out of a file, in a form that "
                                            "other tools read. Without PID, the only process that is running.",
                                     .help_filter = complete_help};
    struct export_arguments arguments = {.of_format = {.progress = true}};
    struct loaded loaded;
    char *text;
    size_t length;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (arguments.format->binary && arguments.output == NULL && isatty(STDOUT_FILENO))
        return report_error("%s is binary: it is not written to a terminal; name a file with --output",
                            arguments.format->name);
    if (!target_load(&arguments.source, &loaded))
        return STATUS_FAILED;
    bool done = export_bytes(arguments.format->write, &loaded, &arguments.of_format, &text, &length);
    if (done) {
        done = write_out(arguments.output, &(struct bytes){text, length});
        free(text);
    }
    loaded_free(&loaded);
    return done ? STATUS_OK : STATUS_FAILED;
}
