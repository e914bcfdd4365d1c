/* The bytes of an ELF object, wherever they are: those of a loaded one, of a file, of a buffer.
 *
 * Nothing is believed: every read is checked against the image's bounds. What was loaded at start stays, so that the
 * kernel is only asked which of its pages can be read. Another loaded object is copied by the kernel (process_vm_readv
 * on ourselves), which answers EFAULT where a plain load would be killed: another thread may unload it at any time.
 * Where a seccomp filter was there before us, that call is not made (the filter might kill for it), and after the
 * program itself has called seccomp none is: then nothing can be read.
 *
 * A position is a run-time address in a loaded object, and an offset in a file or a buffer. */
#ifndef TM_IMAGE_H
#define TM_IMAGE_H

#include "lib/sys/base.h"

enum { IMAGE_ID_BYTES = 20 }; /* SHA-1, as every linker writes it */

enum image_kind { IMAGE_LOADED, IMAGE_FILE, IMAGE_BUFFER };

struct image {
    enum image_kind kind;
    int file;            /* IMAGE_FILE */
    const void *buffer;  /* IMAGE_BUFFER: what is at position 0 */
    uint64_t begin, end; /* positions that may be read */
    uint64_t bias;       /* IMAGE_LOADED: what is added to the addresses that the file gives */
    bool stays;          /* IMAGE_LOADED: is never unloaded */
};

struct image image_of_loaded(uintptr_t begin, uintptr_t end, uintptr_t bias, bool stays);
struct image image_of_buffer(const void *buffer, size_t bytes);

/* Opens a regular file; false if there is none. It takes a descriptor until image_close, and for a moment the lowest
 * one: only in a thread of the program, which opens nothing meanwhile, or in one with descriptors of its own. (Another
 * thread that opens a file in that moment gets another number.) */
bool image_open(struct image *image, const char *path);
void image_close(const struct image *image);

/* Copies up to `bytes` bytes; how many there were (fewer: the image ends, or is gone). */
size_t image_read(const struct image *image, uint64_t at, void *to, size_t bytes);
bool image_read_whole(const struct image *image, uint64_t at, void *to, size_t bytes);

/* The position for an address that the file gives, or that the loader has already relocated; 0: outside. */
uint64_t image_position(const struct image *image, uint64_t address);

/* What tells one build of an object from every other: the same of a file as of what was loaded from it. */
struct image_identity {
    uint64_t print; /* a hash of the ELF header, the segments and the build-id; 0: cannot be read */
    uint64_t id_at; /* where the build-id is */
    uint8_t id_bytes;
    uint8_t id[IMAGE_ID_BYTES]; /* the GNU build-id (ld --build-id), cut if it is longer */
};

struct image_identity image_identify(const struct image *image);

/* Its executable segments as the loader maps them: whole pages. Of a loaded one; how many there are, 0 where its
 * headers cannot be read. What comes after the last that has space is left out. */
enum { IMAGE_CODES = 4 };
struct image_code {
    uint64_t begin, end;
    uint64_t offset; /* in the file, of what is at `begin` */
};
unsigned image_codes(const struct image *image, struct image_code code[IMAGE_CODES]);

enum image_verdict { IMAGE_SAME, IMAGE_ANOTHER, IMAGE_UNKNOWN /* nothing can be read there */ };

/* Whether an image still is what it was when it was identified. One read, where it has a build-id. */
enum image_verdict image_verify(const struct image *image, const struct image_identity *identity);

#endif
