#include "family.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/segment/load.h"
#include "diagnostics.h"

/* ---- one process ---- */

/* Arguments, each with a closing zero, as one line. */
static char *join_arguments(const char *arguments, size_t bytes)
{
    char *line = must_allocate(bytes + 1);
    memcpy(line, arguments, bytes);
    while (bytes > 0 && line[bytes - 1] == '\0')
        bytes--;
    for (size_t i = 0; i < bytes; i++)
        if (line[i] == '\0')
            line[i] = ' ';
    clean_text(line, line, bytes + 1);
    return line;
}

static char *command_of(const struct snapshot *snapshot)
{
    if (snapshot->command_bytes != 0)
        return join_arguments(snapshot_command(snapshot), snapshot->command_bytes);
    return join_arguments(snapshot->program, strnlen(snapshot->program, sizeof snapshot->program));
}

/* Of one that has not said it yet. */
static char *command_running(const struct found *found)
{
    char path[64];
    char words[SNAPSHOT_COMMAND];
    snprintf(path, sizeof path, "/proc/%u/cmdline", found->pid);
    int file = found->state == PROCESS_LIVING ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = file >= 0 ? read(file, words, sizeof words) : 0;
    if (file >= 0)
        close(file);
    return got > 0 ? join_arguments(words, (size_t)got) : must_print("?");
}

static void take(struct member *member, const struct snapshot *snapshot)
{
    member->published = true;
    member->live_bytes = snapshot->total.live.bytes;
    member->live_blocks = snapshot->total.live.blocks;
    member->past_known = (snapshot->total_past.known & 1) != 0;
    member->past_bytes = snapshot->total_past.live_bytes[0];
    member->resident = snapshot->memory.known != 0 ? snapshot->memory.resident : 0;
    member->taken_seconds = snapshot->wall_seconds;
    member->parent_pid = snapshot->parent;
    member->command = command_of(snapshot);
}

static bool is_unpublished(const struct loaded *loaded)
{
    return memcmp(loaded->head.magic, SEGMENT_MAGIC, sizeof loaded->head.magic) == 0 &&
           loaded->head.version == SEGMENT_VERSION && loaded->head.written == 0;
}

/* false: it is not to be shown. */
static bool load_member(const struct found *found, struct member *member, bool *broken)
{
    struct loaded loaded;
    const char *why;
    *member = (struct member){.found = *found};
    if (load_found(found, &loaded, &why)) {
        take(member, loaded.snapshot);
        loaded_free(&loaded);
        return true;
    }
    if (is_unpublished(&loaded)) {
        member->command = command_running(found);
        return true;
    }
    if (access(found->path, F_OK) == 0 || errno != ENOENT) {
        complain(found->path, "%s", why);
        *broken = true;
    }
    return false;
}

/* ---- all of them ---- */

static int by_weight(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    bool x_dead = x->found.state == PROCESS_DEAD || x->found.state == PROCESS_ENDED;
    bool y_dead = y->found.state == PROCESS_DEAD || y->found.state == PROCESS_ENDED;
    if (x_dead != y_dead)
        return x_dead ? 1 : -1;
    if (x->live_bytes != y->live_bytes)
        return x->live_bytes > y->live_bytes ? -1 : 1;
    return (x->found.pid > y->found.pid) - (x->found.pid < y->found.pid);
}

struct family family_load(const struct found_list *list)
{
    struct family family = {.member = must_allocate(list->rows * sizeof *family.member)};
    for (size_t i = 0; i < list->rows; i++)
        if (load_member(&list->row[i], &family.member[family.members], &family.broken))
            family.members++;
    qsort(family.member, family.members, sizeof *family.member, by_weight);
    return family;
}

void family_free(struct family *family)
{
    for (size_t i = 0; i < family->members; i++) {
        free(family->member[i].command);
        free(family->member[i].branch);
    }
    free(family->member);
    *family = (struct family){.member = NULL};
}

/* ---- the tree ---- */

/* A parent began before its child; among several that had its number, the last one to. So nobody is his own ancestor,
 * whatever a file says. */
static bool may_be_parent(const struct found *parent, const struct member *child)
{
    const struct found *found = &child->found;
    if (parent->own_pid != child->parent_pid || parent->namespace_inode != found->namespace_inode)
        return false;
    return parent->started_ticks < found->started_ticks ||
           (parent->started_ticks == found->started_ticks && parent->own_pid < found->own_pid);
}

static const struct member *find_parent(const struct family *family, const struct member *child)
{
    const struct member *parent = NULL;
    for (size_t i = 0; i < family->members; i++) {
        const struct member *one = &family->member[i];
        if (may_be_parent(&one->found, child) &&
            (parent == NULL || one->found.started_ticks > parent->found.started_ticks))
            parent = one;
    }
    return parent;
}

struct drawing {
    const struct member *member; /* in the order that siblings keep */
    size_t members;
    const struct member **parent; /* of each; NULL: it is not among them */
    char **below;                 /* of each: what stands before the lines of its children */
    const char *const *part;
};

static const struct member *parent_of(const struct drawing *drawing, const struct member *member)
{
    return drawing->parent[member - drawing->member];
}

/* The next one with this parent; the first behind NULL. */
static const struct member *next_child(const struct drawing *drawing, const struct member *parent,
                                       const struct member *after)
{
    const struct member *end = drawing->member + drawing->members;
    for (after = after != NULL ? after + 1 : drawing->member; after < end; after++)
        if (parent_of(drawing, after) == parent)
            return after;
    return NULL;
}

/* Its children first, then its siblings, then those of its parents. */
static const struct member *next_line(const struct drawing *drawing, const struct member *member)
{
    const struct member *next = next_child(drawing, member, NULL);
    while (next == NULL && member != NULL) {
        const struct member *parent = parent_of(drawing, member);
        next = next_child(drawing, parent, member);
        member = parent;
    }
    return next;
}

static char *draw(const struct drawing *drawing, const struct member *member)
{
    const struct member *parent = parent_of(drawing, member);
    char **below = &drawing->below[member - drawing->member];
    if (parent == NULL) {
        *below = must_print("%s", "");
        return must_print("%s", "");
    }
    const char *before = drawing->below[parent - drawing->member];
    const char *const *part = drawing->part + (next_child(drawing, parent, member) != NULL ? 0 : 2);
    *below = must_print("%s%s", before, part[1]);
    return must_print("%s%s", before, part[0]);
}

void family_draw(struct family *family, bool utf8)
{
    static const char *const plain[] = {"|- ", "|  ", "`- ", "   "};
    static const char *const lines[] = {"├─ ", "│  ", "└─ ", "   "};
    const size_t members = family->members;
    struct drawing drawing = {family->member, members, must_allocate(members * sizeof(void *)),
                              must_allocate(members * sizeof *drawing.below), utf8 ? lines : plain};
    struct member *drawn = must_allocate(members * sizeof *drawn);
    struct member *to = drawn;
    for (size_t i = 0; i < members; i++)
        drawing.parent[i] = find_parent(family, &family->member[i]);
    for (const struct member *member = next_child(&drawing, NULL, NULL); member != NULL;
         member = next_line(&drawing, member)) {
        *to = *member;
        to++->branch = draw(&drawing, member);
    }
    for (size_t i = 0; i < members; i++)
        free(drawing.below[i]);
    free(drawing.below);
    free(drawing.parent);
    free(family->member);
    family->member = drawn;
}
