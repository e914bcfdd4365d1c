#include "unwind.h"

#include <elf.h>
#include <sys/auxv.h>

#include "cfi.h"
#include "lib/sys/glibc.h"
#include "lib/sys/sys.h"

enum {
    REACH_BYTES = 16 << 20, /* between two frames: beyond that, a broken stack is likelier than so large a frame */
    DEEPER_BYTES = 1 << 20,
    WORD_BYTES = sizeof(uintptr_t)
};

SPARSE uint64_t unwind_cache[UNWIND_CACHE];
uint32_t unwind_generation;

/* ---- what can be read ---- */

static uintptr_t page_of(uintptr_t address)
{
    return address & ~(uintptr_t)(PAGE_BYTES - 1);
}

static bool page_readable(uintptr_t page)
{
    return sys_calls == SYS_ANY && sys_readable((const void *)page);
}

void unwind_begin(struct unwind_range *range, uintptr_t stack_pointer)
{
    range->low = page_of(stack_pointer);
    range->high = range->low + PAGE_BYTES;
}

bool unwind_begin_other(struct unwind_range *range, uintptr_t stack_pointer)
{
    unwind_begin(range, stack_pointer);
    return page_readable(range->low);
}

bool unwind_move(struct unwind_range *range, uintptr_t stack_pointer)
{
    uintptr_t page = page_of(stack_pointer);
    uintptr_t at = range->low;
    bool deeper = stack_pointer < at && at - stack_pointer < DEEPER_BYTES;
    while (deeper && at - page > PAGE_BYTES) {
        at -= PAGE_BYTES;
        deeper = page_readable(at);
    }
    if (deeper)
        range->low = page;
    else
        unwind_begin(range, stack_pointer);
    return deeper;
}

bool unwind_reach(struct unwind_range *range, uintptr_t address)
{
    uintptr_t end = address + WORD_BYTES;
    if (end < range->high || end - range->high > REACH_BYTES)
        return false;
    for (; range->high < end; range->high += PAGE_BYTES)
        if (!page_readable(range->high))
            return false;
    return true;
}

/* ---- an address's notes ---- */

struct headers {
    const Elf64_Phdr *header;
    size_t count;
};

/* The program headers of an object: in its first page. A program with holes between its segments (no PIE, large) is
 * found segment by segment; of the program, the kernel has said where they are. */
static struct headers find_headers(const struct dl_find_object *object)
{
    const Elf64_Ehdr *elf = object->dlfo_map_start;
    if (!sys_readable(elf))
        return (struct headers){NULL, 0};
    if (memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0)
        return (struct headers){(const Elf64_Phdr *)getauxval(AT_PHDR), getauxval(AT_PHNUM)};
    size_t bytes = (size_t)elf->e_phnum * sizeof(Elf64_Phdr);
    if (elf->e_phentsize != sizeof(Elf64_Phdr) || elf->e_phoff > PAGE_BYTES || bytes > PAGE_BYTES - elf->e_phoff)
        return (struct headers){NULL, 0};
    return (struct headers){(const Elf64_Phdr *)((const char *)elf + elf->e_phoff), elf->e_phnum};
}

/* The segment in which an object's notes stand. */
static void find_segment(const struct dl_find_object *object, struct cfi_info *notes)
{
    const uint8_t *at = object->dlfo_eh_frame;
    struct headers headers = find_headers(object);
    for (size_t i = 0; i < headers.count; i++) {
        const Elf64_Phdr *header = &headers.header[i];
        uintptr_t before = (uintptr_t)at - (object->dlfo_link_map->l_addr + header->p_vaddr);
        if (header->p_type == PT_LOAD && before < header->p_filesz)
            *notes = (struct cfi_info){at, at - before, at + (header->p_filesz - before)};
    }
}

/* False: no object's code. */
static bool find_notes(uintptr_t address, struct cfi_info *notes)
{
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return false;
    *notes = (struct cfi_info){NULL, NULL, NULL};
    if (found.dlfo_eh_frame != NULL)
        find_segment(&found, notes);
    return true;
}

/* ---- rules as words ---- */

/* A CFA's or a register's plain distance, as a rule's offset; or false. */
static bool fits(int64_t offset, uint64_t below)
{
    return offset >= 0 && offset % WORD_BYTES == 0 && (uint64_t)offset < below;
}

static bool is_plain(const struct cfi_value *value, enum cfi_base base)
{
    return value->base == base && !value->loaded;
}

/* 0 is no place that rbp is saved at: it says that rbp was not. */
static bool pack_saved(const struct cfi_place *rbp, uint32_t *saved)
{
    *saved = 0;
    if (rbp->kept == CFI_SAME)
        return true;
    if (rbp->kept != CFI_AT || !is_plain(&rbp->at, CFI_CFA) || rbp->at.offset == 0 ||
        !fits(-(rbp->at.offset + 1) + 1, RULE_SAVED + 1))
        return false;
    *saved = (uint32_t)-rbp->at.offset;
    return true;
}

static uint32_t pack_offset(uint64_t offset)
{
    return (uint32_t)(offset / WORD_BYTES) << RULE_OFFSET_SHIFT;
}

static uint32_t pack(const struct cfi_rule *rule)
{
    static const uint64_t offset_below = (uint64_t)WORD_BYTES << RULE_OFFSET_BITS;
    const struct cfi_value *cfa = &rule->cfa;
    uint32_t saved;
    if (rule->ra.kept == CFI_UNDEFINED)
        return RULE_OUTERMOST;
    if (rule->signal && rule->ra.kept == CFI_AT)
        return RULE_WIDE;
    if (rule->signal || rule->ra.kept != CFI_AT || !is_plain(&rule->ra.at, CFI_CFA) ||
        rule->ra.at.offset != -WORD_BYTES)
        return RULE_LOST;
    if (!cfa->loaded && fits(cfa->offset, offset_below) && pack_saved(&rule->rbp, &saved))
        return (cfa->base == CFI_RSP ? RULE_RSP : RULE_RBP) | saved | pack_offset((uint64_t)cfa->offset);
    bool at_rbp = rule->rbp.kept == CFI_AT && is_plain(&rule->rbp.at, CFI_RBP) && rule->rbp.at.offset == 0;
    if (cfa->loaded && cfa->base == CFI_RBP && cfa->add == 0 && cfa->offset > INT32_MIN &&
        fits(-cfa->offset, offset_below) && at_rbp)
        return RULE_LOADED_RBP | pack_offset((uint64_t)-cfa->offset);
    return RULE_WIDE;
}

/* ---- what is remembered ---- */

static uint64_t *first_place(uintptr_t address)
{
    return &unwind_cache[unwind_primary(address)];
}

static uint64_t *second_place(uintptr_t address)
{
    return &unwind_cache[unwind_primary(address) ^ UNWIND_CACHE / 2];
}

/* Who was there before moves on: to its second place, or to its first. */
static void store(uintptr_t address, uint32_t rule)
{
    uint64_t before = cell_read(first_place(address));
    if (before != 0)
        cell_write(second_place(address), before);
    cell_write(first_place(address), (uint64_t)(address >> UNWIND_TAG_SHIFT) << UNWIND_RULE_BITS | rule);
}

static bool find_rule(uintptr_t address, struct cfi_info *notes, struct cfi_rule *rule)
{
    return notes->header != NULL && cfi_find(notes, address - 1, rule);
}

uint32_t unwind_learn(uintptr_t address)
{
    uint64_t word = cell_read(second_place(address));
    if (word != 0 && unwind_describes(word, address))
        return (uint32_t)word;
    struct cfi_info notes;
    struct cfi_rule rule;
    if (!find_notes(address - 1, &notes))
        return RULE_LOST; /* not stored: an object may be loaded there */
    uint32_t packed = find_rule(address, &notes, &rule) ? pack(&rule) : RULE_LOST;
    if (packed != RULE_WIDE)
        store(address, packed);
    return packed;
}

void unwind_forget(void)
{
    for (size_t i = 0; i < UNWIND_CACHE; i++)
        if (cell_read(&unwind_cache[i]) != 0)
            cell_write(&unwind_cache[i], 0);
    unwind_forget_stacks();
}

void unwind_forget_stacks(void)
{
    __atomic_fetch_add(&unwind_generation, 1, __ATOMIC_RELEASE); /* pairs with stack_here */
}

/* ---- the steps that are rare ---- */

static bool read_word(struct unwind_range *range, const struct unwind_frame *frame, uintptr_t address, uintptr_t *word)
{
    if (!unwind_known(range, frame->slot, address))
        return false;
    *word = unwind_load(address);
    return true;
}

/* A realigned frame: the function keeps its caller's stack pointer below its own rbp. */
static enum unwind_result step_realigned(struct unwind_range *range, struct unwind_frame *frame, uint32_t rule)
{
    struct unwind_frame next = {.used = UNWIND_MEMORY, .rbp_at = frame->rbp};
    uintptr_t cfa;
    frame->used = UNWIND_MEMORY;
    if (!read_word(range, frame, frame->rbp - unwind_offset(rule), &cfa) ||
        !read_word(range, frame, frame->rbp, &next.rbp) || !read_word(range, frame, cfa - WORD_BYTES, &next.address))
        return UNWIND_LOST;
    next.slot = cfa - WORD_BYTES;
    *frame = next;
    return next.address != 0 ? UNWIND_STEPPED : UNWIND_OUTERMOST;
}

static bool evaluate(struct unwind_range *range, const struct unwind_frame *frame, const struct cfi_value *value,
                     uintptr_t cfa, uintptr_t *result)
{
    uintptr_t base = value->base == CFI_CFA ? cfa : value->base == CFI_RBP ? frame->rbp : frame->slot + WORD_BYTES;
    *result = base + (uintptr_t)value->offset;
    if (!value->loaded)
        return true;
    if (!read_word(range, frame, *result, result))
        return false;
    *result += (uintptr_t)value->add;
    return true;
}

static bool find_rbp(struct unwind_range *range, const struct unwind_frame *frame, const struct cfi_place *rbp,
                     uintptr_t cfa, struct unwind_frame *next)
{
    next->rbp = frame->rbp;
    next->rbp_at = frame->rbp_at;
    if (rbp->kept == CFI_SAME)
        return true;
    uintptr_t at;
    if (rbp->kept == CFI_AT) {
        if (!evaluate(range, frame, &rbp->at, cfa, &at))
            return false;
        if (at <= frame->slot)
            return true; /* popped already */
        next->rbp_at = at;
        return read_word(range, frame, at, &next->rbp);
    }
    next->rbp = 0; /* lost: no frame is there */
    next->rbp_at = frame->slot;
    return true;
}

static enum unwind_result step_wide(struct unwind_range *range, struct unwind_frame *frame, const struct cfi_rule *rule)
{
    struct unwind_frame next = {.used = UNWIND_MEMORY};
    uintptr_t cfa;
    uintptr_t ra_at;
    frame->used = UNWIND_MEMORY;
    if (!evaluate(range, frame, &rule->cfa, 0, &cfa) || !evaluate(range, frame, &rule->ra.at, cfa, &ra_at) ||
        !read_word(range, frame, ra_at, &next.address) || !find_rbp(range, frame, &rule->rbp, cfa, &next))
        return UNWIND_LOST;
    next.slot = cfa - WORD_BYTES;
    if (rule->signal) {
        next.address++;
        *frame = next;
        return UNWIND_JUMPED;
    }
    if (next.slot <= frame->slot)
        return UNWIND_LOST;
    *frame = next;
    return next.address != 0 ? UNWIND_STEPPED : UNWIND_OUTERMOST;
}

enum unwind_result unwind_step_rare(struct unwind_range *range, struct unwind_frame *frame, uint32_t rule)
{
    struct cfi_info notes;
    struct cfi_rule wide;
    frame->used = 0;
    switch (rule & RULE_KIND) {
    case RULE_OUTERMOST:
        return UNWIND_OUTERMOST;
    case RULE_LOADED_RBP:
        return step_realigned(range, frame, rule);
    case RULE_WIDE:
        if (find_notes(frame->address - 1, &notes) && find_rule(frame->address, &notes, &wide))
            return step_wide(range, frame, &wide);
        break;
    default: /* an empty word is only taken for a rule where nothing can stand */
        break;
    }
    frame->used = UNWIND_MEMORY;
    return UNWIND_LOST;
}
