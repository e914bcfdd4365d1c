/* `trackmalloc ps`: which processes are tracked, and which were. */
#include <argp.h>
#include <langinfo.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "arguments.h"
#include "cmd/segment/gc.h"
#include "columns.h"
#include "command.h"
#include "process_tree.h"

enum column { PID, USER, STATE, LIVE, BLOCKS, GROWTH, RSS, AGE, COLUMNS };

/* The command stands behind them. */
static const char *const titles[COLUMNS] = {"PID", "USER", "STATE", "LIVE", "BLOCKS", "1 MIN", "RSS", "AGE"};

typedef column_cell row[COLUMNS];

struct ps_arguments {
    const char *directory;
    bool all;
    bool gc;
    bool flat;
};

/* ---- cells ---- */

static const char *name_of(enum process_state state)
{
    static const char *const names[] = {
        [PROCESS_LIVING] = "live", [PROCESS_ENDED] = "ended", [PROCESS_DEAD] = "dead", [PROCESS_FAR] = "far"};
    return names[state];
}

/* A clock that was set back makes none younger than now. */
static void cell_put_age(column_cell cell, int64_t taken_seconds)
{
    int64_t seconds = time(NULL) - taken_seconds;
    cell_put_duration(cell, seconds > 0 ? (uint64_t)seconds * 1000 : 0);
}

static void cell_put_user(column_cell cell, uint32_t uid)
{
    const struct passwd *user = getpwuid(uid);
    if (user != NULL)
        clean_text(user->pw_name, cell, sizeof(column_cell));
    else
        cell_put_id(cell, uid);
}

static void fill_row(row cells, const struct tracked_process *process)
{
    for (int i = 0; i < COLUMNS; i++)
        cell_put_text(cells[i], "-");
    cell_put_id(cells[PID], process->found.pid);
    cell_put_user(cells[USER], process->found.uid);
    cell_put_text(cells[STATE], name_of(process->found.state));
    if (!process->published)
        return;
    cell_put_size(cells[LIVE], process->live_bytes);
    cell_put_number(cells[BLOCKS], process->live_blocks);
    if (process->past_known)
        cell_put_size_change(cells[GROWTH], process->past_bytes, process->live_bytes);
    if (process->resident != 0)
        cell_put_size(cells[RSS], process->resident);
    cell_put_age(cells[AGE], process->taken_seconds);
}

/* Of those that hold memory now. */
static void fill_sum(row cells, const struct process_tree *tree)
{
    uint64_t bytes = 0, blocks = 0, resident = 0, past = 0, present = 0;
    for (size_t i = 0; i < tree->processes; i++) {
        const struct tracked_process *process = &tree->process[i];
        if (found_has_ended(&process->found))
            continue;
        bytes += process->live_bytes;
        blocks += process->live_blocks;
        resident += process->resident;
        past += process->past_known ? process->past_bytes : 0;
        present += process->past_known ? process->live_bytes : 0;
    }
    for (int i = 0; i < COLUMNS; i++)
        cells[i][0] = '\0';
    cell_put_size(cells[LIVE], bytes);
    cell_put_number(cells[BLOCKS], blocks);
    cell_put_size_change(cells[GROWTH], past, present);
    cell_put_size(cells[RSS], resident);
}

/* ---- lines ---- */

/* The text in so many columns at most; 0: all of it. */
static void print_within(const char *text, size_t columns)
{
    size_t used = 0;
    for (const char *at = text; *at != '\0';) {
        wchar_t character;
        mbstate_t state = {0};
        size_t bytes = mbrtowc(&character, at, MB_CUR_MAX, &state);
        bool whole = bytes != 0 && bytes <= MB_CUR_MAX;
        int wide = whole ? wcwidth(character) : 1;
        used += wide > 0 ? (size_t)wide : 0;
        if (columns != 0 && used > columns)
            break;
        fwrite(at, 1, whole ? bytes : 1, stdout);
        at += whole ? bytes : 1;
    }
}

static void print_line(const row cells, const size_t *width, const char *behind, size_t columns)
{
    size_t used = 0;
    for (int i = 0; i < COLUMNS; i++) {
        if (width[i] == 0)
            continue;
        int pad = (int)width[i] * (i == USER || i == STATE ? -1 : 1); /* a word stands left, numbers right */
        used += (size_t)printf("%*s  ", pad, cells[i]);
    }
    print_within(behind, columns == 0 ? 0 : columns > used ? columns - used : 1);
    putchar('\n');
}

/* Of the terminal; 0: it is none, and lines are whole. */
static size_t columns_of_output(void)
{
    struct winsize size;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void widen(size_t *width, const row cells)
{
    for (int i = 0; i < COLUMNS; i++)
        if (strlen(cells[i]) > width[i])
            width[i] = strlen(cells[i]);
}

static char *count_text(const struct process_tree *tree, size_t unlisted)
{
    size_t ended = 0;
    for (size_t i = 0; i < tree->processes; i++)
        ended += found_has_ended(&tree->process[i].found);
    return xasprintf("%zu live, %zu dead", tree->processes - ended, ended + unlisted);
}

/* Whose it is stands there where it can be others'. `unlisted`: so many dead that are only counted. */
static void print_table(const struct process_tree *tree, bool users, size_t unlisted)
{
    const size_t rows = tree->processes + 2; /* titles and sum */
    const size_t columns = columns_of_output();
    size_t width[COLUMNS] = {0};
    row *cells = must_allocate(rows * sizeof *cells);
    for (int i = 0; i < COLUMNS; i++)
        cell_put_text(cells[0][i], titles[i]);
    for (size_t i = 0; i < tree->processes; i++)
        fill_row(cells[i + 1], &tree->process[i]);
    fill_sum(cells[rows - 1], tree);
    for (size_t i = 0; i < rows; i++)
        widen(width, cells[i]);
    if (!users)
        width[USER] = 0;
    print_line(cells[0], width, "COMMAND", columns);
    for (size_t i = 0; i < tree->processes; i++) {
        const struct tracked_process *process = &tree->process[i];
        char *behind = xasprintf("%s%s", process->branch != NULL ? process->branch : "", process->command);
        print_line(cells[i + 1], width, behind, columns);
        free(behind);
    }
    char *behind = count_text(tree, unlisted);
    print_line(cells[rows - 1], width, behind, columns);
    free(behind);
    free(cells);
}

/* ---- the words ---- */

static error_t parse_ps(int key, char *value, struct argp_state *state)
{
    struct ps_arguments *arguments = state->input;
    (void)value;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->directory;
        return 0;
    case 'a':
        arguments->all = true;
        return 0;
    case 'f':
        arguments->flat = true;
        return 0;
    case 'g':
        arguments->gc = true;
        return 0;
    case ARGP_KEY_END:
        if (arguments->all && arguments->directory == NULL)
            arguments->directory = find_everybody;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"all", 'a', NULL, 0, "everybody's processes, as far as you may look at them, and the dead", 0},
    {"flat", 'f', NULL, 0, "no tree: the largest first", 0},
    {"gc", 'g', NULL, 0, "remove what dead processes left, and list nothing", 0},
    {0},
};

static const struct argp_child common[] = {{.argp = &arguments_directory}, {.argp = NULL}};

static bool may_be_running(const struct found *found)
{
    return !found_has_ended(found);
}

static int list_processes(const struct ps_arguments *arguments, struct found_list *found)
{
    const size_t rows = found->rows;
    if (!arguments->all)
        found_keep(found, may_be_running);
    struct process_tree tree = process_tree_load(found);
    int status = tree.broken ? STATUS_FAILED : STATUS_OK;
    if (!arguments->flat)
        process_tree_draw(&tree, strcmp(nl_langinfo(CODESET), "UTF-8") == 0);
    print_table(&tree, arguments->directory == find_everybody, rows - found->rows);
    process_tree_free(&tree);
    return status;
}

int ps_run(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_ps,
        .children = common,
        .doc = "Lists the tracked processes of this user that are running, with who started whom.\v"
               "LIVE and BLOCKS: what is allocated now. 1 MIN: how that changed in the last minute. AGE: of the "
               "snapshot that says so. STATE: live; dead, that is killed; ended, of itself, where its snapshot was to "
               "be kept; far, in another pid namespace, from where nobody can tell. The last line sums up all that are "
               "not dead."};
    struct ps_arguments arguments = {.gc = false};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    struct found_list found = find_all(arguments.directory);
    int status = arguments.gc ? gc_run(&found) : list_processes(&arguments, &found);
    found_free(&found);
    return status;
}
