#include "elf_file.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

static const unsigned own_class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
static const unsigned own_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

/* The text of PT_INTERP. */
static void read_loader(int file, uint64_t at, uint64_t bytes, char *loader, size_t room)
{
    if (bytes >= room)
        return;
    ssize_t got = pread(file, loader, bytes, (off_t)at);
    loader[got > 0 ? got : 0] = '\0';
}

/* No program of a few thousand segments is one; the loop ends where the file does. */
static void find_loader(int file, const ElfW(Ehdr) * head, struct elf *elf)
{
    ElfW(Phdr) part;
    for (unsigned i = 0; i < head->e_phnum; i++) {
        off_t at = (off_t)(head->e_phoff + i * (uint64_t)head->e_phentsize);
        if (pread(file, &part, sizeof part, at) != sizeof part)
            return;
        if (part.p_type == PT_INTERP) {
            read_loader(file, part.p_offset, part.p_filesz, elf->loader, sizeof elf->loader);
            return;
        }
    }
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
    if (got == sizeof head && elf->class == own_class && elf->order == own_order)
        find_loader(file, &head, elf);
    return true;
}
