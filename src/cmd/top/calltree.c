/* The stacks as one tree of calls, from main inwards, with what is live below each call. */
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"
#include "cmd/hash.h"
#include "view.h"

enum {
    NODES = 16384,  /* a hostile snapshot may have many more; what is left out counts for its callers */
    PLACES = 32768, /* of the hash table: a power of two; never full */
    EMPTY = -1
};

struct tree {
    const struct snapshot *snapshot;
    const struct namer *namer;
    struct rows *rows;
    int place[PLACES]; /* numbers of rows, by key */
};

static void name_node(const struct tree *tree, const struct snapshot_frame *frame, struct row *row)
{
    const char *known = frame->name_at != 0 ? snapshot_names(tree->snapshot) + frame->name_at : "";
    view_name(tree->snapshot, tree->namer, frame->address, frame->object, known, row->name);
}

static int add_node(struct tree *tree, int *place, int parent, uint64_t key)
{
    if (tree->rows->count >= NODES)
        return ROW_NONE;
    struct row *row = rows_add(tree->rows, key);
    row->parent = parent;
    row->value[FIELD_LIVE] = row->value[FIELD_BLOCKS] = row->value[FIELD_ALLOCATIONS] = 0;
    if (parent != ROW_NONE) {
        row->depth = tree->rows->row[parent].depth + 1;
        tree->rows->row[parent].children++;
    }
    *place = tree->rows->count - 1;
    return *place;
}

/* The node of a frame below `parent`; of NULL, the one for calls beyond a truncated stack. ROW_NONE: there are too
 * many. */
static int node_of(struct tree *tree, int parent, const struct snapshot_frame *frame)
{
    uint64_t above = parent != ROW_NONE ? tree->rows->row[parent].key : HASH_START;
    uint64_t key = frame != NULL ? view_place_key(tree->snapshot, above, frame->address, frame->object) : above;
    size_t at = key % PLACES;
    while (tree->place[at] != EMPTY && tree->rows->row[tree->place[at]].key != key)
        at = (at + 1) % PLACES;
    if (tree->place[at] != EMPTY)
        return tree->place[at];
    int node = add_node(tree, &tree->place[at], parent, key);
    if (node != ROW_NONE && frame != NULL)
        name_node(tree, frame, &tree->rows->row[node]);
    else if (node != ROW_NONE)
        strcpy(tree->rows->row[node].name, "(calls too far out)");
    return node;
}

/* Adds without overflow. */
static void add_value(int64_t *value, uint64_t more)
{
    *value = *value > INT64_MAX - figure_of(more) ? INT64_MAX : *value + figure_of(more);
}

static void count_stack(struct row *row, const struct snapshot_stack *stack)
{
    add_value(&row->value[FIELD_LIVE], stack->live.bytes);
    add_value(&row->value[FIELD_BLOCKS], stack->live.blocks);
    add_value(&row->value[FIELD_ALLOCATIONS], stack->allocated.blocks);
}

static void add_stack_to_tree(struct tree *tree, const struct snapshot_stack *stack)
{
    const struct snapshot_frame *frames = snapshot_frames(tree->snapshot) + stack->frame;
    int node = ROW_NONE;
    if (stack->truncated != 0 && stack->frames != 0) {
        node = node_of(tree, ROW_NONE, NULL);
        if (node == ROW_NONE)
            return;
        count_stack(&tree->rows->row[node], stack);
    }
    for (uint32_t i = stack->frames; i-- > 0;) {
        node = node_of(tree, node, &frames[i]);
        if (node == ROW_NONE)
            return;
        count_stack(&tree->rows->row[node], stack);
    }
}

/* The sum of the stacks without a row in the snapshot. */
static void add_rest_to_tree(struct tree *tree, const struct snapshot_stack *stack)
{
    if (tree->rows->count == 0 || !tree->rows->row[0].at_end) {
        struct row *row = rows_add(tree->rows, 0);
        row->at_end = true;
        row->value[FIELD_LIVE] = row->value[FIELD_BLOCKS] = row->value[FIELD_ALLOCATIONS] = 0;
        strcpy(row->name, "(others)");
    }
    count_stack(&tree->rows->row[0], stack);
}

void calltree_collect(const struct snapshot *snapshot, const struct namer *namer, struct rows *rows)
{
    struct tree *tree = must_allocate(sizeof *tree);
    tree->snapshot = snapshot;
    tree->namer = namer;
    tree->rows = rows;
    memset(tree->place, 0xFF, sizeof tree->place);
    const struct snapshot_stack *stacks = snapshot_stacks(snapshot);
    for (uint32_t i = 0; i < snapshot->stacks; i++) /* first, so that their node is row 0 */
        if (stacks[i].frames == 0)
            add_rest_to_tree(tree, &stacks[i]);
    for (uint32_t i = 0; i < snapshot->stacks; i++)
        add_stack_to_tree(tree, &stacks[i]);
    free(tree);
}

static int only_child(const struct rows *rows, int number)
{
    if (rows->row[number].children != 1)
        return ROW_NONE;
    for (int i = number + 1; i < rows->count; i++)
        if (rows->row[i].parent == number)
            return i;
    return ROW_NONE;
}

void calltree_open(const struct rows *rows, int number, struct key_set *open)
{
    for (; number != ROW_NONE; number = only_child(rows, number))
        key_set_add(open, rows->row[number].key);
}
