/* `trackmalloc save`: keeps a snapshot in a file, which every other subcommand reads. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arguments.h"
#include "cmd/segment/load.h"
#include "command.h"
#include "target.h"
#include "whole_file.h"

struct save_arguments {
    struct arguments_source source;
    const char *output;
    bool force;
};

/* ---- the name ---- */

/* A program's name as a part of a file's: no slash, nothing that a shell or a terminal takes for its own. */
static void replace_unsafe_characters(char *name)
{
    for (char *c = name; *c != '\0'; c++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-", *c) == NULL)
            *c = '_';
    if (*name == '.' || *name == '-' || *name == '\0')
        *name = '_';
}

/* PROGRAM-PID-20261121T093626Z.tms: when the snapshot was taken. */
static char *usual_name(const struct snapshot *snapshot)
{
    char program[SNAPSHOT_NAME + 1] = "";
    char date[64] = "undated";
    time_t seconds = snapshot->wall_seconds;
    struct tm moment;
    memcpy(program, snapshot->program, SNAPSHOT_NAME);
    replace_unsafe_characters(program);
    if (gmtime_r(&seconds, &moment) != NULL && moment.tm_year >= 0 && moment.tm_year < 8100)
        strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", &moment);
    return xasprintf("%s-%u-%s.tms", program, snapshot->pid, date);
}

/* ---- the file ---- */

static bool write_all(FILE *file, const void *bytes, size_t length)
{
    return fwrite(bytes, 1, length, file) == length;
}

/* A segment with one buffer, in which the snapshot stands. */
static bool write_segment(FILE *file, const void *from)
{
    const struct loaded *loaded = from;
    static const char empty[SEGMENT_BUFFERS_AT];
    struct segment head = {
        .version = SEGMENT_VERSION,
        .buffer_bytes = loaded->snapshot->bytes,
        .pid = loaded->head.pid,
        .uid = loaded->head.uid,
        .started_ticks = loaded->head.started_ticks,
        .state = loaded->head.state,
        .writing = SEGMENT_BUFFERS, /* the first buffer's */
        .written = SEGMENT_BUFFERS,
    };
    memcpy(head.magic, SEGMENT_MAGIC, sizeof head.magic);
    return write_all(file, &head, sizeof head) && write_all(file, empty, sizeof empty - sizeof head) &&
           write_all(file, loaded->snapshot, loaded->snapshot->bytes);
}

/* ---- the subcommand ---- */

static error_t parse_save(int key, char *value, struct argp_state *state)
{
    struct save_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->source;
        return 0;
    case 'o':
        arguments->output = value;
        return 0;
    case 'f':
        arguments->force = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "where to (PROGRAM-PID-DATE.tms)", 0},
    {"force", 'f', NULL, 0, "overwrite a file that is there", 0},
    {0},
};

static const struct argp_child common[] = {{.argp = &arguments_source}, {.argp = NULL}};

int save_run(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_save,
        .children = common,
        .doc = "Keeps the present snapshot of a tracked process in a file, and says which. "
               "Every other subcommand reads it in place of a PID. Without PID, the only process that is running."};
    struct save_arguments arguments = {.output = NULL};
    struct loaded loaded;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!target_load(&arguments.source, &loaded))
        return STATUS_FAILED;
    char *path = arguments.output != NULL ? xasprintf("%s", arguments.output) : usual_name(loaded.snapshot);
    int status = whole_file(path, arguments.force, write_segment, &loaded);
    if (status == STATUS_OK)
        puts(path);
    free(path);
    loaded_free(&loaded);
    return status;
}
