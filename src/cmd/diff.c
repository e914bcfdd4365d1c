/* `trackmalloc diff`: what grew from one snapshot to another, or in one process since some time ago. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "cmd/compare/diff_text.h"
#include "cmd/segment/load.h"
#include "cmd/symbols/naming.h"
#include "command.h"

struct asked {
    const char *directory;
    const char *which[SIDES];
    unsigned top;
    bool wanted[BY_KINDS];
};

/* ---- the command line ---- */

static void want(struct asked *asked, const char *by, struct argp_state *state)
{
    static const char *const names[BY_KINDS] = {"tag", "site", "stack"};
    for (unsigned kind = 0; kind < BY_KINDS; kind++)
        if (strcmp(by, names[kind]) == 0) {
            asked->wanted[kind] = true;
            return;
        }
    argp_error(state, "--by: '%s' is none of tag, site, stack", by);
}

static void finish(struct asked *asked, struct argp_state *state)
{
    if (asked->which[BEFORE] == NULL)
        argp_usage(state);
    if (!asked->wanted[BY_TAG] && !asked->wanted[BY_SITE] && !asked->wanted[BY_STACK])
        memset(asked->wanted, true, sizeof asked->wanted);
    else if (asked->which[AFTER] == NULL && asked->wanted[BY_STACK])
        argp_error(state, "--by stack: stacks have no past; give two snapshots");
}

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
    case 'b':
        want(asked, argument, state);
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num >= SIDES)
            argp_usage(state);
        asked->which[state->arg_num] = argument;
        return 0;
    case ARGP_KEY_END:
        finish(asked, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"by", 'b', "WHAT", 0, "tag, site or stack only; more than once for more (all)", 0},
    {"top", 'n', "ROWS", 0, "rows in a table (20)", 0},
    ASK_DIRECTORY,
    {0},
};

static const struct argp argp = {
    .options = options,
    .parser = parse,
    .args_doc = "BEFORE AFTER\nPID|FILE",
    .doc =
        "Tells what grew from one snapshot to another, each a PID or a file, by tag, call site and stack; of one "
        "alone, "
        "against what the process itself held 1 min, 10 min, 1 hour and 1 day ago.\v"
        "Call sites are told by module and offset, so the two may be different runs, also on different hosts; of a "
        "module that was built anew, by function. Sizes are live bytes. `new?` and `gone?`: it may have been among the "
        "sites or stacks without a row of their own.",
};

/* ---- the text ---- */

static void show(const struct diff *diff, const struct asked *asked, struct format *out)
{
    if (diff->snapshot[AFTER] == NULL)
        past_text(out, diff->snapshot[BEFORE], asked->wanted, asked->top);
    else
        diff_text(out, diff, asked->top);
}

static void print(const struct diff *diff, const struct asked *asked)
{
    struct format out = {NULL, 0, 0};
    show(diff, asked, &out);
    char *text = must_allocate(out.length);
    out = (struct format){text, out.length, 0};
    show(diff, asked, &out);
    fwrite(text, 1, out.length, stdout);
    free(text);
}

static void compare_both(struct diff *diff, const struct asked *asked)
{
    memcpy(diff->wanted, asked->wanted, sizeof diff->wanted);
    diff_make(diff);
    print(diff, asked);
    diff_free(diff);
}

static bool load_named(const struct asked *asked, const char *which, struct loaded *loaded)
{
    if (!load(asked->directory, which, loaded))
        return false;
    name_all(loaded);
    return true;
}

int diff_run(int argc, char **argv)
{
    struct asked asked = {.top = ASK_ROWS};
    struct loaded loaded[SIDES] = {{.snapshot = NULL}};
    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    bool good = true;
    for (int side = 0; side < SIDES && asked.which[side] != NULL; side++)
        good = good && load_named(&asked, asked.which[side], &loaded[side]);
    struct diff diff = {.snapshot = {loaded[BEFORE].snapshot, loaded[AFTER].snapshot}};
    if (good && asked.which[AFTER] == NULL)
        print(&diff, &asked);
    else if (good)
        compare_both(&diff, &asked);
    loaded_free(&loaded[BEFORE]);
    loaded_free(&loaded[AFTER]);
    return good ? STATUS_OK : STATUS_FAILED;
}
