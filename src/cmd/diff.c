/* `trackmalloc diff`: what grew from one snapshot to another, or in one process since some time ago. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cmd/compare/diff_text.h"
#include "cmd/segment/load.h"
#include "cmd/symbols/naming.h"
#include "command.h"
#include "target.h"

struct diff_arguments {
    const char *directory;
    const char *which[SIDES];
    unsigned rows;
    bool wanted[BY_KINDS];
};

/* ---- the command line ---- */

static void finish_arguments(struct diff_arguments *arguments, struct argp_state *state)
{
    if (!arguments->wanted[BY_TAG] && !arguments->wanted[BY_SITE] && !arguments->wanted[BY_STACK])
        memset(arguments->wanted, true, sizeof arguments->wanted);
    else if (arguments->which[AFTER] == NULL && arguments->wanted[BY_STACK])
        argp_error(state, "invalid value 'stack' for option '--by': stacks have no past; give two snapshots");
}

static error_t parse_diff(int key, char *value, struct argp_state *state)
{
    static const char *const by_names[] = {[BY_TAG] = "tag", [BY_SITE] = "site", [BY_STACK] = "stack", NULL};
    struct diff_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->directory;
        state->child_inputs[1] = &arguments->rows;
        return 0;
    case 'b':
        arguments->wanted[arguments_choice(state, "--by", value, by_names, sizeof *by_names)] = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num >= SIDES)
            return ARGP_ERR_UNKNOWN;
        arguments->which[state->arg_num] = value;
        return 0;
    case ARGP_KEY_END:
        finish_arguments(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"by", 'b', "WHAT", 0, "tag, site or stack only; more than once for more (all)", 0},
    {0},
};

static const struct argp_child common[] = {{.argp = &arguments_directory}, {.argp = &arguments_rows}, {.argp = NULL}};

static const struct argp argp = {
    .options = options,
    .parser = parse_diff,
    .children = common,
    .args_doc = "BEFORE AFTER\n[PID|FILE]",
    .doc =
        "Tells what grew from one snapshot to another, each a PID or a file, by tag, call site and stack; of one "
        "alone, "
        "against what the process itself held 1 min, 10 min, 1 hour and 1 day ago; without any, of the only process "
        "that is running.\v"
        "Call sites are told by module and offset, so the two may be different runs, also on different hosts; of a "
        "module that was built anew, by function. Sizes are live bytes. `new?` and `gone?`: it may have been among the "
        "sites or stacks without a row of their own.",
};

/* ---- the text ---- */

static void write_text(const struct diff *diff, const struct diff_arguments *arguments, struct writer *out)
{
    if (diff->snapshot[AFTER] == NULL)
        past_text(out, diff->snapshot[BEFORE], arguments->wanted, arguments->rows);
    else
        diff_text(out, diff, arguments->rows);
}

static void print_text(const struct diff *diff, const struct diff_arguments *arguments)
{
    struct writer out = {NULL, 0, 0};
    write_text(diff, arguments, &out);
    char *text = must_allocate(out.length);
    out = (struct writer){text, out.length, 0};
    write_text(diff, arguments, &out);
    fwrite(text, 1, out.length, stdout);
    free(text);
}

static void compare_both(struct diff *diff, const struct diff_arguments *arguments)
{
    memcpy(diff->wanted, arguments->wanted, sizeof diff->wanted);
    diff_make(diff);
    print_text(diff, arguments);
    diff_free(diff);
}

static bool load_named(const struct diff_arguments *arguments, const char *which, struct loaded *loaded)
{
    if (!target_load(&(struct arguments_source){arguments->directory, which}, loaded))
        return false;
    name_all(loaded);
    return true;
}

int diff_run(int argc, char **argv)
{
    struct diff_arguments arguments = {.rows = ARGUMENTS_ROWS};
    struct loaded loaded[SIDES] = {{.snapshot = NULL}};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    bool good = true;
    for (int side = 0; side < SIDES && (side == BEFORE || arguments.which[side] != NULL); side++)
        good = good && load_named(&arguments, arguments.which[side], &loaded[side]);
    struct diff diff = {.snapshot = {loaded[BEFORE].snapshot, loaded[AFTER].snapshot}};
    if (good && arguments.which[AFTER] == NULL)
        print_text(&diff, &arguments);
    else if (good)
        compare_both(&diff, &arguments);
    loaded_free(&loaded[BEFORE]);
    loaded_free(&loaded[AFTER]);
    return good ? STATUS_OK : STATUS_FAILED;
}
