/* make_seeds DIRECTORY: inputs of the fuzz target, from which it goes on (compact.h). */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compact.h"
#include "story.h"

static const char *directory;

static void write_seed(const char *name, const struct story *story)
{
    char path[4096];
    struct snapshot *snapshot = story_lay_out(story);
    struct segment head = {
        .version = SEGMENT_VERSION,
        .buffer_bytes = snapshot->bytes,
        .pid = snapshot->pid,
        .started_ticks = snapshot->started_ticks,
        .writing = SEGMENT_BUFFERS,
        .written = SEGMENT_BUFFERS,
    };
    memcpy(head.magic, SEGMENT_MAGIC, sizeof head.magic);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(&head, COMPACT_HEAD, 1, file) != 1 || fwrite(snapshot, snapshot->bytes, 1, file) != 1 ||
        fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    free(snapshot);
}

/* ---- small ones, each with rows of one table: a change hits what it means ---- */

static void empty(struct story *story)
{
#define EMPTY(table, row, rows, most) story->head.rows = 0;
    SNAPSHOT_TABLES(EMPTY)
#undef EMPTY
    story->head.names_bytes = 1;
}

static void few_stacks(struct story *story)
{
    story->head.stacks = story->head.sites = 1;
    story->head.frames = 2;
    story->head.objects = 3;
    story->head.tags = 1;
    story->head.suspects = story->head.points = story->head.threads = 0;
}

static void few_tags(struct story *story)
{
    empty(story);
    story->head.tags = 3;
}

static void few_points(struct story *story)
{
    empty(story);
    story->head.points = 5;
}

/* ---- what is seldom ---- */

static void leaks_at_exit(struct story *story)
{
    story->head.kind = SNAPSHOT_EXIT;
    story->head.leaks_wanted = 1;
}

static void alarm_of_a_level(struct story *story)
{
    story->head.kind = SNAPSHOT_ALARM;
    story->head.alarm = (struct snapshot_alarm){.what = SNAPSHOT_ALARM_LEVEL,
                                                .of = SNAPSHOT_TAG,
                                                .limit = 1 << 20,
                                                .value = 2 << 20,
                                                .change = -5,
                                                .since_ms = 9,
                                                .name = "cache/pages"};
}

static void alarm_of_a_block(struct story *story)
{
    story->head.kind = SNAPSHOT_ALARM;
    story->head.alarm = (struct snapshot_alarm){.what = SNAPSHOT_ALARM_BLOCK,
                                                .blocks = 1,
                                                .limit = 1 << 20,
                                                .value = 2 << 20,
                                                .name = "shop!main",
                                                .tag = "shop"};
}

static void rebuilt_and_hostile(struct story *story)
{
    story->objects[0].build_id[3]++;
    story->objects[2].build_id_bytes = 0;
    strcpy(story->tags[0].name, "\x1b[2J\xc2\x9b\xe2\x80\xae");
    strcpy(story->sites[0].name, "a!b+0x+0x");
    strcpy(story->objects[1].path, "/");
}

/* Each language's names, and code that is mapped in parts. */
static void mangled(struct story *story)
{
    strcpy(story->sites[0].name, "shop!_D1fFPFiiZiPFQiQkZiPFQkQmZiPFQkQmZiZv+0x3");
    strcpy(story->sites[1].name, "shop!_ZN4shop5ShelfIdE5stockEi+0x12");
    strcpy(story->sites[2].name, "shop!_RNvMs_NtCs1234_7mycrate3fooNtB4_3Bar3new+0x1");
    strcpy(story->objects[0].path, "/memfd:shop (deleted)");
    story->objects[0].codes = 2;
    story->objects[0].code[0] = (struct snapshot_code){story->objects[0].begin, story->objects[0].begin + 4096, 0};
    story->objects[0].code[1] = (struct snapshot_code){story->objects[0].begin + 4096, story->objects[0].end, 512};
}

/* As large as can be: sums overflow. */
static void huge(struct story *story)
{
    struct snapshot *head = &story->head;
    memset(&head->total, 0xFF, sizeof head->total);
    memset(head->sizes, 0xFF, sizeof head->sizes);
    memset(&head->memory, 0xFF, sizeof head->memory);
    head->uptime_ms = head->own_cpu_us = head->own_resident_bytes = UINT64_MAX;
    head->wall_seconds = INT64_MIN;
    head->left_out = SNAPSHOT_PART_THREADS;
    for (uint32_t i = 0; i < head->tags; i++)
        memset(&story->tags[i].counts, 0xFF, sizeof story->tags[i].counts + sizeof story->tags[i].past);
    for (uint32_t i = 0; i < head->sites; i++)
        memset(&story->sites[i].live, 0xFF, sizeof story->sites[i] - offsetof(struct snapshot_site, live));
    for (uint32_t i = 0; i < head->points; i++)
        memset(&story->points[i], 0xFF, sizeof story->points[i]);
    for (uint32_t i = 0; i < head->stacks; i++)
        memset(&story->stacks[i].live, 0xFF, sizeof story->stacks[i] - offsetof(struct snapshot_stack, live));
}

static void whole(struct story *story)
{
    (void)story;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*change)(struct story *story);
    } seeds[] = {
        {"whole", whole},
        {"empty", empty},
        {"mangled", mangled},
        {"few-stacks", few_stacks},
        {"few-tags", few_tags},
        {"few-points", few_points},
        {"leaks-at-exit", leaks_at_exit},
        {"alarm-of-a-level", alarm_of_a_level},
        {"alarm-of-a-block", alarm_of_a_block},
        {"rebuilt-and-hostile", rebuilt_and_hostile},
        {"huge", huge},
    };
    if (argc != 2)
        return 2;
    directory = argv[1];
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++) {
        struct story *story = story_new();
        seeds[i].change(story);
        write_seed(seeds[i].name, story);
        free(story);
    }
    return 0;
}
