#include "process_tree.h"

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
    return got > 0 ? join_arguments(words, (size_t)got) : xasprintf("?");
}

static void copy_figures(struct tracked_process *process, const struct snapshot *snapshot)
{
    process->published = true;
    process->live_bytes = snapshot->total.live.bytes;
    process->live_blocks = snapshot->total.live.blocks;
    process->past_known = (snapshot->total_past.known & 1) != 0;
    process->past_bytes = snapshot->total_past.live_bytes[0];
    process->resident = snapshot->memory.known != 0 ? snapshot->memory.resident : 0;
    process->taken_seconds = snapshot->wall_seconds;
    process->parent_pid = snapshot->parent;
    process->command = command_of(snapshot);
}

static bool is_unpublished(const struct loaded *loaded)
{
    return memcmp(loaded->head.magic, SEGMENT_MAGIC, sizeof loaded->head.magic) == 0 &&
           loaded->head.version == SEGMENT_VERSION && loaded->head.written == 0;
}

/* false: it is not to be shown. */
static bool load_process(const struct found *found, struct tracked_process *process, bool *broken)
{
    struct loaded loaded;
    const char *why;
    *process = (struct tracked_process){.found = *found};
    if (load_found(found, &loaded, &why)) {
        copy_figures(process, loaded.snapshot);
        loaded_free(&loaded);
        return true;
    }
    if (is_unpublished(&loaded)) {
        process->command = command_running(found);
        return true;
    }
    if (access(found->path, F_OK) == 0 || errno != ENOENT) {
        report_error("cannot open %s: %s", found->path, why);
        *broken = true;
    }
    return false;
}

/* ---- all of them ---- */

static int by_weight(const void *a, const void *b)
{
    const struct tracked_process *x = a, *y = b;
    bool x_dead = found_has_ended(&x->found);
    bool y_dead = found_has_ended(&y->found);
    if (x_dead != y_dead)
        return x_dead ? 1 : -1;
    if (x->live_bytes != y->live_bytes)
        return x->live_bytes > y->live_bytes ? -1 : 1;
    return (x->found.pid > y->found.pid) - (x->found.pid < y->found.pid);
}

struct process_tree process_tree_load(const struct found_list *list)
{
    struct process_tree tree = {.process = must_allocate(list->rows * sizeof *tree.process)};
    for (size_t i = 0; i < list->rows; i++)
        if (load_process(&list->row[i], &tree.process[tree.processes], &tree.broken))
            tree.processes++;
    qsort(tree.process, tree.processes, sizeof *tree.process, by_weight);
    return tree;
}

void process_tree_free(struct process_tree *tree)
{
    for (size_t i = 0; i < tree->processes; i++) {
        free(tree->process[i].command);
        free(tree->process[i].branch);
    }
    free(tree->process);
    *tree = (struct process_tree){.process = NULL};
}

/* ---- the tree ---- */

/* A parent began before its child; among several that had its number, the last one to. So nobody is his own ancestor,
 * whatever a file says. */
static bool may_be_parent(const struct found *parent, const struct tracked_process *child)
{
    const struct found *found = &child->found;
    if (parent->own_pid != child->parent_pid || parent->namespace_inode != found->namespace_inode)
        return false;
    return parent->started_ticks < found->started_ticks ||
           (parent->started_ticks == found->started_ticks && parent->own_pid < found->own_pid);
}

static const struct tracked_process *find_parent(const struct process_tree *tree, const struct tracked_process *child)
{
    const struct tracked_process *parent = NULL;
    for (size_t i = 0; i < tree->processes; i++) {
        const struct tracked_process *one = &tree->process[i];
        if (may_be_parent(&one->found, child) &&
            (parent == NULL || one->found.started_ticks > parent->found.started_ticks))
            parent = one;
    }
    return parent;
}

struct drawing {
    const struct tracked_process *process; /* in the order that siblings keep */
    size_t processes;
    const struct tracked_process **parent; /* of each; NULL: it is not among them */
    char **below;                          /* of each: what stands before the lines of its children */
    const char *const *part;
};

static const struct tracked_process *parent_of(const struct drawing *drawing, const struct tracked_process *process)
{
    return drawing->parent[process - drawing->process];
}

/* The next one with this parent; the first behind NULL. */
static const struct tracked_process *next_child(const struct drawing *drawing, const struct tracked_process *parent,
                                                const struct tracked_process *after)
{
    const struct tracked_process *end = drawing->process + drawing->processes;
    for (after = after != NULL ? after + 1 : drawing->process; after < end; after++)
        if (parent_of(drawing, after) == parent)
            return after;
    return NULL;
}

/* Its children first, then its siblings, then those of its parents. */
static const struct tracked_process *next_line(const struct drawing *drawing, const struct tracked_process *process)
{
    const struct tracked_process *next = next_child(drawing, process, NULL);
    while (next == NULL && process != NULL) {
        const struct tracked_process *parent = parent_of(drawing, process);
        next = next_child(drawing, parent, process);
        process = parent;
    }
    return next;
}

static char *draw_branch(const struct drawing *drawing, const struct tracked_process *process)
{
    const struct tracked_process *parent = parent_of(drawing, process);
    char **below = &drawing->below[process - drawing->process];
    if (parent == NULL) {
        *below = xasprintf("%s", "");
        return xasprintf("%s", "");
    }
    const char *before = drawing->below[parent - drawing->process];
    const char *const *part = drawing->part + (next_child(drawing, parent, process) != NULL ? 0 : 2);
    *below = xasprintf("%s%s", before, part[1]);
    return xasprintf("%s%s", before, part[0]);
}

void process_tree_draw(struct process_tree *tree, bool utf8)
{
    static const char *const plain[] = {"|- ", "|  ", "`- ", "   "};
    static const char *const lines[] = {"├─ ", "│  ", "└─ ", "   "};
    const size_t processes = tree->processes;
    struct drawing drawing = {tree->process, processes, must_allocate(processes * sizeof(void *)),
                              must_allocate(processes * sizeof *drawing.below), utf8 ? lines : plain};
    struct tracked_process *drawn = must_allocate(processes * sizeof *drawn);
    struct tracked_process *to = drawn;
    for (size_t i = 0; i < processes; i++)
        drawing.parent[i] = find_parent(tree, &tree->process[i]);
    for (const struct tracked_process *process = next_child(&drawing, NULL, NULL); process != NULL;
         process = next_line(&drawing, process)) {
        *to = *process;
        to++->branch = draw_branch(&drawing, process);
    }
    for (size_t i = 0; i < processes; i++)
        free(drawing.below[i]);
    free(drawing.below);
    free(drawing.parent);
    free(tree->process);
    tree->process = drawn;
}
