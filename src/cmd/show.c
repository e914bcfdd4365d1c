#include "show.h"

#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "cmd/segment/load.h"
#include "cmd/symbols/naming.h"
#include "snapshot/text.h"

struct asked {
    const char *directory;
    const char *which;
    unsigned top;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct asked *asked = state->input;
    switch (key) {
    case 'd':
        asked->directory = argument;
        return 0;
    case 'n':
        asked->top = ask_rows(state, argument);
        return 0;
    case ARGP_KEY_ARG:
        if (asked->which != NULL)
            argp_usage(state);
        asked->which = argument;
        return 0;
    case ARGP_KEY_END:
        if (asked->which == NULL)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"top", 'n', "ROWS", 0, "rows in a table (20)", 0},
    {"dir", 'd', "DIRECTORY", 0, "where the segments are", 0},
    {0},
};

int show_run(int argc, char **argv)
{
    static const struct argp argp = {.options = options,
                                     .parser = parse,
                                     .args_doc = "PID|FILE",
                                     .doc = "Prints the report of a tracked process, or of a snapshot that was kept."};
    struct asked asked = {.top = ASK_ROWS};
    struct loaded loaded;
    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    if (!load(asked.directory, asked.which, &loaded))
        return STATUS_FAILED;
    loaded.snapshot->left_out = 0; /* the process may have switched sections off; who asks here wants them all */
    name_all(&loaded);
    size_t length = text_report(loaded.snapshot, asked.top, NULL, 0);
    char *text = must_allocate(length + 1);
    text_report(loaded.snapshot, asked.top, text, length + 1);
    fwrite(text, 1, length, stdout);
    free(text);
    loaded_free(&loaded);
    return STATUS_OK;
}
