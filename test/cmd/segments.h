/* What the suites about living processes' segments share: waiting for one, asking its process, judging what is in it.
 */
#ifndef TM_CMD_SEGMENTS_H
#define TM_CMD_SEGMENTS_H

#include "../side.h"
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/segment/find.h"
#include "cmd/segment/load.h"

/* No reports on stderr, and none but the first snapshot by itself. */
#define QUIET "output=none,interval=60"

enum { SEGMENTS_WAIT_MS = 30000, SEGMENTS_STEP_MS = 5 };

static inline void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* The file of a process, in the standard place or in `directory`; waits for its first snapshot. */
static inline const char *segment_in(const char *directory, pid_t pid)
{
    static struct found seen[8]; /* good for the next 7 calls */
    static unsigned next;
    struct found *found = &seen[next++ % 8];
    for (int ms = 0; ms < SEGMENTS_WAIT_MS; ms += SEGMENTS_STEP_MS) {
        struct loaded loaded;
        const char *why;
        if (find_pid(directory, (uint32_t)pid, found) && load_file(found->path, &loaded, &why)) {
            loaded_free(&loaded);
            return found->path;
        }
        pause_ms(SEGMENTS_STEP_MS);
    }
    fail_msg("process %d has no segment", (int)pid);
    return NULL;
}

static inline const char *segment_of(pid_t pid)
{
    return segment_in(NULL, pid);
}

static inline struct loaded taken(const char *path)
{
    struct loaded loaded;
    const char *why = NULL;
    if (!load_file(path, &loaded, &why))
        fail_msg("%s: %s", path, why);
    return loaded;
}

static inline struct segment head_of(const char *path)
{
    struct segment head;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pread(file, &head, sizeof head, 0), sizeof head);
    close(file);
    return head;
}

/* Waits until so many snapshots have been written to it. */
static inline void segment_wait(const char *path, uint64_t written)
{
    for (int ms = 0; ms < SEGMENTS_WAIT_MS && head_of(path).written < written; ms += SEGMENTS_STEP_MS)
        pause_ms(SEGMENTS_STEP_MS);
    assert_true(head_of(path).written >= written);
}

/* How many files there are. */
static inline unsigned files_in(const char *directory)
{
    unsigned files = 0;
    DIR *stream = opendir(directory);
    if (stream == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        files += entry->d_name[0] != '.';
    closedir(stream);
    return files;
}

/* ---- the control page ---- */

static inline void control_write(const char *path, size_t at, const void *bytes, size_t length)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, length, SEGMENT_CONTROL_AT + (off_t)at), length);
    close(file);
}

/* A snapshot every so many ms, for half a minute. */
static inline void watch(const char *path, uint32_t ms)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t until = ((uint64_t)now.tv_sec + 30) * 1000000000u;
    control_write(path, offsetof(struct segment_control, watch_ms), &ms, sizeof ms);
    control_write(path, offsetof(struct segment_control, watched_until_ns), &until, sizeof until);
}

struct answer {
    int32_t result;
    char text[SEGMENT_VALUE];
};

static inline struct answer ask(const char *path, uint32_t command, const char *name, const char *value)
{
    struct answer answer = {.result = -2};
    struct segment_control control = {.command = command};
    int file = open(path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(flock(file, LOCK_EX), 0);
    uint32_t request = head_of(path).answered + 1;
    strncpy(control.name, name, sizeof control.name - 1);
    strncpy(control.value, value, sizeof control.value - 1);
    size_t words = offsetof(struct segment_control, watched_until_ns) - sizeof control.request;
    control_write(path, sizeof control.request, (char *)&control + sizeof control.request, words);
    control_write(path, offsetof(struct segment_control, request), &request, sizeof request);
    for (int ms = 0; ms < SEGMENTS_WAIT_MS && head_of(path).answered != request; ms += SEGMENTS_STEP_MS)
        pause_ms(SEGMENTS_STEP_MS);
    struct segment head = head_of(path);
    assert_int_equal(head.answered, request);
    answer.result = head.result;
    memcpy(answer.text, head.answer, sizeof answer.text);
    close(file);
    return answer;
}

/* A snapshot of this moment. */
static inline struct loaded taken_now(const char *path)
{
    struct answer answer = ask(path, SEGMENT_PUBLISH, "", "");
    if (answer.result != 0)
        fail_msg("no snapshot: %s", answer.text);
    return taken(path);
}

/* ---- what is in it ---- */

static inline const struct snapshot_tag *tag_of(const struct snapshot *snapshot, const char *name)
{
    for (uint32_t i = 0; i < snapshot->tags; i++)
        if (strcmp(snapshot_tags(snapshot)[i].name, name) == 0)
            return &snapshot_tags(snapshot)[i];
    fail_msg("no tag %s", name);
    return NULL;
}

/* What is counted in several ways is the same: sums of tags, and by size. */
static inline void assert_sums(const struct snapshot *snapshot)
{
    struct snapshot_counts tags = {.resizes = 0};
    struct snapshot_amount sizes = {0, 0};
    for (uint32_t i = 0; i < snapshot->tags; i++) {
        const struct snapshot_counts *counts = &snapshot_tags(snapshot)[i].counts;
        tags.live.blocks += counts->live.blocks;
        tags.live.bytes += counts->live.bytes;
        tags.allocated.blocks += counts->allocated.blocks;
        tags.allocated.bytes += counts->allocated.bytes;
        tags.freed.blocks += counts->freed.blocks;
    }
    for (uint32_t n = 0; n < SNAPSHOT_SIZE_CLASSES; n++) {
        sizes.blocks += snapshot->sizes[n].blocks;
        sizes.bytes += snapshot->sizes[n].bytes;
    }
    assert_int_equal(tags.live.blocks, snapshot->total.live.blocks);
    assert_int_equal(tags.live.bytes, snapshot->total.live.bytes);
    assert_int_equal(tags.allocated.blocks, snapshot->total.allocated.blocks);
    assert_int_equal(tags.allocated.bytes, snapshot->total.allocated.bytes);
    assert_int_equal(tags.freed.blocks, snapshot->total.freed.blocks);
    assert_int_equal(sizes.blocks, snapshot->total.live.blocks);
    assert_int_equal(sizes.bytes, snapshot->total.live.bytes);
}

/* By age too, when nobody allocates. */
static inline void assert_sums_at_rest(const struct snapshot *snapshot)
{
    uint64_t ages = 0;
    assert_sums(snapshot);
    for (uint32_t row = 0; row < SNAPSHOT_AGE_ROWS; row++)
        ages += snapshot->total.age[row].bytes;
    assert_int_equal(ages, snapshot->total.live.bytes);
}

/* The tag's blocks are what the program says: "BLOCKS BYTES". */
static inline void assert_holds(const struct snapshot *snapshot, const char *tag, const char *told)
{
    char held[64];
    const struct snapshot_amount *live = &tag_of(snapshot, tag)->counts.live;
    snprintf(held, sizeof held, "%lu %lu", (unsigned long)live->blocks, (unsigned long)live->bytes);
    assert_string_equal(held, told);
    assert_sums_at_rest(snapshot);
}

/* ---- a program that does as it is told (programs/obeys.c) ---- */

static inline struct target obeys_start(const char *options)
{
    return target_start(options, ARGV(built("test/cmd/programs/obeys")));
}

/* One order; the line that it answers with. */
static inline const char *told(struct target *target, const char *order)
{
    target_tell(target, order);
    return target_line(target);
}

/* How many of its mappings are segments, as it says. */
static inline const char *told_of_segments(struct target *target)
{
    char order[512];
    snprintf(order, sizeof order, "maps %s/", segments());
    return told(target, order);
}

#endif
