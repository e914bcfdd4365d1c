/* `trackmalloc show`: the text report, at any time, without the process noticing. */
#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "cmd/segment/load.h"
#include "cmd/symbols/naming.h"
#include "command.h"
#include "snapshot/text.h"

struct asked {
    struct ask_source source;
    unsigned top;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct asked *asked = state->input;
    switch (key) {
    case 'n':
        asked->top = ask_rows(state, argument);
        return 0;
    default:
        return ask_source(key, argument, state, &asked->source);
    }
}

static const struct argp_option options[] = {
    {"top", 'n', "ROWS", 0, "rows in a table (20)", 0},
    ASK_DIRECTORY,
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
    if (!load(asked.source.directory, asked.source.which, &loaded))
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
