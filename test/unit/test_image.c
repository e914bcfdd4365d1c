/* The bytes of ELF files, cut short or false: nothing is read beyond them, and nothing is believed without a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <elf.h>
#include <sys/mman.h>

#include "lib/objects/image.h"
#include "lib/sys/sys.h"
#include "plugin.h"
#include "random.h"

enum { GUARDED = 2 * PAGE_BYTES };

/* The first bytes of a file, directly before a page that cannot be read. */
static char *guarded(const char *path, size_t bytes)
{
    static char *area;
    if (area == NULL) {
        area = mmap(NULL, GUARDED + PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(area, MAP_FAILED);
        assert_int_equal(mprotect(area + GUARDED, PAGE_BYTES, PROT_NONE), 0);
    }
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    assert_int_equal(fread(area + GUARDED - bytes, 1, bytes, in), bytes);
    fclose(in);
    return area + GUARDED - bytes;
}

/* Three notes of one segment, each padded as the segment says; the last is the build-id. */
static size_t write_notes(char *at, uint64_t padding)
{
    static const struct {
        char name[8];
        uint32_t name_bytes, type, bytes;
    } notes[] = {{"Go", 3, NT_GNU_BUILD_ID, 5}, {"stapsdt", 8, 3, 13}, {"GNU", 4, NT_GNU_BUILD_ID, 8}};
    size_t length = 0;
    for (unsigned i = 0; i < ARRAY_LENGTH(notes); i++) {
        Elf64_Nhdr head = {notes[i].name_bytes, notes[i].bytes, notes[i].type};
        memcpy(at + length, &head, sizeof head);
        memcpy(at + length + sizeof head, notes[i].name, notes[i].name_bytes);
        length = (length + sizeof head + notes[i].name_bytes + padding - 1) & -padding;
        memcpy(at + length, "identity of mine", notes[i].bytes);
        length = (length + notes[i].bytes + padding - 1) & -padding;
    }
    return length;
}

static void notes_are_padded_as_their_segment_says(void **state)
{
    (void)state;
    for (uint64_t padding = 4; padding <= 8; padding += 4) {
        char bytes[1024] = {0};
        Elf64_Ehdr head = {.e_phoff = sizeof head, .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1};
        memcpy(head.e_ident, ELFMAG, SELFMAG);
        head.e_ident[EI_CLASS] = ELFCLASS64;
        size_t length = write_notes(bytes + 512, padding);
        Elf64_Phdr segment = {.p_type = PT_NOTE, .p_offset = 512, .p_filesz = length, .p_align = padding};
        memcpy(bytes, &head, sizeof head);
        memcpy(bytes + sizeof head, &segment, sizeof segment);
        struct image image = image_of_buffer(bytes, sizeof bytes);
        struct image_identity identity = image_identify(&image);
        assert_int_equal(identity.id_bytes, 8);
        assert_memory_equal(identity.id, "identity", 8);
        assert_int_equal(image_verify(&image, &identity), IMAGE_SAME);
        bytes[identity.id_at]++;
        assert_int_equal(image_verify(&image, &identity), IMAGE_ANOTHER);
    }
}

static void an_image_cut_short_is_read_no_further(void **state)
{
    (void)state;
    for (size_t length = 1; length < PAGE_BYTES; length += 7) {
        struct image image = image_of_buffer(guarded(PLUGIN_A, length), length);
        struct image_identity identity = image_identify(&image);
        if (length < sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr))
            assert_int_equal(identity.print, 0);
        char last[16];
        assert_int_equal(image_read(&image, length - 1, last, sizeof last), 1);
        assert_int_equal(image_read(&image, length, last, sizeof last), 0);
        assert_int_equal(image_read(&image, UINT64_MAX, last, sizeof last), 0);
    }
}

static void headers_may_lie(void **state)
{
    (void)state;
    uint64_t seed = 5;
    char *bytes = guarded(PLUGIN_A, GUARDED);
    struct image image = image_of_buffer(bytes, GUARDED);
    char saved[1024];
    memcpy(saved, bytes, sizeof saved);
    struct image_identity honest = image_identify(&image);
    assert_int_equal(honest.id_bytes, IMAGE_ID_BYTES);
    unsigned same = 0;
    for (unsigned i = 0; i < 100000; i++) {
        for (unsigned n = 0; n < 1 + i % 8; n++) {
            uint64_t lie = random_one_in(&seed, 2) ? random_next(&seed) : random_scaled(&seed, 64);
            size_t at = random_below(&seed, sizeof saved - 8);
            memcpy(bytes + at, &lie, 1 + random_below(&seed, 8));
        }
        struct image_identity identity = image_identify(&image);
        assert_in_range(identity.id_bytes, 0, IMAGE_ID_BYTES);
        assert_int_equal(image_verify(&image, &identity), identity.print != 0 ? IMAGE_SAME : IMAGE_UNKNOWN);
        same += identity.print == honest.print;
        memcpy(bytes, saved, sizeof saved);
    }
    assert_in_range(same, 0, 60000); /* what was changed was mostly what counts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_padded_as_their_segment_says),
        cmocka_unit_test(an_image_cut_short_is_read_no_further),
        cmocka_unit_test(headers_may_lie),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
