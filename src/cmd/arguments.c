#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/segment/find.h"
#include "diagnostics.h"
#include "number.h"

/* ---- values ---- */

void arguments_invalid(const struct argp_state *state, const char *option, const char *value, const char *allowed)
{
    argp_error(state, "invalid value '%s' for option '%s' (allowed: %s)", value, option, allowed);
    exit(STATUS_USAGE);
}

static const char *name_at(const void *rows, size_t row_bytes, int i)
{
    return *(const char *const *)((const char *)rows + (size_t)i * row_bytes);
}

/* "A, B, C"; the caller frees it. */
static char *join_names(const void *rows, size_t row_bytes)
{
    char *line = xasprintf("%s", name_at(rows, row_bytes, 0));
    for (int i = 1; name_at(rows, row_bytes, i) != NULL; i++) {
        char *longer = xasprintf("%s, %s", line, name_at(rows, row_bytes, i));
        free(line);
        line = longer;
    }
    return line;
}

int arguments_choice(const struct argp_state *state, const char *option, const char *value, const void *rows,
                     size_t row_bytes)
{
    for (int i = 0; name_at(rows, row_bytes, i) != NULL; i++)
        if (strcmp(value, name_at(rows, row_bytes, i)) == 0)
            return i;
    arguments_invalid(state, option, value, join_names(rows, row_bytes));
}

/* ---- --dir ---- */

static error_t parse_directory(int key, char *argument, struct argp_state *state)
{
    const char **directory = state->input;
    if (key != 'd')
        return ARGP_ERR_UNKNOWN;
    *directory = argument;
    return 0;
}

static const struct argp_option directory_options[] = {
    {"dir", 'd', "DIRECTORY", 0, "where the segments are", 0},
    {0},
};

const struct argp arguments_directory = {.options = directory_options, .parser = parse_directory};

/* Of a fragment that takes --dir as well. */
static const struct argp_child with_directory[] = {{.argp = &arguments_directory}, {.argp = NULL}};

/* ---- --dir and --all ---- */

static error_t parse_places(int key, char *argument, struct argp_state *state)
{
    struct arguments_places *places = state->input;
    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &places->directory;
        return 0;
    case 'a':
        places->all = true;
        return 0;
    case ARGP_KEY_END:
        if (places->all && places->directory == NULL)
            places->directory = find_everybody;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option places_options[] = {
    {"all", 'a', NULL, 0, "everybody's processes, as far as you may look at them", 0},
    {0},
};

const struct argp arguments_places = {.options = places_options, .parser = parse_places, .children = with_directory};

/* ---- PID|FILE ---- */

static error_t parse_source(int key, char *argument, struct argp_state *state)
{
    struct arguments_source *source = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &source->directory;
        return 0;
    case ARGP_KEY_ARG:
        if (source->which != NULL)
            return ARGP_ERR_UNKNOWN; /* argp says that there are too many */
        source->which = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp arguments_source = {.parser = parse_source, .args_doc = "[PID|FILE]", .children = with_directory};

/* ---- --top ---- */

enum { ROWS_MOST = 4096 };

static error_t parse_rows(int key, char *argument, struct argp_state *state)
{
    unsigned *rows = state->input;
    if (key != 'n')
        return ARGP_ERR_UNKNOWN;
    uint64_t number;
    if (!number_read(argument, ROWS_MOST, &number) || number < 1)
        arguments_invalid(state, "--top", argument, "1 to 4096");
    *rows = (unsigned)number;
    return 0;
}

static const struct argp_option rows_options[] = {
    {"top", 'n', "ROWS", 0, "rows in a table (20)", 0},
    {0},
};

const struct argp arguments_rows = {.options = rows_options, .parser = parse_rows};
