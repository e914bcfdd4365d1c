/* Objects: identities of what is loaded, unloaded and loaded elsewhere. The cases share one table, which the last
 * ones fill. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "lib/sys/sys.h"
#include "plugin.h"
#include "random.h"

static uint64_t now = 100;

static int start(void **state)
{
    (void)state;
    module_start();
    object_start();
    return 0;
}

/* ---- what is loaded ---- */

struct note_wanted {
    uintptr_t address;
    uint8_t id[64];
    size_t bytes;
};

/* The build-id as the loader's own list of segments leads to it, by plain loads. */
static int find_note(struct dl_phdr_info *info, size_t size, void *argument)
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

static void assert_id(const struct object *object, uintptr_t address)
{
    struct note_wanted wanted = {.address = address};
    assert_int_equal(dl_iterate_phdr(find_note, &wanted), 1);
    assert_int_equal(wanted.bytes, 20);
    assert_int_equal(object->identity.id_bytes, 20);
    assert_memory_equal(object->identity.id, wanted.id, 20);
}

static void a_library_is_what_the_loader_says(void **state)
{
    (void)state;
    uintptr_t address = address_of(RTLD_DEFAULT, "getenv");
    Dl_info info;
    struct link_map *map;
    assert_int_not_equal(dladdr1((void *)address, &info, (void **)&map, RTLD_DL_LINKMAP), 0);
    unsigned number = object_of(address, 7);
    const struct object *object = object_get(number);
    assert_in_range(number, 1, OBJECT_OTHER - 1);
    assert_string_equal(object->path, map->l_name);
    assert_string_equal(object->name, "libc.so.6");
    assert_int_equal(object->begin, (uintptr_t)info.dli_fbase);
    assert_int_equal(object->bias, map->l_addr);
    assert_in_range(address, object->begin, object->end - 1);
    assert_int_equal(object->seen_ms, 7);
    assert_int_equal(object->times, 1);
    assert_false(object_is_gone(object));
    assert_false(object->is_program);
    assert_true(object_is_there(object));
    assert_id(object, address);
}

static void the_program_is_itself(void **state)
{
    (void)state;
    char path[4096] = "";
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    unsigned number = object_of((uintptr_t)&start, 8);
    const struct object *object = object_get(number);
    assert_true(object->is_program);
    assert_string_equal(object->path, path);
    assert_string_equal(object->name, "test_object");
    assert_in_range((uintptr_t)&start, object->begin, object->end - 1);
    assert_id(object, (uintptr_t)&start);
    struct image file;
    assert_true(object_open(object, &file));
    image_close(&file);
}

/* Where the code stands in the file: the same bytes. */
static void assert_code(const struct object *object, uintptr_t address)
{
    enum { BYTES = 16 };
    char there[BYTES] = "";
    const struct image_code *code = object->code;
    assert_in_range(object->codes, 1, IMAGE_CODES);
    while (code < object->code + object->codes && address - code->begin >= code->end - code->begin)
        code++;
    assert_true(code < object->code + object->codes);
    assert_int_equal(code->begin % PAGE_BYTES + code->end % PAGE_BYTES + code->offset % PAGE_BYTES, 0);
    int file = open(object->is_program ? "/proc/self/exe" : object->path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pread(file, there, BYTES, (off_t)(address - code->begin + code->offset)), BYTES);
    assert_memory_equal(there, (const void *)address, BYTES);
    close(file);
}

static void code_is_found_in_its_file(void **state)
{
    (void)state;
    uintptr_t in_libc = (uintptr_t)dlsym(RTLD_NEXT, "qsort");
    assert_code(object_get(object_of((uintptr_t)&start, 8)), (uintptr_t)&start);
    assert_code(object_get(object_of(in_libc, 8)), in_libc);
}

static void a_number_is_given_once(void **state)
{
    (void)state;
    unsigned number = object_of((uintptr_t)&start, 9);
    unsigned count = object_count();
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(object_of((uintptr_t)&start + i, 10 + i), number);
    assert_int_equal(object_count(), count);
    assert_int_equal(object_get(number)->seen_ms, 8);
    assert_int_equal(object_get(number)->times, 1);
}

static void generated_code_has_no_object(void **state)
{
    (void)state;
    void *code = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned count = object_count();
    assert_int_equal(object_of((uintptr_t)code, 11), OBJECT_NONE);
    assert_int_equal(object_of(0, 11), OBJECT_NONE);
    assert_int_equal(object_of(UINTPTR_MAX, 11), OBJECT_NONE);
    assert_int_equal(object_count(), count);
    assert_string_equal(object_get(OBJECT_NONE)->name, "(no module)");
    munmap(code, PAGE_BYTES);
}

static void a_number_that_was_never_given_stands_for_the_rest(void **state)
{
    (void)state;
    assert_ptr_equal(object_get(object_count()), object_get(OBJECT_OTHER));
    assert_ptr_equal(object_get(UINT32_MAX), object_get(OBJECT_OTHER));
    assert_string_equal(object_get(OBJECT_OTHER)->name, "(other)");
}

/* ---- unloading ---- */

static void what_is_closed_is_gone_and_keeps_its_name(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    unsigned number = object_of(address_of(handle, "plugin_a_work"), ++now);
    const struct object *object = object_get(number);
    assert_false(object_check(++now));
    assert_false(object_is_gone(object));
    assert_true(object_is_there(object));
    unload(handle);
    assert_true(object_check(++now));
    assert_int_equal(object->gone_ms, now);
    assert_false(object_is_there(object));
    assert_string_equal(object->path, PLUGIN_A);
    assert_string_equal(object->name, "plugin_a.so");
    assert_false(object_check(++now));
    assert_int_equal(object->gone_ms, now - 1); /* once */
}

/* The kernel puts a library of the same size where the last one stood. */
static void load_in_the_place_of_the_other(bool told)
{
    void *handle = load(PLUGIN_A);
    unsigned a = object_of(address_of(handle, "plugin_a_work"), ++now);
    uintptr_t place = object_get(a)->begin;
    unload(handle);
    if (told)
        object_check(++now);
    handle = load(PLUGIN_B);
    uintptr_t work = address_of(handle, "plugin_b_work");
    unsigned b = object_of(work, ++now);
    assert_int_equal(object_get(b)->begin, place);
    assert_int_not_equal(a, b);
    assert_true(object_is_gone(object_get(a)));
    assert_false(object_is_gone(object_get(b)));
    assert_string_equal(object_get(a)->name, "plugin_a.so");
    assert_string_equal(object_get(b)->name, "plugin_b.so");
    assert_false(object_is_there(object_get(a)));
    assert_true(object_is_there(object_get(b)));
    assert_id(object_get(b), work);
    unload(handle);
    object_check(++now);
    assert_true(object_is_gone(object_get(b)));
}

static void another_at_the_same_address_is_another(void **state)
{
    (void)state;
    load_in_the_place_of_the_other(true);
}

static void also_when_nobody_told_of_the_dlclose(void **state)
{
    (void)state;
    load_in_the_place_of_the_other(false);
}

static void a_check_sees_another_in_the_same_place(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    unsigned a = object_of(address_of(handle, "plugin_a_work"), ++now);
    unload(handle);
    handle = load(PLUGIN_B);
    object_check(++now);
    assert_int_equal(object_get(a)->gone_ms, now);
    unload(handle);
}

static void a_plugin_opened_for_ever_needs_one_number(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    unsigned number = object_of(address_of(handle, "plugin_a_work"), ++now);
    unsigned count = object_count();
    uint32_t times = object_get(number)->times;
    uint64_t seen = object_get(number)->seen_ms;
    for (unsigned i = 0; i < 200; i++) {
        unload(handle);
        object_check(++now);
        assert_true(object_is_gone(object_get(number)));
        handle = load(PLUGIN_A);
        assert_int_equal(object_of(address_of(handle, "plugin_a_work"), ++now), number);
        assert_false(object_is_gone(object_get(number)));
    }
    unload(handle);
    assert_int_equal(object_count(), count);
    assert_int_equal(object_get(number)->times, times + 200);
    assert_int_equal(object_get(number)->seen_ms, seen);
}

/* ---- files ---- */

struct scratch {
    char directory[64];
    char path[96];
};

static void copy(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "rb");
    assert_non_null(in);
    size_t length = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    FILE *out = fopen(to, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, length, out), length);
    assert_int_equal(fclose(out), 0);
}

static void scratch_make(struct scratch *scratch)
{
    memcpy(scratch->directory, "/tmp/objectXXXXXX", sizeof "/tmp/objectXXXXXX");
    assert_non_null(mkdtemp(scratch->directory));
    snprintf(scratch->path, sizeof scratch->path, "%s/plugin.so", scratch->directory);
    copy(PLUGIN_A, scratch->path);
}

static void scratch_remove(const struct scratch *scratch)
{
    unlink(scratch->path);
    rmdir(scratch->directory);
}

static bool opens(unsigned object)
{
    struct image image;
    if (!object_open(object_get(object), &image))
        return false;
    image_close(&image);
    return true;
}

static void only_the_file_that_was_loaded_is_opened(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    void *handle = load(scratch.path);
    unsigned number = object_of(address_of(handle, "plugin_a_work"), ++now);
    assert_true(opens(number));
    unlink(scratch.path);
    assert_false(opens(number));
    copy(PLUGIN_B, scratch.path); /* an upgrade while it runs */
    assert_false(opens(number));
    unlink(scratch.path);
    assert_int_equal(mkfifo(scratch.path, 0600), 0); /* nobody writes: a plain open would wait for ever */
    assert_false(opens(number));
    unlink(scratch.path);
    copy(PLUGIN_A, scratch.path);
    assert_true(opens(number));
    unload(handle);
    object_check(++now);
    assert_true(opens(number));
    assert_int_equal(truncate(scratch.path, 100), 0);
    assert_false(opens(number));
    scratch_remove(&scratch);
}

/* Built anew and opened again under its old name, before anybody was told that it had been closed. */
static void a_rebuilt_one_is_found_out_by_the_next_check(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    void *handle = load(scratch.path);
    unsigned old = object_of(address_of(handle, "plugin_a_work"), ++now);
    unload(handle);
    unlink(scratch.path);
    copy(PLUGIN_B, scratch.path);
    handle = load(scratch.path);
    assert_false(object_is_there(object_get(old)));
    object_check(++now);
    assert_int_equal(object_get(old)->gone_ms, now);
    uintptr_t work = address_of(handle, "plugin_b_work");
    unsigned new = object_of(work, ++now);
    assert_int_not_equal(new, old);
    assert_string_equal(object_get(new)->path, object_get(old)->path);
    assert_id(object_get(new), work);
    assert_true(opens(new));
    assert_false(opens(old));
    unload(handle);
    object_check(++now);
    scratch_remove(&scratch);
}

static void a_relative_path_is_made_absolute(void **state)
{
    (void)state;
    struct scratch scratch;
    char before[4096];
    scratch_make(&scratch);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch.directory), 0);
    void *handle = load("./plugin.so");
    assert_int_equal(chdir(before), 0);
    unsigned number = object_of(address_of(handle, "plugin_a_work"), ++now);
    char expected[128];
    snprintf(expected, sizeof expected, "%s/plugin.so", scratch.directory);
    assert_string_equal(object_get(number)->path, expected);
    assert_string_equal(object_get(number)->name, "plugin.so");
    assert_true(opens(number));
    assert_int_equal(object_of(address_of(handle, "plugin_a_work"), ++now), number);
    unload(handle);
    scratch_remove(&scratch);
}

/* Opened by a link's name, which is what the program and its tags know it by. */
static void a_relative_link_keeps_its_name(void **state)
{
    (void)state;
    struct scratch scratch;
    char before[4096];
    scratch_make(&scratch);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(scratch.directory), 0);
    assert_int_equal(symlink("plugin.so", "plugin"), 0);
    void *handle = load("./plugin");
    assert_int_equal(unlink("plugin"), 0);
    assert_int_equal(chdir(before), 0);
    unsigned number = object_of(address_of(handle, "plugin_a_work"), ++now);
    assert_string_equal(object_get(number)->path, scratch.path);
    assert_string_equal(object_get(number)->name, "plugin");
    assert_true(opens(number));
    assert_int_equal(object_of(address_of(handle, "plugin_a_work"), ++now), number);
    unload(handle);
    scratch_remove(&scratch);
}

static int descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

static void no_descriptor_stays_open(void **state)
{
    (void)state;
    int before = descriptors();
    unsigned number = object_of((uintptr_t)&start, ++now);
    for (unsigned i = 0; i < 10; i++)
        assert_true(opens(number));
    assert_int_equal(descriptors(), before);
}

/* ---- where nothing may be asked ---- */

static void in_a_sandbox_the_place_must_do(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    uintptr_t a = address_of(handle, "plugin_a_work");
    unsigned known = object_of(a, ++now);
    sys_calls = SYS_NONE;
    assert_int_equal(object_of(a, ++now), known);
    object_check(++now);
    assert_false(object_is_gone(object_get(known)));
    assert_false(opens(known));
    unload(handle);
    object_check(++now);
    assert_true(object_is_gone(object_get(known)));
    handle = load(PLUGIN_B);
    unsigned other = object_of(address_of(handle, "plugin_b_work"), ++now);
    assert_string_equal(object_get(other)->name, "plugin_b.so");
    unload(handle);
    sys_calls = SYS_ANY;
}

/* ---- hostile headers ---- */

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

/* ---- the table fills up ---- */

static struct object invented(unsigned n, char path[64])
{
    snprintf(path, 64, "/invented/%u/lib%u.so", n, n);
    uintptr_t begin = 0x10000000000 + (uintptr_t)n * 0x100000;
    struct object object = {.begin = begin, .end = begin + 0x80000, .bias = begin, .path = path};
    object.identity.print = n + 1;
    return object;
}

static struct {
    uint32_t done;
    uint32_t wrong;
} reading;

static void *read_all(void *argument)
{
    (void)argument;
    uint32_t wrong = 0;
    while (!__atomic_load_n(&reading.done, __ATOMIC_ACQUIRE)) {
        unsigned count = object_count();
        for (unsigned i = 1; i < count; i++) {
            const struct object *object = object_get(i);
            wrong += object->path == NULL || strstr(object->path, object->name) == NULL || object->begin == 0;
            wrong += object_is_gone(object) && object->seen_ms == 0;
        }
    }
    __atomic_store_n(&reading.wrong, wrong, __ATOMIC_RELAXED);
    return NULL;
}

static void the_table_fills_while_it_is_read(void **state)
{
    (void)state;
    pthread_t reader;
    char path[64];
    assert_int_equal(pthread_create(&reader, NULL, read_all, NULL), 0);
    unsigned first = object_count();
    for (unsigned n = 0; n < 2 * OBJECTS_MAX; n++) {
        struct object object = invented(n, path);
        unsigned number = object_note(&object, ++now);
        assert_int_equal(number, first + n < OBJECT_OTHER ? first + n : OBJECT_OTHER);
    }
    __atomic_store_n(&reading.done, 1, __ATOMIC_RELEASE);
    pthread_join(reader, NULL);
    assert_int_equal(reading.wrong, 0);
    assert_int_equal(object_count(), OBJECT_OTHER);
    assert_false(object_is_gone(object_get(object_of((uintptr_t)&start, ++now))));
    assert_int_equal(object_get(object_of((uintptr_t)&start, ++now))->times, 1); /* nor was it ever */
    for (unsigned n = 0; first + n < OBJECT_OTHER; n++) {
        struct object object = invented(n, path);
        assert_string_equal(object_get(first + n)->path, path);
        assert_false(object_is_gone(object_get(first + n)));
        assert_int_equal(object_note(&object, ++now), first + n);
    }
}

/* Paths of 1,000 bytes, in a child: the text is full before the table. */
static void a_path_without_room_is_cut_to_its_base_name(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        unsigned wrong = 0;
        for (unsigned n = 0; n < 500; n++) {
            char path[1024];
            memset(path, '/', sizeof path);
            snprintf(path + 1000, sizeof path - 1000, "%u/lib.so", n);
            struct object object = {.begin = 0x1000 + n * 0x1000, .end = 0x2000 + n * 0x1000, .path = path};
            unsigned number = object_note(&object, ++now);
            wrong += number == OBJECT_OTHER || strcmp(object_get(number)->name, "lib.so") != 0;
            wrong += strcmp(object_get(number)->path, n < 200   ? path
                                                      : n > 300 ? "lib.so"
                                                                : object_get(number)->path) != 0;
            wrong += object_note(&object, ++now) != number;
        }
        _exit(wrong != 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_full_table_still_learns_who_is_gone(void **state)
{
    (void)state;
    char path[64];
    struct object object = invented(3, path);
    unsigned number = object_note(&object, ++now);
    object.identity.print = 999999;
    object.begin += 0x40000;
    assert_int_equal(object_note(&object, ++now), OBJECT_OTHER);
    assert_int_equal(object_get(number)->gone_ms, now);
    void *handle = load(PLUGIN_B);
    unsigned known = object_of((uintptr_t)&start, ++now);
    assert_true(object_get(known)->is_program);
    unload(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_is_what_the_loader_says),
        cmocka_unit_test(the_program_is_itself),
        cmocka_unit_test(code_is_found_in_its_file),
        cmocka_unit_test(a_number_is_given_once),
        cmocka_unit_test(generated_code_has_no_object),
        cmocka_unit_test(a_number_that_was_never_given_stands_for_the_rest),
        cmocka_unit_test(what_is_closed_is_gone_and_keeps_its_name),
        cmocka_unit_test(another_at_the_same_address_is_another),
        cmocka_unit_test(also_when_nobody_told_of_the_dlclose),
        cmocka_unit_test(a_check_sees_another_in_the_same_place),
        cmocka_unit_test(a_plugin_opened_for_ever_needs_one_number),
        cmocka_unit_test(only_the_file_that_was_loaded_is_opened),
        cmocka_unit_test(a_rebuilt_one_is_found_out_by_the_next_check),
        cmocka_unit_test(a_relative_path_is_made_absolute),
        cmocka_unit_test(a_relative_link_keeps_its_name),
        cmocka_unit_test(no_descriptor_stays_open),
        cmocka_unit_test(in_a_sandbox_the_place_must_do),
        cmocka_unit_test(notes_are_padded_as_their_segment_says),
        cmocka_unit_test(an_image_cut_short_is_read_no_further),
        cmocka_unit_test(headers_may_lie),
        cmocka_unit_test(a_path_without_room_is_cut_to_its_base_name),
        cmocka_unit_test(the_table_fills_while_it_is_read),
        cmocka_unit_test(a_full_table_still_learns_who_is_gone),
    };
    return cmocka_run_group_tests_name("object", tests, start, NULL);
}
