#include "processes.h"

#include <stdio.h>
#include <string.h>

#include "cmd/hash.h"
#include "cmd/segment/load.h"
#include "view.h"

static uint64_t process_key(const struct found *found)
{
    uint64_t key = hash_bytes(HASH_START, &found->pid, sizeof found->pid);
    return hash_bytes(key, &found->started_ticks, sizeof found->started_ticks);
}

static void fill_process(struct row *row, const struct snapshot *snapshot)
{
    const uint64_t live = snapshot->total.live.bytes;
    view_command(snapshot, row->name, sizeof row->name);
    row->value[FIELD_LIVE] = figure_of(live);
    row->value[FIELD_BLOCKS] = figure_of(snapshot->total.live.blocks);
    row->value[FIELD_UPTIME] = figure_of(snapshot->uptime_ms);
    if ((snapshot->total_past.known & 1) != 0)
        row->value[FIELD_MINUTE] = figure_change(live, snapshot->total_past.live_bytes[0]);
    if (snapshot->memory.known != 0)
        row->value[FIELD_RESIDENT] = figure_of(snapshot->memory.resident);
}

static void add_process(struct rows *rows, const struct found *found)
{
    static const char *const states[] = {
        [PROCESS_LIVING] = "running", [PROCESS_ENDED] = "ended", [PROCESS_DEAD] = "gone", [PROCESS_FAR] = "elsewhere"};
    struct loaded loaded;
    const char *why;
    struct row *row = rows_add(rows, process_key(found));
    row->value[FIELD_PROCESS] = found->pid;
    row->at_end = found->state != PROCESS_LIVING;
    snprintf(row->note, sizeof row->note, "%s", states[found->state]);
    if (load_found(found, &loaded, &why)) {
        fill_process(row, loaded.snapshot);
        loaded_free(&loaded);
    } else {
        snprintf(row->name, sizeof row->name, "(%s)", why);
    }
}

void processes_collect(const char *directory, struct rows *rows, struct found_list *list)
{
    *rows = (struct rows){.row = NULL};
    *list = find_all(directory);
    for (size_t i = 0; i < list->rows; i++)
        add_process(rows, &list->row[i]);
}

const struct found *processes_find(const struct found_list *list, uint64_t key)
{
    for (size_t i = 0; i < list->rows; i++)
        if (process_key(&list->row[i]) == key)
            return &list->row[i];
    return NULL;
}
