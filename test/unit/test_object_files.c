/* The files of loaded objects: which one is opened, which is not believed, and by which path; and what is known where
 * no file may be opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "lib/sys/sys.h"
#include "objects.h"
#include "plugin.h"

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

/* As a program does it that is in that directory. */
static void *load_in(const char *directory, const char *path)
{
    char before[4096];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(directory), 0);
    void *handle = load(path);
    assert_int_equal(chdir(before), 0);
    return handle;
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
    scratch_make(&scratch);
    void *handle = load_in(scratch.directory, "./plugin.so");
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
    char link[96];
    scratch_make(&scratch);
    snprintf(link, sizeof link, "%s/plugin", scratch.directory);
    assert_int_equal(symlink("plugin.so", link), 0);
    void *handle = load_in(scratch.directory, "./plugin");
    assert_int_equal(unlink(link), 0);
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
    unsigned number = object_of((uintptr_t)&objects_start, ++now);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_file_that_was_loaded_is_opened),
        cmocka_unit_test(a_rebuilt_one_is_found_out_by_the_next_check),
        cmocka_unit_test(a_relative_path_is_made_absolute),
        cmocka_unit_test(a_relative_link_keeps_its_name),
        cmocka_unit_test(no_descriptor_stays_open),
        cmocka_unit_test(in_a_sandbox_the_place_must_do),
    };
    return cmocka_run_group_tests_name("object_files", tests, objects_start, NULL);
}
