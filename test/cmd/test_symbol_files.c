/* symbolize: names come out of the right file, and out of no other. */
#include "planted.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/symbols/debug.h"
#include "cmd/symbols/symbolize.h"

/* ---- debug files ---- */

static void debug_files_are_found_by_build_id(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "stripped");
    const char *debug = in_scratch("debug");
    shell("objcopy --only-keep-debug %s %s.whole && strip %s", path, path, path);
    struct planted planted = plant(path);
    kill_planted(&planted);
    expect_symbols(&planted, NULL, assert_name_only); /* -rdynamic exports it */
    shell("id=$(readelf -n %s | sed -n 's/.*Build ID: //p'); d=%s/.build-id/$(echo $id | cut -c1-2); mkdir -p $d && "
          "mv %s.whole $d/$(echo $id | cut -c3-).debug",
          path, debug, path);
    expect_symbols(&planted, debug, assert_all_known);
    unlink(path); /* the debug file alone will do */
    expect_symbols(&planted, debug, assert_all_known);
    expect_symbols(&planted, NULL, assert_name_only);
    loaded_free(&planted.loaded);
}

static void debug_files_are_found_by_their_link(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "linked");
    shell("mkdir -p %s/.debug && objcopy --only-keep-debug %s %s/.debug/linked.debug && strip %s && "
          "objcopy --add-gnu-debuglink=%s/.debug/linked.debug %s",
          scratch(), path, scratch(), path, scratch(), path);
    struct planted planted = plant(path);
    kill_planted(&planted);
    expect_symbols(&planted, NULL, assert_all_known);
    expect_symbols(&planted, "/nowhere", assert_name_only);
    loaded_free(&planted.loaded);
}

/* ---- what is not believed ---- */

static void a_replaced_file_is_not_believed(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "replaced");
    struct planted planted = plant(path);
    shell("cp %s %s.new && mv %s.new %s", built("test/cmd/programs/planted_cxx"), path, path, path);
    expect_symbols(&planted, NULL, assert_all_known); /* the process has the old one still */
    kill_planted(&planted);
    expect_symbols(&planted, NULL, assert_name_only);
    loaded_free(&planted.loaded);
}

static void a_deleted_file_is_read_while_the_process_lives(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "deleted");
    struct planted planted = plant(path);
    unlink(path);
    expect_symbols(&planted, NULL, assert_all_known);
    kill_planted(&planted);
    expect_symbols(&planted, NULL, assert_name_only);
    loaded_free(&planted.loaded);
}

/* Its path has another time now, or another file: the process's own is there still. */
static void a_deleted_executable_needs_no_build_id(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "deleted_no_id");
    shell("objcopy --remove-section=.note.gnu.build-id %s && touch -d '1 hour ago' %s", path, path);
    struct planted planted = plant(path);
    shell("sleep 3; cp %s %s.new && mv %s.new %s", built("test/cmd/programs/planted_cxx"), path, path, path);
    expect_symbols(&planted, NULL, assert_all_known);
    unlink(path);
    expect_symbols(&planted, NULL, assert_all_known);
    kill_planted(&planted);
    expect_symbols(&planted, NULL, assert_name_only);
    loaded_free(&planted.loaded);
}

/* It never had a path, and the kernel says that it is gone. */
static void a_program_in_memory_is_named_without_its_path(void **state)
{
    (void)state;
    char self[64];
    int memory = memfd_create("in_memory", 0);
    shell("cat %s > /proc/%d/fd/%d", built("test/cmd/programs/planted"), (int)getpid(), memory);
    snprintf(self, sizeof self, "/proc/%d/fd/%d", (int)getpid(), memory);
    struct planted planted = plant(self);
    struct symbolizer *symbolizer = symbolizer_new(planted.loaded.snapshot, DEBUG_PATH);
    const struct snapshot *snapshot = planted.loaded.snapshot;
    const struct snapshot_frame *frame = &snapshot_frames(snapshot)[stack_of(snapshot, BLOCKS)->frame];
    assert_string_equal(symbolizer_find(symbolizer, frame->object, frame->address)->module, "memfd:in_memory");
    symbolizer_free(symbolizer);
    expect_symbols(&planted, NULL, assert_all_known);
    kill_planted(&planted);
    loaded_free(&planted.loaded);
    close(memory);
}

static void a_file_without_build_id_must_be_older(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "no_id");
    shell("objcopy --remove-section=.note.gnu.build-id %s", path);
    struct planted planted = plant(path);
    kill_planted(&planted);
    assert_int_equal(object_named(planted.loaded.snapshot, path)->build_id_bytes, 0);
    expect_symbols(&planted, NULL, assert_all_known);
    planted.loaded.snapshot->wall_seconds -= 60; /* it was loaded before the file became what it is */
    expect_symbols(&planted, NULL, assert_name_only);
    loaded_free(&planted.loaded);
}

static void what_is_no_file_keeps_nobody_waiting(void **state)
{
    (void)state;
    struct planted planted = plant(built("test/cmd/programs/planted"));
    struct snapshot_object *object = object_named(planted.loaded.snapshot, built("test/cmd/programs/planted"));
    const char *const paths[] = {in_scratch("pipe"), scratch(), "/dev/zero", "/dev/tty", "relative", "", "/"};
    kill_planted(&planted);
    assert_int_equal(mkfifo(in_scratch("pipe"), 0600), 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        for (int has_id = 0; has_id < 2; has_id++) {
            uint32_t bytes = object->build_id_bytes;
            strcpy(object->path, paths[i]);
            object->build_id_bytes = has_id ? bytes : 0;
            expect_symbols(&planted, "relative:/dev/null", assert_name_only);
            object->build_id_bytes = bytes;
        }
    }
    loaded_free(&planted.loaded);
}

/* ---- files that are broken ---- */

static uint32_t random_below(uint64_t *state, size_t limit)
{
    *state = *state * 6364136223846793005 + 1442695040888963407; /* Knuth's MMIX */
    return (uint32_t)((*state >> 33) % limit);
}

static void ask_all_of(const char *path)
{
    struct debug *debug = debug_open(open(path, O_RDONLY | O_CLOEXEC), path, "/nowhere");
    size_t length = 0;
    struct debug_place place;
    for (uint64_t address = 0x1000; debug != NULL && address < 0x1300; address += 3) {
        debug_find(debug, address, &place);
        assert_true(place.frames <= DEBUG_FRAMES);
        for (uint32_t i = 0; i < place.frames; i++) {
            length += place.frame[i].function != NULL ? strlen(place.frame[i].function) : 0;
            length += place.frame[i].file != NULL ? strlen(place.frame[i].file) : 0;
        }
    }
    assert_true(length < 1 << 30);
    debug_close(debug);
}

/* What is wrong in the file is wrong in the answer: no more happens. */
static void broken_files_do_no_harm(void **state)
{
    enum { FILES = 300, CHANGES = 20, HEADERS = 1024 };
    (void)state;
    size_t length;
    uint64_t random = 1;
    char *whole = file_read(built("test/cmd/programs/planted"), &length);
    char *broken = malloc(length);
    const char *path = in_scratch("broken");
    assert_non_null(broken);
    for (unsigned i = 0; i < FILES; i++) {
        memcpy(broken, whole, length);
        for (unsigned change = random_below(&random, CHANGES) + 1; change > 0; change--)
            broken[random_below(&random, i % 3 == 0 ? HEADERS : length)] = (char)random_below(&random, 256);
        file_write(path, broken, i % 10 == 9 ? random_below(&random, length) : length);
        ask_all_of(path);
    }
    free(broken);
    free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debug_files_are_found_by_build_id),
        cmocka_unit_test(debug_files_are_found_by_their_link),
        cmocka_unit_test(a_replaced_file_is_not_believed),
        cmocka_unit_test(a_deleted_file_is_read_while_the_process_lives),
        cmocka_unit_test(a_deleted_executable_needs_no_build_id),
        cmocka_unit_test(a_program_in_memory_is_named_without_its_path),
        cmocka_unit_test(a_file_without_build_id_must_be_older),
        cmocka_unit_test(what_is_no_file_keeps_nobody_waiting),
        cmocka_unit_test(broken_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
