/* symbolize: what stands at an address, by the files of a process or by its snapshot alone. */
#include "planted.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/symbols/symbolize.h"
#include "story.h"

/* ---- what is found ---- */

static void planted_functions_have_file_and_line(void **state)
{
    (void)state;
    struct planted planted = plant(built("test/cmd/programs/planted"));
    expect_symbols(&planted, NULL, assert_all_known);
    kill_planted(&planted);
    expect_symbols(&planted, NULL, assert_all_known);
    loaded_free(&planted.loaded);
}

static void a_name_is_in_the_form_of_the_report(void **state)
{
    (void)state;
    struct planted planted = plant(built("test/cmd/programs/planted"));
    const struct snapshot *snapshot = planted.loaded.snapshot;
    const struct snapshot_frame *frame = &snapshot_frames(snapshot)[stack_of(snapshot, BLOCKS)->frame];
    const struct snapshot_site *site = snapshot_sites(snapshot);
    struct symbolizer *symbolizer = symbolizer_new(snapshot, DEBUG_PATH);
    char name[SNAPSHOT_SITE_NAME];
    while (site->address != frame->address) /* the library named it itself */
        site++;
    assert_true(strncmp(site->name, "planted!planted+0x", 18) == 0);
    size_t length = symbolizer_name(symbolizer, frame->object, frame->address, name, sizeof name);
    assert_string_equal(name, site->name);
    assert_int_equal(length, strlen(name));
    assert_int_equal(symbolizer_name(symbolizer, frame->object, frame->address, name, 8), 7);
    assert_string_equal(name, "planted");
    symbolizer_free(symbolizer);
    kill_planted(&planted);
    loaded_free(&planted.loaded);
}

static void assert_on_some_stack(struct symbolizer *symbolizer, const struct loaded *loaded, const char *function,
                                 const char *file)
{
    for (uint32_t at = 0; at < loaded->snapshot->frames; at++) {
        const struct snapshot_frame *frame = &snapshot_frames(loaded->snapshot)[at];
        const struct symbol *symbol = symbolizer_find(symbolizer, frame->object, frame->address);
        for (uint32_t i = 0; i < symbol->frames; i++)
            if (strcmp(symbol->frame[i].function, function) == 0 && ends_with(symbol->frame[i].file, file))
                return;
    }
    fail_msg("%s in %s is on no stack", function, file);
}

static void names_of_cxx_are_as_they_were_written(void **state)
{
    (void)state;
    struct target target =
        target_start("interval=0.3,stacks=all,output=/dev/null", ARGV(built("test/cmd/programs/planted_cxx")));
    assert_string_equal(target_line(&target), "ready");
    struct loaded loaded = snapshot_of(&target);
    struct symbolizer *symbolizer = symbolizer_new(loaded.snapshot, DEBUG_PATH);
    const char *const wanted[] = {"shop::Shelf<double>::stock(int)", "shop::open(char const*, int)", "main",
                                  "main::{lambda(int)#1}::operator()(int) const"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_on_some_stack(symbolizer, &loaded, wanted[i], "/planted_cxx.cc");
    symbolizer_free(symbolizer);
    target_end(&target, SIGKILL);
    loaded_free(&loaded);
}

/* rustc puts functions into namespaces, and writes no .debug_aranges. (The program imports what makes the reporter wait
 * for 4,096 allocations.) */
static void names_of_rust_are_as_they_were_written(void **state)
{
    static const char source[] = "use std::io::Read;\n"
                                 "mod shop {\n"
                                 "    #[inline(never)] pub fn planted(n: usize) -> Vec<u8> {\n"
                                 "        Vec::with_capacity(n)\n"
                                 "    }\n"
                                 "}\n"
                                 "fn main() {\n"
                                 "    let kept: Vec<Vec<u8>> = (1..5000).map(|n| shop::planted(n)).collect();\n"
                                 "    println!(\"ready\");\n"
                                 "    let _ = std::io::stdin().read(&mut [0u8; 1]);\n"
                                 "    println!(\"{}\", kept.len());\n"
                                 "}\n";
    (void)state;
    file_write(in_scratch("planted.rs"), source, strlen(source));
    if (system("rustc --version > /dev/null 2>&1") != 0) {
        print_message("skipped: there is no rustc that runs\n");
        skip();
    }
    shell("cd %s && rustc -g -C opt-level=1 planted.rs -o planted_rust", scratch());
    struct target target = target_start("interval=0.3,stacks=all,output=/dev/null", ARGV(in_scratch("planted_rust")));
    assert_string_equal(target_line(&target), "ready");
    struct loaded loaded = snapshot_of(&target);
    struct symbolizer *symbolizer = symbolizer_new(loaded.snapshot, DEBUG_PATH);
    assert_on_some_stack(symbolizer, &loaded, "planted::shop::planted", "/planted.rs");
    assert_on_some_stack(symbolizer, &loaded, "planted::main", "/planted.rs");
    symbolizer_free(symbolizer);
    target_end(&target, SIGKILL);
    loaded_free(&loaded);
}

/* ---- what the snapshot says ---- */

static void made_up(const char *known, const char *path, struct symbolizer **symbolizer, struct snapshot **snapshot)
{
    struct story *story = story_new();
    story->head.stacks = story->head.frames = 0;
    story->head.pid = 0;
    strcpy(story->objects[0].path, path);
    story_stack(story, 0, (struct snapshot_amount){1, 1});
    story_frame(story, known, 0, 0x9999);
    *snapshot = story_lay_out(story);
    *symbolizer = symbolizer_new(*snapshot, DEBUG_PATH);
    free(story);
}

static void without_files_the_snapshot_is_asked(void **state)
{
    static const struct {
        const char *known, *path, *function, *system_name, *name;
    } cases[] = {
        {"shop!sell+0x12", "/no/shop", "sell", "sell", "shop!sell+0x12"},
        {"shop!_ZN4shop4sellEi+0x12", "/no/shop", "shop::sell(int)", "_ZN4shop4sellEi", "shop!shop::sell(int)+0x12"},
        {"shop!sell@@SHOP_1.0+0x1", "/no/shop", "sell", "sell", "shop!sell+0x1"},
        {"shop+0x9999", "/no/shop", "shop+0x9999", "shop+0x9999", "shop+0x9999"},
        {"", "/no/shop", "shop+0x9999", "shop+0x9999", "shop+0x9999"},
        {"", "shop", "shop+0x9999", "shop+0x9999", "shop+0x9999"},
        {"", "/no/sh\x1b[2Jop", "sh?[2Jop+0x9999", "sh?[2Jop+0x9999", "sh?[2Jop+0x9999"},
        {"shop!se\nll+0x2", "/no/shop", "se?ll", "se?ll", "shop!se?ll+0x2"},
        {"shop!", "/no/shop", "shop+0x9999", "shop+0x9999", "shop+0x9999"},
        {"!+0x", "/no/shop", "shop+0x9999", "shop+0x9999", "shop+0x9999"},
        {"shop!operator++0x7", "/no/shop", "operator+", "operator+", "shop!operator++0x7"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct symbolizer *symbolizer;
        struct snapshot *snapshot;
        char name[256];
        made_up(cases[i].known, cases[i].path, &symbolizer, &snapshot);
        const struct snapshot_frame *frame = snapshot_frames(snapshot);
        const struct symbol *symbol = symbolizer_find(symbolizer, frame->object, frame->address);
        assert_int_equal(symbol->frames, 1);
        assert_string_equal(symbol->frame[0].function, cases[i].function);
        assert_string_equal(symbol->frame[0].system_name, cases[i].system_name);
        assert_string_equal(symbol->frame[0].file, "");
        symbolizer_name(symbolizer, frame->object, frame->address, name, sizeof name);
        assert_string_equal(name, cases[i].name);
        assert_ptr_equal(symbolizer_find(symbolizer, frame->object, frame->address), symbol);
        symbolizer_free(symbolizer);
        free(snapshot);
    }
}

static void code_of_no_object_has_its_address(void **state)
{
    struct symbolizer *symbolizer;
    struct snapshot *snapshot;
    char name[64];
    (void)state;
    made_up("", "/no/shop", &symbolizer, &snapshot);
    symbolizer_name(symbolizer, SNAPSHOT_NONE, 0x7f0012345678, name, sizeof name);
    assert_string_equal(name, "(no module)+0x7f0012345678");
    symbolizer_free(symbolizer);
    free(snapshot);
}

/* Its end says which of many it is, and how far in. */
static void what_is_too_long_is_cut_in_the_middle(void **state)
{
    struct symbolizer *symbolizer;
    struct snapshot *snapshot;
    char name[40];
    (void)state;
    made_up("shop!a\xc3\xa4\xc3\xa4_very_long_name_of_something_that_is_\xc3\xa4\xc3\xa4made_here+0x12", "/no/shop",
            &symbolizer, &snapshot);
    const struct snapshot_frame *frame = snapshot_frames(snapshot);
    for (size_t room = sizeof name; room > 16; room--) {
        size_t length = symbolizer_name(symbolizer, frame->object, frame->address, name, room);
        assert_int_equal(length, strlen(name));
        assert_in_range(length, room - 3, room - 1);
        assert_null(strchr(name, '?'));
        assert_memory_equal(name, "shop!", 5);
        assert_string_equal(name + length - 5, "+0x12");
    }
    symbolizer_free(symbolizer);
    free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_functions_have_file_and_line),
        cmocka_unit_test(a_name_is_in_the_form_of_the_report),
        cmocka_unit_test(names_of_cxx_are_as_they_were_written),
        cmocka_unit_test(names_of_rust_are_as_they_were_written),
        cmocka_unit_test(without_files_the_snapshot_is_asked),
        cmocka_unit_test(code_of_no_object_has_its_address),
        cmocka_unit_test(what_is_too_long_is_cut_in_the_middle),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
