/* `trackmalloc top`: a process's heap, live on the whole screen; or once, as text. */
#include <argp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "arguments.h"
#include "cmd/segment/find.h"
#include "cmd/segment/load.h"
#include "command.h"
#include "number.h"
#include "top/draw.h"
#include "top/model.h"
#include "top/names.h"
#include "top/processes.h"
#include "top/screen.h"
#include "top/source.h"

enum { DELAY_MS = 1000, DELAY_LEAST_MS = 100, DELAY_MOST_MS = 3600000, PAGE_COLUMNS = 132 };

struct top_arguments {
    struct arguments_places places;
    const char *which;
    uint32_t delay_ms;
    enum view_number view;
    bool once;
};

struct top {
    const struct top_arguments *arguments;
    struct model model;
    struct source source;
    struct names *names;
    struct found_list processes; /* as the list shows them */
};

/* ---- arguments ---- */

static uint32_t parse_delay(const char *value, struct argp_state *state)
{
    char *end;
    double ms = strtod(value, &end) * 1000;
    if (end == value || *end != '\0' || !(ms >= DELAY_LEAST_MS && ms <= DELAY_MOST_MS))
        arguments_invalid(state, "--delay", value, "0.1 to 3600");
    return (uint32_t)ms;
}

static enum view_number parse_view(const char *value, struct argp_state *state)
{
    enum view_number view = view_named(value);
    if (view == VIEWS)
        arguments_invalid(state, "--view", value, "tags, sites, stacks, threads, sizes, processes");
    return view;
}

static error_t parse_top(int key, char *value, struct argp_state *state)
{
    struct top_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->places;
        return 0;
    case 's':
        arguments->delay_ms = parse_delay(value, state);
        return 0;
    case 'v':
        arguments->view = parse_view(value, state);
        return 0;
    case '1':
        arguments->once = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->which != NULL)
            return ARGP_ERR_UNKNOWN;
        arguments->which = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"once", '1', NULL, 0, "one page as text, and no keys; so it is where there is no terminal", 0},
    {"delay", 's', "SECONDS", 0, "from one look to the next (1)", 0},
    {"view", 'v', "VIEW", 0, "tags, sites, stacks, threads, sizes or processes", 0},
    {0},
};

static const struct argp_child common[] = {{.argp = &arguments_places}, {.argp = NULL}};

static const struct argp argp = {.options = options,
                                 .parser = parse_top,
                                 .children = common,
                                 .args_doc = "[PID|FILE]",
                                 .doc = "Shows the heap of a tracked process, live: its tags with their ages, call "
                                        "sites, stacks, threads and sizes. Without PID, the only one or one of a list."
                                        "\vThe key h tells the keys."};

/* ---- which process ---- */

/* The names that are not known yet come when it has been shown. */
static void take_snapshot(struct top *top, struct snapshot *snapshot)
{
    names_take(top->names, snapshot);
    names_allow(top->names, 0);
    model_take(&top->model, snapshot);
}

/* The first snapshot of what was asked for by name. false: a line has said why there is none. */
static bool open_named(struct top *top)
{
    const char *which = top->arguments->which;
    struct found found = {.state = PROCESS_DEAD};
    struct loaded loaded;
    if (!load(top->arguments->places.directory, which, &loaded))
        return false;
    bool plain =
        !load_names_process(which) || !find_pid(top->arguments->places.directory, number_read_pid(which), &found);
    if (plain)
        snprintf(found.path, sizeof found.path, "%s", loaded.path);
    source_begin(&top->source, &found, plain);
    take_snapshot(top, loaded.snapshot);
    top->model.file = plain ? which : NULL;
    loaded.snapshot = NULL;
    loaded_free(&loaded);
    return true;
}

static void collect_processes(struct top *top)
{
    struct rows rows;
    found_free(&top->processes);
    processes_collect(top->arguments->places.directory, &rows, &top->processes);
    model_take_processes(&top->model, &rows);
}

/* The only living one, or the only one there is. */
static const struct found *only_process(const struct found_list *list)
{
    const struct found *only = NULL;
    size_t living = 0;
    for (size_t i = 0; i < list->rows; i++)
        if (list->row[i].state == PROCESS_LIVING && living++ == 0)
            only = &list->row[i];
    if (living == 1)
        return only;
    return list->rows == 1 ? &list->row[0] : NULL;
}

static bool open_found(struct top *top, const struct found *found)
{
    struct source source;
    const char *why;
    source_begin(&source, found, false);
    struct snapshot *snapshot = source_read(&source, &why);
    if (snapshot == NULL) {
        source_end(&source);
        model_show_message(&top->model, why);
        return false;
    }
    source_end(&top->source);
    top->source = source;
    model_forget(&top->model);
    top->model.view = top->arguments->view != VIEW_PROCESSES ? top->arguments->view : VIEW_TAGS;
    take_snapshot(top, snapshot);
    return true;
}

static int report_no_snapshot(const char *directory)
{
    char *places = find_looked(directory, 0);
    report_error("no tracked process of this user has left a snapshot in %s", places);
    free(places);
    return STATUS_FAILED;
}

static bool choose_process(struct top *top)
{
    if (top->arguments->which != NULL)
        return open_named(top);
    top->model.view = VIEW_PROCESSES;
    collect_processes(top);
    if (top->processes.rows == 0)
        return report_no_snapshot(top->arguments->places.directory) == STATUS_OK;
    const struct found *only = top->arguments->view != VIEW_PROCESSES ? only_process(&top->processes) : NULL;
    if (only != NULL && !open_found(top, only))
        return report_error("cannot open %s: %s", only->path, top->model.message) == STATUS_OK;
    return true;
}

/* ---- the page, and the screen ---- */

static void refresh_process(struct top *top)
{
    const char *why = NULL;
    struct snapshot *snapshot = NULL;
    if (top->model.now == NULL)
        return;
    top->model.process = source_state(&top->source);
    if (!top->model.paused)
        snapshot = source_read(&top->source, &why);
    if (snapshot != NULL)
        take_snapshot(top, snapshot);
    else if (why != NULL)
        model_show_message(&top->model, why);
}

static void refresh_all(struct top *top)
{
    if (top->model.view == VIEW_PROCESSES && !top->model.paused)
        collect_processes(top);
    else
        refresh_process(top);
}

static int page_columns(void)
{
    const char *columns = getenv("COLUMNS");
    uint64_t number;
    return columns != NULL && number_read(columns, 1000, &number) && number > 0 ? (int)number : PAGE_COLUMNS;
}

static void print_page(struct top *top)
{
    refresh_all(top);
    names_allow(top->names, INT32_MAX);
    if (top->model.view != VIEW_PROCESSES)
        model_collect(&top->model);
    struct canvas canvas = canvas_new(draw_page_rows(&top->model), page_columns(), screen_utf8());
    draw_page(&top->model, &canvas, time(NULL));
    canvas_write(&canvas, stdout);
    canvas_free(&canvas);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void show_screen(struct top *top)
{
    struct canvas canvas = screen_canvas();
    draw(&top->model, &canvas, time(NULL));
    screen_show(&canvas);
    canvas_free(&canvas);
}

/* false: it is over. */
static bool press_key(struct top *top, int key)
{
    enum view_number before = top->model.view;
    if (key == SCREEN_GONE)
        return false;
    if (key == SCREEN_NOTHING)
        return true;
    enum model_request request = model_press(&top->model, key);
    const struct row *here = model_here(&top->model);
    const struct found *found = request == REQUEST_OPEN ? processes_find(&top->processes, here->key) : NULL;
    if (found != NULL)
        open_found(top, found);
    if (found != NULL || top->model.view != before)
        refresh_all(top);
    return request != REQUEST_QUIT;
}

/* Not so long that a key would wait. */
static void resolve_names(struct top *top)
{
    enum { PATIENCE_MS = 50 };
    names_allow(top->names, PATIENCE_MS);
    if (top->model.view != VIEW_PROCESSES)
        model_collect(&top->model);
    names_allow(top->names, 0);
}

/* It is arguments again before it forgets. */
static void watch_process(const struct top *top)
{
    if (top->model.now != NULL && top->model.process == PROCESS_LIVING && !top->model.paused)
        source_watch(&top->source, top->arguments->delay_ms, 2 * (uint64_t)top->arguments->delay_ms + 1000);
}

static void run_screen(struct top *top)
{
    int64_t due = 0;
    int key = SCREEN_NOTHING;
    while (press_key(top, key)) {
        if (now_ms() >= due) {
            refresh_all(top);
            watch_process(top);
            due = now_ms() + top->arguments->delay_ms;
        }
        show_screen(top);
        int64_t left = names_pending(top->names) ? 0 : due - now_ms();
        key = screen_key(left > 0 ? (int)left : 0);
        if (left <= 0)
            resolve_names(top);
    }
}

int top_run(int argc, char **argv)
{
    struct top_arguments arguments = {.delay_ms = DELAY_MS, .view = VIEW_TAGS};
    struct top top = {.arguments = &arguments, .source = {.file = -1}, .names = names_new()};
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    model_begin(&top.model, arguments.view, names_namer(top.names));
    bool there = choose_process(&top);
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (there && (arguments.once || !terminal))
        print_page(&top);
    else if (there && (there = screen_begin()))
        run_screen(&top);
    screen_end();
    source_end(&top.source);
    found_free(&top.processes);
    model_end(&top.model);
    names_free(top.names);
    return there ? STATUS_OK : STATUS_FAILED;
}
