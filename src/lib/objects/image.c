#include "image.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "lib/sys/sys.h"

enum {
    SEGMENTS_MAX = 24, /* libraries have some 10 */
    NOTES_MAX = 64,    /* and 3 */
    DESCRIPTOR_LEAST = 512
};

struct image image_of_loaded(uintptr_t begin, uintptr_t end, uintptr_t bias, bool stays)
{
    return (struct image){.kind = IMAGE_LOADED, .file = -1, .begin = begin, .end = end, .bias = bias, .stays = stays};
}

struct image image_of_buffer(const void *buffer, size_t bytes)
{
    return (struct image){.kind = IMAGE_BUFFER, .file = -1, .buffer = buffer, .end = bytes};
}

/* To a number that no program counts on: the lowest one is taken for a moment only. */
static long move_up(long file)
{
    long high = sys3(SYS_fcntl, file, F_DUPFD_CLOEXEC, DESCRIPTOR_LEAST);
    if (high < 0)
        return file;
    sys1(SYS_close, file);
    return high;
}

bool image_open(struct image *image, const char *path)
{
    *image = (struct image){.kind = IMAGE_FILE};
    if (sys_calls != SYS_ANY)
        return false;
    /* O_NONBLOCK: a pipe that is there now must not hold us up. */
    long file = sys2(SYS_open, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return false;
    file = move_up(file);
    struct stat status = {0};
    if (sys2(SYS_fstat, file, &status) != 0 || !S_ISREG(status.st_mode)) {
        sys1(SYS_close, file);
        return false;
    }
    image->file = (int)file;
    image->end = (uint64_t)status.st_size;
    return true;
}

void image_close(const struct image *image)
{
    if (image->kind == IMAGE_FILE)
        sys1(SYS_close, image->file);
}

/* Page by page: there may be holes between an object's segments. */
static long read_staying(uint64_t at, char *to, size_t bytes)
{
    size_t done = 0;
    while (done < bytes && sys_readable((const void *)((at + done) & -(uint64_t)PAGE_BYTES))) {
        size_t page = PAGE_BYTES - (at + done) % PAGE_BYTES;
        size_t more = bytes - done < page ? bytes - done : page;
        memcpy(to + done, (const void *)(at + done), more);
        done += more;
    }
    return (long)done;
}

static long read_loaded(const struct image *image, uint64_t at, void *to, size_t bytes)
{
    if (sys_calls != SYS_ANY)
        return 0;
    if (image->stays)
        return read_staying(at, to, bytes);
    if (sys_filtered())
        return 0;
    struct iovec own = {to, bytes};
    struct iovec other = {(void *)at, bytes};
    return sys6(SYS_process_vm_readv, sys0(SYS_gettid), &own, 1, &other, 1, 0);
}

static long read_file(int file, uint64_t at, char *to, size_t bytes)
{
    size_t done = 0;
    while (done < bytes) {
        long more = sys4(SYS_pread64, file, to + done, bytes - done, at + done);
        if (more <= 0)
            break;
        done += (size_t)more;
    }
    return (long)done;
}

size_t image_read(const struct image *image, uint64_t at, void *to, size_t bytes)
{
    if (at < image->begin || at >= image->end)
        return 0;
    if (bytes > image->end - at)
        bytes = (size_t)(image->end - at);
    long done = (long)bytes;
    switch (image->kind) {
    case IMAGE_LOADED:
        done = read_loaded(image, at, to, bytes);
        break;
    case IMAGE_FILE:
        done = read_file(image->file, at, to, bytes);
        break;
    case IMAGE_BUFFER:
        memcpy(to, (const char *)image->buffer + at, bytes);
        break;
    }
    return done > 0 ? (size_t)done : 0;
}

bool image_read_whole(const struct image *image, uint64_t at, void *to, size_t bytes)
{
    return image_read(image, at, to, bytes) == bytes;
}

uint64_t image_position(const struct image *image, uint64_t address)
{
    if (address >= image->begin && address < image->end)
        return address;
    address += image->bias; /* not relocated where the loader may not write (the vDSO) */
    return address >= image->begin && address < image->end ? address : 0;
}

/* ---- identities ---- */

/* The ELF header and the segments. Nothing that is behind them: in a small object it may be data. */
struct headers {
    Elf64_Ehdr elf;
    Elf64_Phdr segment[SEGMENTS_MAX];
};

static unsigned segments_of(const struct headers *headers, size_t bytes)
{
    if (bytes < sizeof headers->elf || memcmp(headers->elf.e_ident, ELFMAG, SELFMAG) != 0 ||
        headers->elf.e_ident[EI_CLASS] != ELFCLASS64 || headers->elf.e_phentsize != sizeof(Elf64_Phdr) ||
        headers->elf.e_phoff != sizeof headers->elf)
        return 0;
    size_t read = (bytes - sizeof headers->elf) / sizeof(Elf64_Phdr);
    return headers->elf.e_phnum < read ? headers->elf.e_phnum : (unsigned)read;
}

static uint64_t round_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) & -to;
}

/* The id among the notes of one segment. Names and contents are padded, to 8 bytes where the segment says so. */
static bool id_in_notes(const struct image *image, const Elf64_Phdr *segment, struct image_identity *identity)
{
    uint64_t padding = segment->p_align == 8 ? 8 : 4;
    uint64_t first = image->kind == IMAGE_LOADED ? segment->p_vaddr + image->bias : segment->p_offset;
    uint64_t at = 0;
    for (unsigned n = 0; n < NOTES_MAX && at < segment->p_filesz; n++) {
        struct {
            Elf64_Nhdr head;
            char name[4];
        } note;
        if (!image_read_whole(image, first + at, &note, sizeof note))
            return false;
        uint64_t content = at + round_up(sizeof note.head + note.head.n_namesz, padding);
        if (note.head.n_type == NT_GNU_BUILD_ID && note.head.n_namesz == 4 && memcmp(note.name, "GNU", 4) == 0) {
            uint8_t bytes = note.head.n_descsz < IMAGE_ID_BYTES ? (uint8_t)note.head.n_descsz : IMAGE_ID_BYTES;
            identity->id_at = first + content;
            identity->id_bytes = image_read_whole(image, identity->id_at, identity->id, bytes) ? bytes : 0;
            return identity->id_bytes > 0;
        }
        at = round_up(content + note.head.n_descsz, padding);
    }
    return false;
}

/* Multiplied by an odd number and folded, as splitmix64 does: nothing is lost on the way. */
static uint64_t hash(uint64_t before, const void *bytes, size_t length)
{
    for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, (const char *)bytes + at, length - at < sizeof word ? length - at : sizeof word);
        before = (before ^ word) * 0x9e3779b97f4a7c15u;
        before ^= before >> 32;
    }
    return before;
}

struct image_identity image_identify(const struct image *image)
{
    struct image_identity identity = {0};
    struct headers headers = {0};
    unsigned segments = segments_of(&headers, image_read(image, image->begin, &headers, sizeof headers));
    if (segments == 0)
        return identity;
    for (unsigned i = 0; i < segments; i++)
        if (headers.segment[i].p_type == PT_NOTE && id_in_notes(image, &headers.segment[i], &identity))
            break;
    identity.print = hash(0, &headers, sizeof headers.elf + segments * sizeof(Elf64_Phdr));
    identity.print = hash(identity.print, identity.id, identity.id_bytes) | 1;
    return identity;
}

static struct image_code code_of(const Elf64_Phdr *segment, uint64_t bias)
{
    uint64_t first = segment->p_vaddr & -(uint64_t)PAGE_BYTES;
    return (struct image_code){.begin = bias + first,
                               .end = bias + round_up(segment->p_vaddr + segment->p_memsz, PAGE_BYTES),
                               .offset = segment->p_offset - (segment->p_vaddr - first)};
}

unsigned image_codes(const struct image *image, struct image_code code[IMAGE_CODES])
{
    struct headers headers = {0};
    unsigned segments = segments_of(&headers, image_read(image, image->begin, &headers, sizeof headers));
    unsigned codes = 0;
    for (unsigned i = 0; i < segments && codes < IMAGE_CODES; i++)
        if (headers.segment[i].p_type == PT_LOAD && (headers.segment[i].p_flags & PF_X) != 0)
            code[codes++] = code_of(&headers.segment[i], image->bias);
    return codes;
}

enum image_verdict image_verify(const struct image *image, const struct image_identity *identity)
{
    if (identity->id_bytes == 0) {
        uint64_t print = image_identify(image).print;
        if (print == 0 || identity->print == 0)
            return IMAGE_UNKNOWN;
        return print == identity->print ? IMAGE_SAME : IMAGE_ANOTHER;
    }
    uint8_t id[IMAGE_ID_BYTES];
    if (!image_read_whole(image, identity->id_at, id, identity->id_bytes))
        return IMAGE_UNKNOWN;
    return memcmp(id, identity->id, identity->id_bytes) == 0 ? IMAGE_SAME : IMAGE_ANOTHER;
}
