/* symbolize: what stands at an address, out of the right file, and out of no other. */
#include "harness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/segment/load.h"
#include "cmd/symbols/debug.h"
#include "cmd/symbols/demangle.h"
#include "cmd/symbols/symbolize.h"
#include "story.h"

/* ---- a program with planted functions, and its snapshot ---- */

struct planted {
    struct target target;
    struct loaded loaded;
    int inline_line, planted_line, main_line;
};

static void __attribute__((format(printf, 1, 2))) shell(const char *format, ...)
{
    char command[4096];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    if (system(command) != 0)
        fail_msg("%s", command);
}

static const char *copy_program(const char *name, const char *as)
{
    const char *path = in_scratch(as);
    shell("cp %s %s", built(name), path);
    return path;
}

static struct loaded snapshot_of(struct target *target)
{
    struct loaded loaded;
    char pid[16];
    uint32_t before = target_published(target, 0);
    target_published(target, before); /* which has all that was allocated by then */
    snprintf(pid, sizeof pid, "%d", (int)target->pid);
    assert_true(load(NULL, pid, &loaded));
    return loaded;
}

static struct planted plant(const char *path)
{
    struct planted planted = {.target = target_start("interval=0.3,stacks=all,output=/dev/null", ARGV(path))};
    const char *line = target_line(&planted.target);
    if (sscanf(line, "%d %d %d", &planted.inline_line, &planted.planted_line, &planted.main_line) != 3)
        fail_msg("%s: %s", path, line);
    planted.loaded = snapshot_of(&planted.target);
    return planted;
}

static void kill_planted(struct planted *planted)
{
    target_end(&planted->target, SIGKILL);
}

static struct snapshot_object *object_named(struct snapshot *snapshot, const char *path)
{
    struct snapshot_object *object = snapshot_writable_objects(snapshot);
    for (uint32_t i = 0; i < snapshot->objects; i++)
        if (strcmp(object[i].path, path) == 0)
            return &object[i];
    fail_msg("there is no object %s", path);
    return NULL;
}

/* The stack with so many live blocks. */
static const struct snapshot_stack *stack_of(const struct snapshot *snapshot, uint64_t blocks)
{
    const struct snapshot_stack *stack = snapshot_stacks(snapshot);
    for (uint32_t i = 0; i < snapshot->stacks; i++)
        if (stack[i].live.blocks == blocks && stack[i].frames > 1)
            return &stack[i];
    fail_msg("there is no stack with %" PRIu64 " blocks", blocks);
    return NULL;
}

static const struct symbol *symbol_of(struct symbolizer *symbolizer, const struct snapshot *snapshot,
                                      const struct snapshot_stack *stack, uint32_t frame)
{
    const struct snapshot_frame *at = &snapshot_frames(snapshot)[stack->frame + frame];
    return symbolizer_find(symbolizer, at->object, at->address);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static void assert_frame(const struct symbol_frame *frame, const char *function, const char *file, int line)
{
    if (strcmp(frame->function, function) != 0 || !ends_with(frame->file, file) || frame->line != (uint32_t)line)
        fail_msg("%s at %s:%u, not %s at %s:%d", frame->function, frame->file, frame->line, function, file, line);
}

enum { BLOCKS = 100 };

/* Functions, file, lines, and what was inlined: all of it. */
static void assert_all_known(struct symbolizer *symbolizer, const struct planted *planted)
{
    const struct snapshot *snapshot = planted->loaded.snapshot;
    const struct snapshot_stack *stack = stack_of(snapshot, BLOCKS);
    const struct symbol *inner = symbol_of(symbolizer, snapshot, stack, 0);
    assert_int_equal(inner->frames, 2);
    assert_true(inner->named);
    assert_frame(&inner->frame[0], "planted_inline", "/programs/planted.c", planted->inline_line);
    assert_frame(&inner->frame[1], "planted", "/programs/planted.c", planted->planted_line);
    for (int i = 0; i < 2; i++) /* wherever it was compiled */
        assert_int_equal(access(inner->frame[i].file, R_OK) + (inner->frame[i].file[0] != '/'), 0);
    assert_int_equal(inner->frame[1].first_line, planted->planted_line - 2);
    const struct symbol *outer = symbol_of(symbolizer, snapshot, stack, 1);
    assert_int_equal(outer->frames, 1);
    assert_frame(&outer->frame[0], "main", "/programs/planted.c", planted->main_line);
}

/* What the snapshot itself says, and nothing of any file. */
static void assert_name_only(struct symbolizer *symbolizer, const struct planted *planted)
{
    const struct snapshot *snapshot = planted->loaded.snapshot;
    const struct symbol *inner = symbol_of(symbolizer, snapshot, stack_of(snapshot, BLOCKS), 0);
    assert_int_equal(inner->frames, 1);
    assert_frame(&inner->frame[0], "planted", "", 0);
}

/* Files are found, or not, by a new symbolizer for this snapshot. */
static void expect(const struct planted *planted, const char *debug_path,
                   void (*assert_what)(struct symbolizer *, const struct planted *))
{
    struct symbolizer *symbolizer = symbolizer_new(planted->loaded.snapshot);
    if (debug_path != NULL)
        symbolizer_look_in(symbolizer, debug_path);
    assert_what(symbolizer, planted);
    symbolizer_free(symbolizer);
}

/* ---- what is found ---- */

static void planted_functions_have_file_and_line(void **state)
{
    (void)state;
    struct planted planted = plant(built("test/cmd/programs/planted"));
    expect(&planted, NULL, assert_all_known);
    kill_planted(&planted);
    expect(&planted, NULL, assert_all_known);
    loaded_free(&planted.loaded);
}

static void a_name_is_in_the_form_of_the_report(void **state)
{
    (void)state;
    struct planted planted = plant(built("test/cmd/programs/planted"));
    const struct snapshot *snapshot = planted.loaded.snapshot;
    const struct snapshot_frame *frame = &snapshot_frames(snapshot)[stack_of(snapshot, BLOCKS)->frame];
    const struct snapshot_site *site = snapshot_sites(snapshot);
    struct symbolizer *symbolizer = symbolizer_new(snapshot);
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
    struct symbolizer *symbolizer = symbolizer_new(loaded.snapshot);
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
    struct symbolizer *symbolizer = symbolizer_new(loaded.snapshot);
    assert_on_some_stack(symbolizer, &loaded, "planted::shop::planted", "/planted.rs");
    assert_on_some_stack(symbolizer, &loaded, "planted::main", "/planted.rs");
    symbolizer_free(symbolizer);
    target_end(&target, SIGKILL);
    loaded_free(&loaded);
}

/* ---- debug files ---- */

static void debug_files_are_found_by_build_id(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "stripped");
    const char *debug = in_scratch("debug");
    shell("objcopy --only-keep-debug %s %s.whole && strip %s", path, path, path);
    struct planted planted = plant(path);
    kill_planted(&planted);
    expect(&planted, NULL, assert_name_only); /* -rdynamic exports it */
    shell("id=$(readelf -n %s | sed -n 's/.*Build ID: //p'); d=%s/.build-id/$(echo $id | cut -c1-2); mkdir -p $d && "
          "mv %s.whole $d/$(echo $id | cut -c3-).debug",
          path, debug, path);
    expect(&planted, debug, assert_all_known);
    unlink(path); /* the debug file alone will do */
    expect(&planted, debug, assert_all_known);
    expect(&planted, NULL, assert_name_only);
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
    expect(&planted, NULL, assert_all_known);
    expect(&planted, "/nowhere", assert_name_only);
    loaded_free(&planted.loaded);
}

/* ---- what is not believed ---- */

static void a_replaced_file_is_not_believed(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "replaced");
    struct planted planted = plant(path);
    shell("cp %s %s.new && mv %s.new %s", built("test/cmd/programs/planted_cxx"), path, path, path);
    expect(&planted, NULL, assert_all_known); /* the process has the old one still */
    kill_planted(&planted);
    expect(&planted, NULL, assert_name_only);
    loaded_free(&planted.loaded);
}

static void a_deleted_file_is_read_while_the_process_lives(void **state)
{
    (void)state;
    const char *path = copy_program("test/cmd/programs/planted", "deleted");
    struct planted planted = plant(path);
    unlink(path);
    expect(&planted, NULL, assert_all_known);
    kill_planted(&planted);
    expect(&planted, NULL, assert_name_only);
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
    expect(&planted, NULL, assert_all_known);
    unlink(path);
    expect(&planted, NULL, assert_all_known);
    kill_planted(&planted);
    expect(&planted, NULL, assert_name_only);
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
    struct symbolizer *symbolizer = symbolizer_new(planted.loaded.snapshot);
    const struct snapshot *snapshot = planted.loaded.snapshot;
    const struct snapshot_frame *frame = &snapshot_frames(snapshot)[stack_of(snapshot, BLOCKS)->frame];
    assert_string_equal(symbolizer_find(symbolizer, frame->object, frame->address)->module, "memfd:in_memory");
    symbolizer_free(symbolizer);
    expect(&planted, NULL, assert_all_known);
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
    expect(&planted, NULL, assert_all_known);
    planted.loaded.snapshot->wall_seconds -= 60; /* it was loaded before the file became what it is */
    expect(&planted, NULL, assert_name_only);
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
            expect(&planted, "relative:/dev/null", assert_name_only);
            object->build_id_bytes = bytes;
        }
    }
    loaded_free(&planted.loaded);
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
    *symbolizer = symbolizer_new(*snapshot);
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

/* ---- names ---- */

static void names_are_demangled(void **state)
{
    static const char *const names[][2] = {
        {"_ZN4shop5ShelfIdE5stockEi", "shop::Shelf<double>::stock(int)"},
        {"_ZNKSt6vectorIiSaIiEE4sizeEv", "std::vector<int, std::allocator<int> >::size() const"},
        {"_Z3addii.constprop.0", "add(int, int) [clone .constprop.0]"},
        {"_RNvC6_123foo3bar", "123foo::bar"},
        {"_RNvMs_NtCs1234_7mycrate3fooNtB4_3Bar3new", "<mycrate::foo::Bar>::new"},
        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
        {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
         "<Test + 'static as foo::Bar<Test>>::bar"},
        {"_D4shop5Shelf5stockMFiZv", "shop.Shelf.stock(int)"},
        {"_D4core4stdc5errnoQgFZi", "core.stdc.errno.errno()"},
        {"_Dmain", "D main"},
        {"_Dnone", NULL},
        {"main", NULL},
        {"_Z", NULL},
        {"_R", NULL},
        {"", NULL},
        {"_ZN4shop", NULL},
        {"?stock@Shelf@@QEAAXH@Z", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = demangle(names[i][0]);
        if (names[i][1] == NULL)
            assert_null(name);
        else if (name == NULL || strcmp(name, names[i][1]) != 0)
            fail_msg("%s is %s, not %s", names[i][0], name != NULL ? name : "nothing", names[i][1]);
        free(name);
    }
}

/* A name of a hundred bytes, each of whose parameters is two of what was said before: some 2^parameters ints. */
static char *doubled(unsigned parameters)
{
    static char name[1024];
    const char *digit = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    strcpy(name, "_Z1f1aIiiES_IS0_S0_E");
    for (unsigned i = 1; i < parameters; i++)
        snprintf(name + strlen(name), sizeof name - strlen(name), "S_IS%c_S%c_E", digit[i], digit[i]);
    return demangle(name);
}

/* The same in D: each parameter is a function of the one before, twice. */
static char *doubled_in_d(unsigned parameters)
{
    static char name[1024];
    strcpy(name, "_D1fFPFiiZi");
    for (unsigned i = 1; i < parameters; i++)
        strcat(name, i == 1 ? "PFQiQkZi" : "PFQkQmZi");
    strcat(name, "Zv");
    return demangle(name);
}

static void in_d_it_is_left_too(void **state)
{
    char *name = doubled_in_d(2);
    (void)state;
    assert_string_equal(name,
                        "f(int(int, int) function, int(int(int, int) function, int(int, int) function) function)");
    free(name);
    for (unsigned i = 0; i < 8; i++)
        assert_null(doubled_in_d(64));
    name = doubled_in_d(2);
    assert_non_null(name);
    free(name);
}

static void a_name_that_would_never_end_is_left(void **state)
{
    (void)state;
    char *name = doubled(2);
    assert_string_equal(name, "f(a<int, int>, a<a<int, int>, a<int, int> >, "
                              "a<a<a<int, int>, a<int, int> >, a<a<int, int>, a<int, int> > >)");
    free(name);
    assert_null(doubled(34));
    name = doubled(1); /* the next one is none the worse */
    assert_string_equal(name, "f(a<int, int>, a<a<int, int>, a<int, int> >)");
    free(name);
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
        cmocka_unit_test(planted_functions_have_file_and_line),
        cmocka_unit_test(a_name_is_in_the_form_of_the_report),
        cmocka_unit_test(names_of_cxx_are_as_they_were_written),
        cmocka_unit_test(names_of_rust_are_as_they_were_written),
        cmocka_unit_test(debug_files_are_found_by_build_id),
        cmocka_unit_test(debug_files_are_found_by_their_link),
        cmocka_unit_test(a_replaced_file_is_not_believed),
        cmocka_unit_test(a_deleted_file_is_read_while_the_process_lives),
        cmocka_unit_test(a_deleted_executable_needs_no_build_id),
        cmocka_unit_test(a_program_in_memory_is_named_without_its_path),
        cmocka_unit_test(a_file_without_build_id_must_be_older),
        cmocka_unit_test(what_is_no_file_keeps_nobody_waiting),
        cmocka_unit_test(without_files_the_snapshot_is_asked),
        cmocka_unit_test(code_of_no_object_has_its_address),
        cmocka_unit_test(what_is_too_long_is_cut_in_the_middle),
        cmocka_unit_test(names_are_demangled),
        cmocka_unit_test(in_d_it_is_left_too),
        cmocka_unit_test(a_name_that_would_never_end_is_left),
        cmocka_unit_test(broken_files_do_no_harm),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
