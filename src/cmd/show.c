/* `trackmalloc show`: the text report, at any time, without the process noticing. */
#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "cmd/segment/load.h"
#include "cmd/symbols/naming.h"
#include "command.h"
#include "snapshot/text.h"
#include "target.h"

struct show_arguments {
    struct arguments_source source;
    unsigned rows;
};

static error_t parse_show(int key, char *value, struct argp_state *state)
{
    struct show_arguments *arguments = state->input;
    (void)value;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = &arguments->source;
    state->child_inputs[1] = &arguments->rows;
    return 0;
}

static const struct argp_child common[] = {{.argp = &arguments_source}, {.argp = &arguments_rows}, {.argp = NULL}};

int show_run(int argc, char **argv)
{
    static const struct argp argp = {.parser = parse_show,
                                     .children = common,
                                     .doc = "Prints the report of a tracked process, or of a snapshot that was kept. "
                                            "Without PID, the only process that is running."};
    struct show_arguments arguments = {.rows = ARGUMENTS_ROWS};
    struct loaded loaded;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!target_load(&arguments.source, &loaded))
        return STATUS_FAILED;
    loaded.snapshot->left_out = 0; /* the process may have switched sections off; who asks here wants them all */
    name_all(&loaded);
    size_t length = text_report(loaded.snapshot, arguments.rows, NULL, 0);
    char *text = must_allocate(length + 1);
    text_report(loaded.snapshot, arguments.rows, text, length + 1);
    fwrite(text, 1, length, stdout);
    free(text);
    loaded_free(&loaded);
    return STATUS_OK;
}
