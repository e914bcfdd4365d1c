#include "story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

struct snapshot_tag *story_tag(struct story *story, const char *name, uint64_t blocks, uint64_t bytes)
{
    struct snapshot_tag *tag = &story->tags[story->head.tags++];
    struct snapshot_counts *counts = &tag->counts;
    snprintf(tag->name, sizeof tag->name, "%s", name);
    counts->live = (struct snapshot_amount){blocks, bytes};
    counts->freed = (struct snapshot_amount){3 * blocks, 2 * bytes};
    counts->allocated = (struct snapshot_amount){4 * blocks, 3 * bytes};
    counts->peak_bytes = bytes + bytes / 4;
    counts->age[3] = (struct snapshot_amount){blocks / 2, bytes / 2};
    counts->age[0] = (struct snapshot_amount){blocks - blocks / 2, bytes - bytes / 2};
    counts->lifetime[0] = 3 * blocks;
    return tag;
}

struct snapshot_object *story_object(struct story *story, const char *path, uint64_t base)
{
    struct snapshot_object *object = &story->objects[story->head.objects++];
    snprintf(object->path, sizeof object->path, "%s", path);
    object->build_id_bytes = SNAPSHOT_BUILD_ID;
    for (unsigned i = 0; i < SNAPSHOT_BUILD_ID; i++)
        object->build_id[i] = (uint8_t)(strlen(path) * 7 + i);
    object->base = base;
    object->begin = base;
    object->end = base + 0x200000;
    object->gone_ms = SNAPSHOT_UNKNOWN;
    return object;
}

static uint64_t address_of(const struct story *story, uint32_t object, uint64_t offset)
{
    return object < story->head.objects ? story->objects[object].base + offset : offset;
}

struct snapshot_site *story_site(struct story *story, const char *name, uint32_t object, uint64_t offset, uint32_t tag,
                                 struct snapshot_amount live)
{
    struct snapshot_site *site = &story->sites[story->head.sites++];
    snprintf(site->name, sizeof site->name, "%s", name);
    site->address = address_of(story, object, offset);
    site->object = object;
    site->tag = tag;
    site->live = live;
    site->freed = (struct snapshot_amount){3 * live.blocks, 2 * live.bytes};
    site->allocated = (struct snapshot_amount){4 * live.blocks, 3 * live.bytes};
    site->peak_bytes = live.bytes;
    site->age_ms = 90000;
    site->leak_score = live.bytes / 2;
    return site;
}

struct snapshot_stack *story_stack(struct story *story, uint32_t site, struct snapshot_amount live)
{
    struct snapshot_stack *stack = &story->stacks[story->head.stacks++];
    stack->id = 1000 + story->head.stacks;
    stack->site = site;
    stack->frame = story->head.frames;
    stack->live = live;
    stack->allocated = (struct snapshot_amount){4 * live.blocks, 3 * live.bytes};
    stack->samples = live.blocks;
    return stack;
}

/* Where the name is; the first byte of all names is a zero. */
static uint32_t name_at(struct story *story, const char *name)
{
    uint32_t at = story->head.names_bytes;
    strcpy(story->names + at, name);
    story->head.names_bytes += (uint32_t)strlen(name) + 1;
    return at;
}

struct snapshot_frame *story_frame(struct story *story, const char *name, uint32_t object, uint64_t offset)
{
    struct snapshot_frame *frame = &story->frames[story->head.frames++];
    frame->address = address_of(story, object, offset);
    frame->object = object;
    frame->name_at = name[0] != '\0' ? name_at(story, name) : 0;
    story->stacks[story->head.stacks - 1].frames++;
    return frame;
}

static void add_amount(struct snapshot_amount *to, struct snapshot_amount amount)
{
    to->blocks += amount.blocks;
    to->bytes += amount.bytes;
}

void story_sum(struct story *story)
{
    struct snapshot_counts *total = &story->head.total;
    memset(total, 0, sizeof *total);
    for (uint32_t i = 0; i < story->head.tags; i++) {
        const struct snapshot_counts *counts = &story->tags[i].counts;
        add_amount(&total->live, counts->live);
        add_amount(&total->allocated, counts->allocated);
        add_amount(&total->freed, counts->freed);
        total->peak_bytes += counts->peak_bytes;
        for (unsigned row = 0; row < SNAPSHOT_AGE_ROWS; row++) {
            add_amount(&total->age[row], counts->age[row]);
            total->lifetime[row] += counts->lifetime[row];
        }
    }
    memset(story->head.sizes, 0, sizeof story->head.sizes);
    story->head.sizes[5] = total->live;
}

/* ---- the shop ---- */

enum { PROGRAM, LIBC, ENGINE };

static void fill_head(struct snapshot *head)
{
    static const char program[] = "shop";
    head->version = SNAPSHOT_VERSION;
    head->pid = 4242;
    head->parent = 1;
    head->kind = SNAPSHOT_PERIODIC;
    head->number = 720;
    head->peak_error_bytes = 65536;
    head->wall_seconds = 1795253786;
    head->uptime_ms = 3600000;
    head->started_ticks = 123456;
    head->call_sites = 40;
    head->own_resident_bytes = 1 << 20;
    head->own_cpu_us = 250000;
    head->live_threads = 2;
    head->stack_period = 524288;
    head->names_bytes = 1;
    memcpy(head->program, program, sizeof program);
    head->memory = (struct snapshot_memory){
        .known = 1,
        .threads = 2,
        .virtual_size = 400ull << 20,
        .resident = 90 << 20,
        .resident_peak = 95 << 20,
        .anonymous = 80 << 20,
        .file = 10 << 20,
        .data = 120 << 20,
        .minor_faults = 30000,
        .major_faults = 12,
    };
}

static void fill_tags(struct story *story)
{
    story_tag(story, "shop", 1000, 40 << 20);
    story_tag(story, "cache/pages", 400, 20 << 20);
    story_tag(story, "cache/index", 300, 3 << 20);
    story_tag(story, "libengine.so.2", 200, 1 << 20);
    for (uint32_t i = 0; i < story->head.tags; i++) {
        struct snapshot_tag *tag = &story->tags[i];
        tag->past.known = 7; /* an hour at most */
        for (unsigned window = 0; window < 3; window++)
            tag->past.live_bytes[window] = tag->counts.live.bytes / (1 + window * (i + 1));
    }
}

static void fill_sites(struct story *story)
{
    story_site(story, "shop!order_new+0x1f", PROGRAM, 0x1230, 0, (struct snapshot_amount){900, 39 << 20})->past =
        (struct snapshot_past){.known = 7, .live_bytes = {38 << 20, 30 << 20, 5 << 20}};
    story_site(story, "shop!cart_add+0x44", PROGRAM, 0x2340, 0, (struct snapshot_amount){100, 1 << 20});
    story_site(story, "libengine.so.2!page_get+0x80", ENGINE, 0x880, 1, (struct snapshot_amount){400, 20 << 20});
    story_site(story, "libengine.so.2+0x4410", ENGINE, 0x4410, 2, (struct snapshot_amount){300, 3 << 20});
    story_site(story, "", SNAPSHOT_NONE, 0x7f12abcd, 3, (struct snapshot_amount){150, 1 << 19});
    story_site(story, "", SNAPSHOT_NONE, 0, SNAPSHOT_NONE, (struct snapshot_amount){50, 1 << 19})->age_ms =
        SNAPSHOT_UNKNOWN; /* all others */
}

static void fill_stacks(struct story *story)
{
    story_stack(story, 0, (struct snapshot_amount){700, 30 << 20});
    story_frame(story, "shop!order_new+0x1f", PROGRAM, 0x1230);
    story_frame(story, "shop!serve+0x90", PROGRAM, 0x3210);
    story_frame(story, "shop!main+0x12", PROGRAM, 0x3412);
    story_frame(story, "libc.so.6+0x271ca", LIBC, 0x271ca);
    story_stack(story, 0, (struct snapshot_amount){200, 9 << 20});
    story_frame(story, "shop!order_new+0x1f", PROGRAM, 0x1230);
    story_frame(story, "shop!import+0x33", PROGRAM, 0x5230);
    story_frame(story, "shop!main+0x52", PROGRAM, 0x3452);
    story_stack(story, 2, (struct snapshot_amount){400, 20 << 20});
    story_frame(story, "libengine.so.2!page_get+0x80", ENGINE, 0x880);
    story_frame(story, "", SNAPSHOT_NONE, 0x7f0000001234);
    story->stacks[2].truncated = 1;
}

static void fill_threads(struct story *story)
{
    story->threads[0] = (struct snapshot_thread){
        .name = "shop", .tid = 4242, .threads = 1, .allocated = {6000, 150 << 20}, .freed = {3000, 60 << 20}};
    story->threads[1] = (struct snapshot_thread){
        .name = "worker", .tid = 4243, .threads = 1, .allocated = {1600, 42 << 20}, .freed = {2700, 68 << 20}};
    story->head.threads = 2;
}

static void fill_past(struct story *story)
{
    const struct snapshot_counts *total = &story->head.total;
    story->head.total_past.known = 7;
    for (uint32_t i = 0; i < story->head.tags; i++)
        for (unsigned window = 0; window < 3; window++)
            story->head.total_past.live_bytes[window] += story->tags[i].past.live_bytes[window];
    for (uint64_t i = 1; i <= 60; i++)
        story->points[story->head.points++] = (struct snapshot_point){
            .uptime_ms = i * 60000,
            .live_bytes = total->live.bytes * i / 60,
            .live_blocks = total->live.blocks * i / 60,
            .resident = story->head.memory.resident * i / 60,
        };
    story->suspects[story->head.suspects++] = (struct snapshot_suspect){
        .subject = SNAPSHOT_SITE,
        .row = 0,
        .span_ms = 600000,
        .risen_bytes = 8 << 20,
        .made_blocks = 500,
        .freed_blocks = 10,
        .bytes_per_hour = 48 << 20,
    };
}

struct story *story_new(void)
{
    static const char command[] = "/usr/bin/shop\0--port\0008080";
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL)
        abort();
    fill_head(&story->head);
    story_object(story, "/usr/bin/shop", 0x555555554000);
    story_object(story, "/usr/lib/libc.so.6", 0x7ffff7000000);
    story_object(story, "/usr/lib/libengine.so.2", 0x7ffff6000000);
    fill_tags(story);
    story_sum(story);
    fill_sites(story);
    fill_stacks(story);
    fill_threads(story);
    fill_past(story);
    story->notes[story->head.notes++] =
        (struct snapshot_note){.name = "/usr/lib/shop/plugin.so", .kind = SNAPSHOT_NOTE_DEEPBIND, .count = 2};
    story->notes[story->head.notes++] = (struct snapshot_note){.kind = SNAPSHOT_NOTE_OTHERS, .count = 3};
    memcpy(story->command, command, sizeof command);
    story->head.command_bytes = sizeof command;
    return story;
}

/* ---- in one piece ---- */

/* The end of a snapshot that grows. */
static uint32_t append_rows(struct snapshot **snapshot, const void *rows, size_t bytes)
{
    uint32_t at = (*snapshot)->bytes;
    uint32_t whole = at + (uint32_t)((bytes + 7) / 8 * 8);
    *snapshot = realloc(*snapshot, whole);
    if (*snapshot == NULL)
        abort();
    memset((char *)*snapshot + at, 0, whole - at);
    memcpy((char *)*snapshot + at, rows, bytes);
    (*snapshot)->bytes = whole;
    return at;
}

struct snapshot *story_lay_out(const struct story *story)
{
    struct snapshot *snapshot = malloc(sizeof *snapshot);
    if (snapshot == NULL)
        abort();
    *snapshot = story->head;
    snapshot->bytes = sizeof *snapshot;
    uint32_t at;
#define APPEND(table, row, rows, most)                                                    \
    at = append_rows(&snapshot, story->table, story->head.rows * sizeof story->table[0]); \
    snapshot->table##_at = at;
    SNAPSHOT_TABLES(APPEND)
#undef APPEND
    return snapshot;
}
