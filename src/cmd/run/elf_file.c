#include "elf_file.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

static const unsigned own_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
static const unsigned own_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

/* A text of the file, cut where there is no room or it is not there. */
static void read_text(int file, uint64_t at, char *text, size_t room)
{
    ssize_t got = pread(file, text, room - 1, (off_t)at);
    text[got > 0 ? got : 0] = '\0';
}

static bool is_own(const ElfW(Ehdr) * head)
{
    return head->e_ident[EI_CLASS] == own_class && head->e_ident[EI_DATA] == own_order;
}

/* ---- segments ---- */

/* No program of a few thousand segments is one; the loop ends where the file does. An address: only the segment that is
 * mapped there will do. */
static bool find_part(int file, const ElfW(Ehdr) * head, unsigned type, uint64_t address, ElfW(Phdr) * part)
{
    for (unsigned i = 0; i < head->e_phnum; i++) {
        off_t at = (off_t)(head->e_phoff + i * (uint64_t)head->e_phentsize);
        if (pread(file, part, sizeof *part, at) != sizeof *part)
            return false;
        if (part->p_type == type && (type != PT_LOAD || address - part->p_vaddr < part->p_filesz))
            return true;
    }
    return false;
}

static void find_loader(int file, const ElfW(Ehdr) * head, struct elf *elf)
{
    ElfW(Phdr) part;
    if (find_part(file, head, PT_INTERP, 0, &part) && part.p_filesz < sizeof elf->loader)
        read_text(file, part.p_offset, elf->loader, part.p_filesz + 1);
}

bool elf_read(int file, struct elf *elf)
{
    ElfW(Ehdr) head = {.e_machine = EM_NONE};
    ssize_t got = pread(file, &head, sizeof head, 0);
    elf->loader[0] = '\0';
    if (got < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
        return false;
    elf->class = head.e_ident[EI_CLASS];
    elf->order = head.e_ident[EI_DATA];
    elf->machine = elf->order == own_order ? head.e_machine : __builtin_bswap16(head.e_machine);
    if (got == sizeof head && is_own(&head))
        find_loader(file, &head, elf);
    return true;
}

/* ---- libraries ---- */

enum { ENTRIES_MOST = 4096 }; /* of the dynamic section */

static uint64_t find_entry(int file, const ElfW(Phdr) * dynamic, int64_t tag, unsigned *from, bool *found)
{
    ElfW(Dyn) entry;
    *found = false;
    for (; *from < ENTRIES_MOST && *from < dynamic->p_filesz / sizeof entry; ++*from) {
        off_t at = (off_t)(dynamic->p_offset + *from * sizeof entry);
        if (pread(file, &entry, sizeof entry, at) != sizeof entry || entry.d_tag == DT_NULL)
            return 0;
        if (entry.d_tag == tag) {
            ++*from;
            *found = true;
            return entry.d_un.d_val;
        }
    }
    return 0;
}

/* Where the names stand in the file. false: there are none. */
static bool find_names(int file, const ElfW(Ehdr) * head, const ElfW(Phdr) * dynamic, uint64_t *names)
{
    bool found;
    unsigned from = 0;
    ElfW(Phdr) part;
    uint64_t address = find_entry(file, dynamic, DT_STRTAB, &from, &found);
    if (!found || !find_part(file, head, PT_LOAD, address, &part))
        return false;
    *names = part.p_offset + (address - part.p_vaddr);
    return true;
}

bool elf_needs(int file, elf_is_wanted *is_wanted, char name[ELF_NAME])
{
    ElfW(Ehdr) head = {.e_machine = EM_NONE};
    ElfW(Phdr) dynamic;
    uint64_t names;
    unsigned from = 0;
    if (pread(file, &head, sizeof head, 0) != sizeof head || !is_own(&head) ||
        !find_part(file, &head, PT_DYNAMIC, 0, &dynamic) || !find_names(file, &head, &dynamic, &names))
        return false;
    for (;;) {
        bool found;
        uint64_t at = find_entry(file, &dynamic, DT_NEEDED, &from, &found);
        if (!found)
            return false;
        read_text(file, names + at, name, ELF_NAME);
        if (is_wanted(name))
            return true;
    }
}
