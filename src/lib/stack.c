#include "stack.h"

#include "sys.h"

enum { NODES_PER_LIST = 4, LISTS_LEAST = 16 };

/* Lists of nodes, one for each value of a hash. Nodes only come, at the front, and what a node says never changes: so a
 * reader needs nothing but the front, and a writer that finds another front than it has searched searches the rest. */
static struct {
    uint32_t *front; /* NULL: no table */
    struct stack_node *node;
    uint32_t mask; /* how many lists, less one */
    uint32_t limit;
    uint32_t count; /* numbers given, the reserved ones too; may run past the limit */
    uint32_t spare; /* a number that was given and not needed */
    uint64_t refused;
} stacks;

bool stack_start(uint32_t nodes)
{
    size_t lists = LISTS_LEAST;
    while (lists * NODES_PER_LIST < nodes)
        lists *= 2;
    size_t limit = (size_t)nodes + STACK_FIRST;
    char *memory = sys_memory(limit * sizeof(struct stack_node) + lists * sizeof(uint32_t));
    if (memory == NULL)
        return false;
    stacks.node = (struct stack_node *)memory;
    stacks.mask = (uint32_t)lists - 1;
    stacks.limit = (uint32_t)limit;
    stacks.count = STACK_FIRST;
    uint32_t *front = (uint32_t *)(memory + limit * sizeof(struct stack_node));
    __atomic_store_n(&stacks.front, front, __ATOMIC_RELEASE); /* pairs with stack_intern */
    return true;
}

/* Of a stack, all addresses are known before the first number: so the number comes in last, and waits for nothing but
 * an addition. The multiplier: 2^64 / golden ratio (Knuth). */
static uint32_t *front_of(uint32_t *front, uint32_t parent, uintptr_t address)
{
    return &front[((uint32_t)(address * 0x9E3779B97F4A7C15u >> 32) + parent) & stacks.mask];
}

/* The node in a list from `id` up to, and without, `end`; or 0. */
static uint32_t find(uint32_t id, uint32_t end, uint32_t parent, uintptr_t address)
{
    for (; id != end; id = stacks.node[id].next)
        if (stacks.node[id].address == address && stacks.node[id].parent == parent)
            return id;
    return 0;
}

/* A number for a new node; or 0. */
static uint32_t take_number(void)
{
    uint32_t id = __atomic_exchange_n(&stacks.spare, 0, __ATOMIC_ACQ_REL);
    if (id != 0)
        return id;
    if (__atomic_load_n(&stacks.count, __ATOMIC_RELAXED) >= stacks.limit)
        return 0;
    id = __atomic_fetch_add(&stacks.count, 1, __ATOMIC_RELAXED);
    return id < stacks.limit ? id : 0;
}

static void give_back(uint32_t id)
{
    uint32_t none = 0;
    stacks.node[id] = (struct stack_node){0, 0, 0};
    __atomic_compare_exchange_n(&stacks.spare, &none, id, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static COLD uint32_t add(uint32_t *front, uint32_t searched, uint32_t parent, uintptr_t address)
{
    uint32_t id = take_number();
    if (id == 0) {
        __atomic_fetch_add(&stacks.refused, 1, __ATOMIC_RELAXED);
        return STACK_TRUNCATED;
    }
    for (;;) {
        uint32_t expected = searched;
        stacks.node[id] = (struct stack_node){address, parent, searched};
        /* Release: who finds the number finds the node. Pairs with stack_intern, and with whoever hands numbers on. */
        if (__atomic_compare_exchange_n(front, &expected, id, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
            return id;
        uint32_t other = find(expected, searched, parent, address);
        if (other != 0) {
            give_back(id);
            return other;
        }
        searched = expected;
    }
}

uint32_t stack_intern(uint32_t parent, uintptr_t address)
{
    uint32_t *fronts = __atomic_load_n(&stacks.front, __ATOMIC_ACQUIRE);
    if (UNLIKELY(fronts == NULL || parent == STACK_TRUNCATED))
        return STACK_TRUNCATED;
    uint32_t *front = front_of(fronts, parent, address);
    uint32_t first = __atomic_load_n(front, __ATOMIC_ACQUIRE);
    uint32_t id = find(first, 0, parent, address);
    return LIKELY(id != 0) ? id : add(front, first, parent, address);
}

struct stack_node stack_node(uint32_t id)
{
    static const struct stack_node none;
    if (__atomic_load_n(&stacks.front, __ATOMIC_ACQUIRE) == NULL || id >= stacks.limit)
        return none;
    return stacks.node[id];
}

void stack_retire(uintptr_t begin, uintptr_t end, unsigned object)
{
    uint32_t count = stack_count();
    for (uint32_t id = STACK_FIRST; id < count; id++) {
        uintptr_t *address = &stacks.node[id].address;
        if (*address > begin && *address <= end)
            __atomic_fetch_or(address, (uintptr_t)object << STACK_OBJECT_SHIFT, __ATOMIC_RELAXED);
    }
}

uint32_t stack_count(void)
{
    uint32_t count = __atomic_load_n(&stacks.count, __ATOMIC_RELAXED);
    return count < stacks.limit ? count : stacks.limit;
}

uint64_t stack_refused(void)
{
    return cell_read(&stacks.refused);
}
