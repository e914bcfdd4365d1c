#include "stack.h"

#include "lib/config/full.h"
#include "lib/sys/sys.h"

enum { NODES_PER_LIST = 4, LISTS_LEAST = 16 };

struct stack_table stack_table;

bool stack_start(uint32_t nodes)
{
    size_t lists = LISTS_LEAST;
    while (lists * NODES_PER_LIST < nodes)
        lists *= 2;
    size_t limit = (size_t)nodes + STACK_FIRST;
    char *memory = sys_memory(limit * sizeof(struct stack_node) + lists * sizeof(uint32_t));
    if (memory == NULL)
        return false;
    stack_table.node = (struct stack_node *)memory;
    stack_table.mask = (uint32_t)lists - 1;
    stack_table.limit = (uint32_t)limit;
    stack_table.count = STACK_FIRST;
    uint32_t *front = (uint32_t *)(memory + limit * sizeof(struct stack_node));
    __atomic_store_n(&stack_table.front, front, __ATOMIC_RELEASE); /* pairs with stack_intern */
    return true;
}

/* A number for a new node; or 0. */
static uint32_t take_number(void)
{
    uint32_t id = __atomic_exchange_n(&stack_table.spare, 0, __ATOMIC_ACQ_REL);
    if (id != 0)
        return id;
    if (__atomic_load_n(&stack_table.count, __ATOMIC_RELAXED) >= stack_table.limit)
        return 0;
    id = __atomic_fetch_add(&stack_table.count, 1, __ATOMIC_RELAXED);
    return id < stack_table.limit ? id : 0;
}

static void give_back(uint32_t id)
{
    uint32_t none = 0;
    stack_table.node[id] = (struct stack_node){0, 0, 0};
    __atomic_compare_exchange_n(&stack_table.spare, &none, id, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

uint32_t stack_add(uint32_t *front, uint32_t searched, uint32_t parent, uintptr_t address)
{
    uint32_t id = take_number();
    if (id == 0) {
        __atomic_fetch_add(&stack_table.refused, 1, __ATOMIC_RELAXED);
        full_record(FULL_STACKS);
        return STACK_TRUNCATED;
    }
    for (;;) {
        uint32_t expected = searched;
        stack_table.node[id] = (struct stack_node){address, parent, searched};
        /* Release: who finds the number finds the node. Pairs with stack_intern, and with whoever hands numbers on. */
        if (__atomic_compare_exchange_n(front, &expected, id, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
            return id;
        uint32_t other = stack_find(expected, searched, parent, address);
        if (other != 0) {
            give_back(id);
            return other;
        }
        searched = expected;
    }
}

struct stack_node stack_node(uint32_t id)
{
    static const struct stack_node none = {0, 0, 0};
    if (__atomic_load_n(&stack_table.front, __ATOMIC_ACQUIRE) == NULL || id >= stack_table.limit)
        return none;
    return stack_table.node[id];
}

void stack_retire(uintptr_t begin, uintptr_t end, unsigned object)
{
    uint32_t count = stack_count();
    for (uint32_t id = STACK_FIRST; id < count; id++) {
        uintptr_t *address = &stack_table.node[id].address;
        if (*address > begin && *address <= end)
            __atomic_fetch_or(address, object_key(object, 0), __ATOMIC_RELAXED);
    }
}

uint32_t stack_count(void)
{
    uint32_t count = __atomic_load_n(&stack_table.count, __ATOMIC_RELAXED);
    return count < stack_table.limit ? count : stack_table.limit;
}

uint64_t stack_refused(void)
{
    return cell_read(&stack_table.refused);
}
