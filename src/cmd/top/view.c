#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/hash.h"

static void set_name(struct row *row, const char *name)
{
    snprintf(row->name, sizeof row->name, "%s", name);
}

static void set_amounts(struct row *row, const struct snapshot_amount *live, const struct snapshot_amount *allocated)
{
    row->value[FIELD_LIVE] = figure_of(live->bytes);
    row->value[FIELD_BLOCKS] = figure_of(live->blocks);
    row->value[FIELD_ALLOCATIONS] = figure_of(allocated->blocks);
    row->value[FIELD_ALLOCATED] = figure_of(allocated->bytes);
}

static void set_past(struct row *row, uint64_t live, const struct snapshot_past *past)
{
    if ((past->known & 1) != 0)
        row->value[FIELD_MINUTE] = figure_change(live, past->live_bytes[0]);
    if ((past->known & 2) != 0)
        row->value[FIELD_MINUTES] = figure_change(live, past->live_bytes[1]);
}

void view_command(const struct snapshot *snapshot, char *command, size_t capacity)
{
    size_t length = snapshot->command_bytes < capacity ? snapshot->command_bytes : capacity - 1;
    memcpy(command, snapshot_command(snapshot), length);
    while (length > 0 && command[length - 1] == '\0')
        length--;
    for (size_t i = 0; i < length; i++)
        if (command[i] == '\0')
            command[i] = ' ';
    command[length] = '\0';
    if (length == 0)
        snprintf(command, capacity, "%s", snapshot->program);
}

/* ---- tags ---- */

static void collect_tags(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows)
{
    (void)namer;
    const struct snapshot_tag *tag = snapshot_tags(snapshot);
    for (const struct snapshot_tag *end = tag + snapshot->tags; tag < end; tag++) {
        struct row *row = rows_add(rows, hash_bytes(HASH_START, tag->name, strlen(tag->name)));
        set_name(row, tag->name);
        set_amounts(row, &tag->counts.live, &tag->counts.allocated);
        set_past(row, tag->counts.live.bytes, &tag->past);
        row->value[FIELD_PEAK] = figure_of(tag->counts.peak_bytes);
        row->value[FIELD_FREED] = figure_of(tag->counts.freed.bytes);
        row->ages = true;
        for (int i = 0; i < SNAPSHOT_AGE_ROWS; i++)
            row->age[i] = tag->counts.age[i].bytes;
    }
}

/* ---- call sites ---- */

static void name_place(const struct snapshot *snapshot, uint64_t address, uint32_t object, char name[ROW_NAME])
{
    if (object == SNAPSHOT_NONE) {
        snprintf(name, ROW_NAME, "0x%" PRIx64, address);
        return;
    }
    const struct snapshot_object *of = &snapshot_objects(snapshot)[object];
    snprintf(name, ROW_NAME, "%.200s+0x%" PRIx64, basename(of->path), address - of->base);
}

void view_name(const struct snapshot *snapshot, const struct namer *namer, uint64_t address, uint32_t object,
               const char *known, char name[ROW_NAME])
{
    const char *found = namer->find != NULL ? namer->find(namer->of, snapshot, object, address) : NULL;
    if (found == NULL && known[0] != '\0')
        found = known;
    if (found != NULL)
        snprintf(name, ROW_NAME, "%s", found);
    else
        name_place(snapshot, address, object, name);
}

uint64_t view_place_key(const struct snapshot *snapshot, uint64_t key, uint64_t address, uint32_t object)
{
    uint64_t base = object != SNAPSHOT_NONE ? snapshot_objects(snapshot)[object].base : 0;
    key = hash_bytes(key, &address, sizeof address);
    return hash_bytes(key, &base, sizeof base);
}

static void collect_sites(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows)
{
    const struct snapshot_site *site = snapshot_sites(snapshot);
    for (const struct snapshot_site *end = site + snapshot->sites; site < end; site++) {
        const char *tag = site->tag != SNAPSHOT_NONE ? snapshot_tags(snapshot)[site->tag].name : "";
        uint64_t key = hash_bytes(HASH_START, tag, strlen(tag));
        struct row *row = rows_add(rows, view_place_key(snapshot, key, site->address, site->object));
        row->at_end = site->address == 0;
        if (row->at_end)
            set_name(row, "(others)");
        else
            view_name(snapshot, namer, site->address, site->object, site->name, row->name);
        snprintf(row->note, sizeof row->note, "%s", tag);
        set_amounts(row, &site->live, &site->allocated);
        set_past(row, site->live.bytes, &site->past);
        row->value[FIELD_PEAK] = figure_of(site->peak_bytes);
        row->value[FIELD_FREED] = figure_of(site->freed.bytes);
        row->value[FIELD_AGE] = site->age_ms == SNAPSHOT_UNKNOWN ? FIGURE_UNKNOWN : figure_of(site->age_ms);
    }
}

/* ---- threads ---- */

static void collect_threads(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows)
{
    (void)namer;
    const struct snapshot_thread *thread = snapshot_threads(snapshot);
    for (const struct snapshot_thread *end = thread + snapshot->threads; thread < end; thread++) {
        struct row *row = rows_add(rows, hash_bytes(HASH_START, &thread->tid, sizeof thread->tid));
        row->at_end = thread->tid == 0;
        if (row->at_end)
            snprintf(row->name, sizeof row->name, "(%u ended)", thread->threads);
        else
            set_name(row, thread->name);
        if (!row->at_end)
            row->value[FIELD_THREAD] = thread->tid;
        row->value[FIELD_ALLOCATIONS] = figure_of(thread->allocated.blocks);
        row->value[FIELD_ALLOCATED] = figure_of(thread->allocated.bytes);
        row->value[FIELD_FREED] = figure_of(thread->freed.bytes);
        row->value[FIELD_NET] = figure_change(thread->allocated.bytes, thread->freed.bytes);
    }
}

/* ---- sizes ---- */

static void put_power_of_two(char text[FIGURE_TEXT], unsigned power)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};
    snprintf(text, FIGURE_TEXT, "%u%s", 1u << power % 10, units[power / 10]);
}

/* Class 0 is [0, 4), class n is [2^(n+1), 2^(n+2)); the last has no upper end. */
static void name_class(struct row *row, unsigned class)
{
    char from[FIGURE_TEXT] = "0", to[FIGURE_TEXT];
    if (class != 0)
        put_power_of_two(from, class + 1);
    put_power_of_two(to, class + 2);
    if (class == SNAPSHOT_SIZE_CLASSES - 1)
        snprintf(row->name, sizeof row->name, "%s and more", from);
    else
        snprintf(row->name, sizeof row->name, "%s - %s%s", from, to, class + 2 < 10 ? " bytes" : "");
}

static void collect_sizes(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows)
{
    (void)namer;
    for (unsigned i = 0; i < SNAPSHOT_SIZE_CLASSES; i++) {
        if (snapshot->sizes[i].blocks == 0)
            continue;
        struct row *row = rows_add(rows, i);
        row->rank = i;
        name_class(row, i);
        row->value[FIELD_LIVE] = figure_of(snapshot->sizes[i].bytes);
        row->value[FIELD_BLOCKS] = figure_of(snapshot->sizes[i].blocks);
    }
}

/* ---- the table ---- */

const struct view views[VIEWS] = {
    [VIEW_TAGS] = {.name = "tags",
                   .key = 't',
                   .rows = "TAG",
                   .empty = "no tag has allocated anything",
                   .measure = FIELD_LIVE,
                   .order = FIELD_LIVE,
                   .counted = FIELD_ALLOCATIONS,
                   .column = {FIELD_LIVE, FIELD_SINCE, FIELD_SHARE, FIELD_AGES, FIELD_BLOCKS, FIELD_MINUTE,
                              FIELD_MINUTES, FIELD_RATE, FIELD_PEAK},
                   .collect = collect_tags},
    [VIEW_SITES] = {.name = "sites",
                    .key = 'c',
                    .rows = "CALL SITE",
                    .note = "TAG",
                    .empty = "no call site is known",
                    .measure = FIELD_LIVE,
                    .order = FIELD_LIVE,
                    .counted = FIELD_ALLOCATIONS,
                    .column = {FIELD_LIVE, FIELD_SINCE, FIELD_BLOCKS, FIELD_AGE, FIELD_MINUTE, FIELD_MINUTES,
                               FIELD_SHARE, FIELD_RATE, FIELD_PEAK, FIELD_NOTE},
                    .collect = collect_sites},
    [VIEW_STACKS] = {.name = "stacks",
                     .key = 's',
                     .rows = "CALLED FROM",
                     .empty = "no stacks are taken; start it with TRACKMALLOC_OPTIONS=stacks=512KiB",
                     .measure = FIELD_LIVE,
                     .order = FIELD_LIVE,
                     .counted = FIELD_ALLOCATIONS,
                     .column = {FIELD_LIVE, FIELD_SINCE, FIELD_SHARE, FIELD_BLOCKS, FIELD_ALLOCATIONS},
                     .collect = calltree_collect},
    [VIEW_THREADS] = {.name = "threads",
                      .key = 'p',
                      .rows = "THREAD",
                      .empty = "no thread has allocated anything",
                      .measure = FIELD_NET,
                      .order = FIELD_NET,
                      .counted = FIELD_ALLOCATIONS,
                      .column = {FIELD_THREAD, FIELD_NET, FIELD_SINCE, FIELD_ALLOCATIONS, FIELD_RATE, FIELD_ALLOCATED,
                                 FIELD_FREED},
                      .collect = collect_threads},
    [VIEW_SIZES] = {.name = "sizes",
                    .key = 'z',
                    .rows = "BLOCKS OF",
                    .empty = "nothing is allocated",
                    .measure = FIELD_LIVE,
                    .order = FIELD_END,
                    .counted = FIELD_END,
                    .column = {FIELD_LIVE, FIELD_SINCE, FIELD_SHARE, FIELD_BAR, FIELD_BLOCKS},
                    .collect = collect_sizes},
    [VIEW_PROCESSES] = {.name = "processes",
                        .key = 'l',
                        .rows = "COMMAND",
                        .note = "STATE",
                        .empty = "no tracked process of yours has left a snapshot",
                        .measure = FIELD_LIVE,
                        .order = FIELD_LIVE,
                        .counted = FIELD_END,
                        .column = {FIELD_PROCESS, FIELD_NOTE, FIELD_LIVE, FIELD_MINUTE, FIELD_RESIDENT, FIELD_UPTIME,
                                   FIELD_BLOCKS}},
};

enum view_number view_named(const char *name)
{
    for (int i = 0; i < VIEWS; i++)
        if (strcmp(views[i].name, name) == 0)
            return (enum view_number)i;
    return VIEWS;
}
