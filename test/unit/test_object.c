/* Objects: identities of what is loaded, unloaded and loaded elsewhere. The tests share one table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "objects.h"
#include "plugin.h"

/* ---- what is loaded ---- */

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
    unsigned number = object_of((uintptr_t)&objects_start, 8);
    const struct object *object = object_get(number);
    assert_true(object->is_program);
    assert_string_equal(object->path, path);
    assert_string_equal(object->name, "test_object");
    assert_in_range((uintptr_t)&objects_start, object->begin, object->end - 1);
    assert_id(object, (uintptr_t)&objects_start);
    struct image file;
    assert_true(object_open(object, &file));
    image_close(&file);
}

/* Where the code is in the file: the same bytes. */
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
    assert_code(object_get(object_of((uintptr_t)&objects_start, 8)), (uintptr_t)&objects_start);
    assert_code(object_get(object_of(in_libc, 8)), in_libc);
}

static void a_number_is_given_once(void **state)
{
    (void)state;
    unsigned number = object_of((uintptr_t)&objects_start, 9);
    unsigned count = object_count();
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(object_of((uintptr_t)&objects_start + i, 10 + i), number);
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
    };
    return cmocka_run_group_tests_name("object", tests, objects_start, NULL);
}
