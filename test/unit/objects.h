/* What the suites about loaded objects share: the start of their table, and build-ids as the loader's own list of
 * segments leads to them. */
#ifndef TM_TEST_OBJECTS_H
#define TM_TEST_OBJECTS_H

#include <elf.h>
#include <link.h>
#include <string.h>

#include "lib/objects/module.h"
#include "lib/objects/object.h"

__attribute__((unused)) static uint64_t now = 100; /* ms */

static inline int objects_start(void **state)
{
    (void)state;
    module_start();
    object_start();
    return 0;
}

struct note_wanted {
    uintptr_t address;
    uint8_t id[64];
    size_t bytes;
};

/* The build-id as the loader's own list of segments leads to it, by plain loads. */
static inline int find_note(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    struct note_wanted *wanted = argument;
    bool here = false;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uintptr_t from = info->dlpi_addr + segment->p_vaddr;
        here |= segment->p_type == PT_LOAD && wanted->address >= from && wanted->address < from + segment->p_memsz;
    }
    for (int i = 0; here && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_NOTE || segment->p_align != 4)
            continue;
        const char *at = (const char *)info->dlpi_addr + segment->p_vaddr;
        const char *end = at + segment->p_memsz;
        while (at < end) {
            const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
            const char *content = at + sizeof *note + ((note->n_namesz + 3) & ~3u);
            if (note->n_type == NT_GNU_BUILD_ID) {
                wanted->bytes = note->n_descsz;
                memcpy(wanted->id, content, note->n_descsz);
            }
            at = content + ((note->n_descsz + 3) & ~3u);
        }
    }
    return here;
}

static inline void assert_id(const struct object *object, uintptr_t address)
{
    struct note_wanted wanted = {.address = address};
    assert_int_equal(dl_iterate_phdr(find_note, &wanted), 1);
    assert_int_equal(wanted.bytes, 20);
    assert_int_equal(object->identity.id_bytes, 20);
    assert_memory_equal(object->identity.id, wanted.id, 20);
}

#endif
