#include "pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/columns.h"
#include "cmd/diagnostics.h"
#include "cmd/export/formats.h"
#include "cmd/export/label.h"
#include "cmd/export/metrics.h"
#include "cmd/number.h"
#include "cmd/segment/find.h"

struct page page_error(unsigned status, const char *why)
{
    char *body = xasprintf("trackmalloc: %s\n", why);
    return (struct page){status, "text/plain; charset=utf-8", body, strlen(body)};
}

/* A page is written into memory: where there is none, the command ends, as it does elsewhere. */
static FILE *begin(struct page *page)
{
    FILE *to = open_memstream(&page->body, &page->length);
    if (to == NULL)
        exit(report_error("out of memory"));
    return to;
}

static void end_page(FILE *to)
{
    if (fclose(to) != 0)
        exit(report_error("out of memory"));
}

/* ---- the metrics ---- */

struct processes {
    struct loaded *row;
    size_t rows;
};

/* A process that has become another program may have left a segment in another directory: the newer one is its own. */
static void append_loaded(struct processes *processes, const struct loaded *loaded)
{
    struct loaded *last = processes->rows != 0 ? &processes->row[processes->rows - 1] : NULL;
    if (last != NULL && last->snapshot->pid == loaded->snapshot->pid) {
        struct loaded *older = last->snapshot->wall_seconds < loaded->snapshot->wall_seconds ? last : NULL;
        struct loaded kept = older != NULL ? *loaded : *last;
        struct loaded gone = older != NULL ? *last : *loaded;
        *last = kept;
        loaded_free(&gone);
        return;
    }
    processes->row = must_resize(processes->row, (processes->rows + 1) * sizeof *processes->row);
    processes->row[processes->rows++] = *loaded;
}

/* Those that live and have said something. What a file says of its pid counts as little as its other words. */
static struct processes load_living(const char *directory)
{
    struct processes processes = {NULL, 0};
    struct found_list list = find_all(directory);
    for (size_t i = 0; i < list.rows; i++) {
        struct loaded loaded;
        const char *why;
        if (list.row[i].state != PROCESS_LIVING || !load_found(&list.row[i], &loaded, &why))
            continue;
        loaded.snapshot->pid = list.row[i].pid;
        append_loaded(&processes, &loaded);
    }
    found_free(&list);
    return processes;
}

static struct page metrics_page(const struct page_request *request)
{
    bool open = request->accept != NULL && strstr(request->accept, "application/openmetrics-text") != NULL;
    enum metrics_format format = open ? METRICS_OPEN : METRICS_PLAIN;
    struct page page = {.status = 200, .type = metrics_types[format]};
    struct processes processes = load_living(request->directory);
    FILE *to = begin(&page);
    metrics_write(processes.row, processes.rows, format, to);
    end_page(to);
    for (size_t i = 0; i < processes.rows; i++)
        loaded_free(&processes.row[i]);
    free(processes.row);
    return page;
}

/* ---- one process ---- */

static struct page export_page(const struct page_request *request, export_write *write, const char *type)
{
    const struct export_options options = {.table = NULL};
    struct page page = {.status = 200, .type = type};
    struct found found;
    struct loaded loaded;
    const char *why;
    if (request->pid == NULL || !number_is_digits(request->pid))
        return page_error(400, "which process? Ask with ?pid=NUMBER");
    if (!find_pid(request->directory, number_read_pid(request->pid), &found))
        return page_error(404, "there is no such tracked process");
    if (!load_found(&found, &loaded, &why))
        return page_error(503, why);
    bool done = export_bytes(write, &loaded, &options, &page.body, &page.length);
    loaded_free(&loaded);
    return done ? page : page_error(500, "it could not be made");
}

static struct page json_page(const struct page_request *request)
{
    return export_page(request, export_json, "application/json");
}

static struct page profile_page(const struct page_request *request)
{
    return export_page(request, export_pprof, "application/octet-stream");
}

/* ---- the list ---- */

static void put_html(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *special = strchr("&<>\"'", *text);
        if (special != NULL)
            fprintf(to, "&#%d;", *text);
        else
            fputc(*text, to);
    }
}

static void put_html_size(FILE *to, uint64_t bytes)
{
    column_cell size;
    cell_put_size(size, bytes);
    fprintf(to, "<td class=n>%s", size);
}

static void put_snapshot(FILE *to, const struct snapshot *snapshot)
{
    double age = (double)time(NULL) - (double)snapshot->wall_seconds;
    char *command = label_command(snapshot);
    char *program = label_clean(snapshot->program);
    fputs("<td>", to);
    put_html(to, command[0] != '\0' ? command : program);
    put_html_size(to, snapshot->total.live.bytes);
    fprintf(to, "<td class=n>%" PRIu64, snapshot->total.live.blocks);
    put_html_size(to, snapshot->total.peak_bytes);
    put_html_size(to, snapshot->memory.resident);
    fprintf(to,
            "<td class=n>%.0f s<td><a href=\"/json?pid=%" PRIu32 "\">json</a> "
            "<a href=\"/debug/pprof/heap?pid=%" PRIu32 "\">profile</a>",
            age > 0 ? age : 0, snapshot->pid, snapshot->pid);
    free(command);
    free(program);
}

static void put_process(FILE *to, const struct found *found)
{
    static const char *const states[] = {
        [PROCESS_LIVING] = "", [PROCESS_ENDED] = " ended", [PROCESS_DEAD] = " dead", [PROCESS_FAR] = " elsewhere"};
    struct loaded loaded;
    const char *why;
    fprintf(to, "<tr><td class=n>%" PRIu32 "%s", found->pid, states[found->state]);
    if (load_found(found, &loaded, &why)) {
        loaded.snapshot->pid = found->pid;
        put_snapshot(to, loaded.snapshot);
        loaded_free(&loaded);
    } else {
        fputs("<td colspan=7>", to);
        put_html(to, why);
    }
    fputc('\n', to);
}

static struct page all_processes(const struct page_request *request)
{
    struct page page = {.status = 200, .type = "text/html; charset=utf-8"};
    struct found_list found = find_all(request->directory);
    FILE *to = begin(&page);
    fputs("<!DOCTYPE html>\n<html lang=en><meta charset=utf-8><title>trackmalloc</title>\n"
          "<style>body{font:15px sans-serif;margin:2em}td,th{padding:2px 12px;text-align:left;"
          "max-width:40em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}.n{text-align:right}"
          "</style>\n<h1>Tracked processes</h1>\n<table>\n"
          "<tr><th>process<th>command<th class=n>live size<th class=n>live blocks<th class=n>peak size"
          "<th class=n>resident<th class=n>snapshot is<th>\n",
          to);
    for (size_t i = 0; i < found.rows; i++)
        put_process(to, &found.row[i]);
    fprintf(to, "</table>\n<p>%s<a href=\"/metrics\">metrics</a> of those that live</html>\n",
            found.rows == 0 ? "There are none. " : "");
    end_page(to);
    found_free(&found);
    return page;
}

/* ---- which is which ---- */

struct page page_answer(const struct page_request *request)
{
    static const struct {
        const char *path;
        struct page (*answer)(const struct page_request *request);
    } pages[] = {
        {"/", all_processes}, {"/metrics", metrics_page}, {"/json", json_page}, {"/debug/pprof/heap", profile_page}};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(request->path, pages[i].path) == 0)
            return pages[i].answer(request);
    return page_error(404, "there is no such page; / lists the processes");
}
