/* Names of functions: compared with what dladdr says, with what the file's static table says; tables that lie. */
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
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/code/symbol.h"
#include "lib/objects/module.h"
#include "lib/objects/symtab.h"
#include "lib/sys/sys.h"
#include "plugin.h"
#include "random.h"

#define LONG "_with_a_name_that_is_far_too_long_for_a_row_of_a_report_and_is_cut_somewhere_in_its_middle"

enum { SPACE = 700 };

static struct symtab table;
static char name[SPACE];

static int start(void **state)
{
    (void)state;
    module_start();
    object_start();
    return 0;
}

static unsigned libc_object(void)
{
    return object_of(address_of(RTLD_DEFAULT, "getenv"), 1);
}

static const char *named(unsigned object, uintptr_t address, enum symbol_source source)
{
    size_t length = symbol_name(object, address, source, name, sizeof name);
    assert_int_equal(length, strlen(name));
    return name;
}

static void assert_offset(unsigned object, uintptr_t address, enum symbol_source source)
{
    char expected[SPACE];
    const struct object *of = object_get(object);
    snprintf(expected, sizeof expected, "%s+0x%zx", of->name, (size_t)(address - of->bias));
    assert_string_equal(named(object, address, source), expected);
}

static void assert_function(unsigned object, uintptr_t address, enum symbol_source source, const char *function,
                            unsigned offset)
{
    char expected[SPACE];
    snprintf(expected, sizeof expected, "%s!%s+0x%x", object_get(object)->name, function, offset);
    assert_string_equal(named(object, address, source), expected);
}

/* ---- against dladdr ---- */

static struct symbol functions[20000];

static unsigned functions_of(const struct object *object)
{
    unsigned count = 0;
    struct image image = object_image(object);
    assert_true(symtab_dynamic(&table, &image, object->dynamic));
    while (count < ARRAY_LENGTH(functions) && symtab_next(&table, &functions[count]))
        count++;
    return count;
}

/* Whether a name is that of a function which begins there: it may have several. */
static bool is_alias(const struct object *object, uintptr_t begin, const char *wanted, unsigned count)
{
    char alias[SYMBOL_NAME];
    for (unsigned i = 0; i < count; i++)
        if (functions[i].value + object->bias == begin && symtab_name(&table, &functions[i], alias) > 0 &&
            strcmp(alias, wanted) == 0)
            return true;
    return false;
}

static void assert_as_dladdr(unsigned number, uintptr_t address, unsigned count)
{
    Dl_info info;
    const struct object *object = object_get(number);
    assert_int_not_equal(dladdr((void *)(address - 1), &info), 0);
    assert_non_null(info.dli_sname);
    named(number, address, SYMBOL_FROM_MEMORY);
    char *mark = strchr(name, '!');
    char *plus = strrchr(name, '+');
    if (mark == NULL || plus == NULL)
        fail_msg("%s is %s to dladdr", name, info.dli_sname);
    assert_int_equal(strtoull(plus + 1, NULL, 16), address - (uintptr_t)info.dli_saddr);
    *mark = *plus = '\0';
    assert_string_equal(name, object->name);
    if (strcmp(mark + 1, info.dli_sname) != 0 && !is_alias(object, (uintptr_t)info.dli_saddr, mark + 1, count))
        fail_msg("%s is %s to dladdr", mark + 1, info.dli_sname);
}

static void every_function_of_libc_is_as_dladdr_says(void **state)
{
    (void)state;
    unsigned libc = libc_object();
    unsigned count = functions_of(object_get(libc));
    assert_in_range(count, 1500, 10000);
    unsigned compared = 0;
    for (unsigned i = 0; i < count; i++) {
        uintptr_t begin = functions[i].value + object_get(libc)->bias;
        if (functions[i].bytes == 0)
            continue;
        assert_as_dladdr(libc, begin + 1, count);
        assert_as_dladdr(libc, begin + functions[i].bytes / 2 + 1, count);
        assert_as_dladdr(libc, begin + functions[i].bytes, count); /* after its last byte: a call that never returns */
        compared++;
    }
    assert_in_range(compared, 1500, count);
}

/* The walk above leaves nothing out. */
static void functions_that_everybody_knows_are_there(void **state)
{
    (void)state;
    static const char *const known[] = {"getenv", "qsort", "fopen",  "regcomp", "printf", "strtol",
                                        "getcwd", "popen", "malloc", "dlopen",  "write",  "pthread_create"};
    unsigned libc = libc_object();
    unsigned count = functions_of(object_get(libc));
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD); /* its own malloc, whoever else has one */
    for (unsigned i = 0; i < ARRAY_LENGTH(known); i++)
        assert_true(is_alias(object_get(libc), address_of(handle, known[i]), known[i], count));
    dlclose(handle);
}

/* ---- memory and file ---- */

static __attribute__((noinline)) int not_exported(int n)
{
    __asm__ volatile("" : "+r"(n));
    return n;
}

static void static_functions_are_named_by_the_file_alone(void **state)
{
    (void)state;
    uintptr_t address = (uintptr_t)&not_exported + 2;
    unsigned program = object_of(address, 1);
    assert_function(program, address, SYMBOL_FROM_FILE, "not_exported", 2);
    assert_offset(program, address, SYMBOL_FROM_MEMORY);
    assert_int_equal(not_exported(1), 1);
}

static void a_plugin_is_named_by_both(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    uintptr_t work = address_of(handle, "plugin_a_work");
    unsigned plugin = object_of(work, 1);
    assert_function(plugin, work + 1, SYMBOL_FROM_MEMORY, "plugin_a_work", 1);
    assert_function(plugin, work + 1, SYMBOL_FROM_FILE, "plugin_a_work", 1);
    uintptr_t unsized = address_of(handle, "plugin_unsized");
    assert_function(plugin, unsized + 3, SYMBOL_FROM_MEMORY, "plugin_unsized", 3);
    uintptr_t split = address_of(handle, "plugin_split.part.0");
    assert_function(plugin, split + 4, SYMBOL_FROM_FILE, "plugin_split.part.0", 4);
    unload(handle);
}

static void of_the_unloaded_only_the_file_still_speaks(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    uintptr_t work = address_of(handle, "plugin_a_work");
    unsigned plugin = object_of(work, 1);
    unload(handle);
    assert_offset(plugin, work + 5, SYMBOL_FROM_MEMORY);
    assert_function(plugin, work + 5, SYMBOL_FROM_FILE, "plugin_a_work", 5);
}

static void another_in_its_place_does_not_speak_for_it(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    uintptr_t work = address_of(handle, "plugin_a_work");
    unsigned plugin = object_of(work, 1);
    assert_int_equal(dlclose(handle), 0); /* and nobody was told */
    handle = load(PLUGIN_B);
    assert_int_equal(address_of(handle, "plugin_b_work"), work);
    assert_offset(plugin, work + 5, SYMBOL_FROM_MEMORY);
    assert_function(plugin, work + 5, SYMBOL_FROM_FILE, "plugin_a_work", 5);
    assert_function(object_of(work, 2), work + 5, SYMBOL_FROM_MEMORY, "plugin_b_work", 5);
    unload(handle);
}

static void what_belongs_to_nothing_has_its_address(void **state)
{
    (void)state;
    assert_string_equal(named(OBJECT_NONE, 0x7f0012345678, SYMBOL_FROM_FILE), "(no module)+0x7f0012345678");
    assert_string_equal(named(OBJECT_OTHER, 0x10, SYMBOL_FROM_MEMORY), "(other)+0x10");
    assert_string_equal(named(OBJECT_NONE, 0, SYMBOL_FROM_MEMORY), "(no module)+0x0");
    assert_string_equal(named(OBJECT_NONE, UINTPTR_MAX, SYMBOL_FROM_MEMORY), "(no module)+0xffffffffffffffff");
}

static void in_a_sandbox_there_are_offsets(void **state)
{
    (void)state;
    unsigned libc = libc_object();
    uintptr_t address = address_of(RTLD_DEFAULT, "getenv") + 1;
    sys_calls = SYS_NONE;
    assert_offset(libc, address, SYMBOL_FROM_MEMORY);
    assert_offset(libc, address, SYMBOL_FROM_FILE);
    sys_calls = SYS_ANY;
    assert_function(libc, address, SYMBOL_FROM_MEMORY, "getenv", 1);
}

/* ---- the buffer ---- */

static void a_name_is_cut_and_its_offset_stays(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    uintptr_t address = address_of(handle, "plugin_a" LONG) + 3;
    unsigned plugin = object_of(address, 1);
    char whole[SPACE];
    size_t length = symbol_name(plugin, address, SYMBOL_FROM_MEMORY, whole, sizeof whole);
    assert_string_equal(whole, "plugin_a.so!plugin_a" LONG "+0x3");
    for (size_t size = 0; size <= length + 2; size++) {
        char out[SPACE];
        memset(out, '#', sizeof out);
        size_t written = symbol_name(plugin, address, SYMBOL_FROM_MEMORY, out, size);
        assert_int_equal(written, size == 0 ? 0 : size - 1 < length ? size - 1 : length);
        assert_int_equal(out[size], '#');
        if (size == 0)
            continue;
        assert_int_equal(out[written], '\0');
        if (written > 20)
            assert_string_equal(out + written - 4, "+0x3");
        assert_memory_equal(out, whole, written > 4 ? written - 4 : 0);
    }
    unload(handle);
}

static void control_characters_are_no_part_of_a_row(void **state)
{
    (void)state;
    struct object object = {.begin = 0x1000, .end = 0x2000, .path = "/tmp/a\nb\033[1m.so\177"};
    assert_string_equal(named(object_record(&object, 1), 0x1010, SYMBOL_FROM_MEMORY), "a?b?[1m.so?+0x1010");
}

/* ---- as the reporter asks ---- */

static struct {
    unsigned object;
    uintptr_t address;
    uint32_t tid;
    uint32_t stop;
    uint32_t offsets, functions, wrong;
} asked;

static void ask(void)
{
    char out[200];
    symbol_name(asked.object, asked.address, SYMBOL_FROM_MEMORY, out, sizeof out);
    if (strcmp(out, "plugin_a.so!plugin_a_work+0x1") == 0)
        asked.functions++;
    else if (strncmp(out, "plugin_a.so+0x", 14) == 0)
        asked.offsets++;
    else
        asked.wrong++;
}

static void *ask_until_stopped(void *argument)
{
    (void)argument;
    while (!__atomic_load_n(&asked.stop, __ATOMIC_ACQUIRE))
        ask();
    return NULL;
}

static void others_may_unload_meanwhile(void **state)
{
    (void)state;
    pthread_t reader;
    void *handle = load(PLUGIN_A);
    asked.address = address_of(handle, "plugin_a_work") + 1;
    asked.object = object_of(asked.address, 1);
    asked.offsets = asked.functions = asked.wrong = asked.stop = 0;
    for (unsigned i = 0; i < 100; i++)
        ask();
    assert_int_equal(asked.functions, 100);
    assert_int_equal(pthread_create(&reader, NULL, ask_until_stopped, NULL), 0);
    for (unsigned i = 0; i < 500; i++) {
        assert_int_equal(dlclose(handle), 0);
        handle = load(i % 2 ? PLUGIN_A : PLUGIN_B);
    }
    __atomic_store_n(&asked.stop, 1, __ATOMIC_RELEASE);
    pthread_join(reader, NULL);
    unload(handle);
    assert_int_equal(asked.wrong, 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static _Alignas(64) char stack[64 * 1024];

static void ask_some_times(void *argument)
{
    (void)argument;
    for (unsigned i = 0; i < 10; i++)
        ask();
}

static void a_thread_without_tls_may_ask(void **state)
{
    (void)state;
    void *handle = load(PLUGIN_A);
    asked.address = address_of(handle, "plugin_a_work") + 1;
    asked.object = object_of(asked.address, 1);
    asked.functions = 0;
    asked.tid = 1;
    assert_true(sys_thread_start(ask_some_times, NULL, &asked.tid, stack + sizeof stack, SYS_SHARED_DESCRIPTORS) > 0);
    for (uint32_t tid; (tid = __atomic_load_n(&asked.tid, __ATOMIC_ACQUIRE)) != 0;)
        sys_futex_wait(&asked.tid, tid, 1000000);
    assert_int_equal(asked.functions, 10);
    unload(handle);
}
#else
static void a_thread_without_tls_may_ask(void **state)
{
    (void)state; /* a sanitizer's own code needs it */
}
#endif

/* ---- tables that lie ---- */

enum { SYMBOLS = 40, NAMES_AT = 3072, NAMES_BYTES = 512, DYNAMIC_AT = 64, SYMBOLS_AT = 512, HASH_AT = 3600 };

struct lie {
    char *bytes; /* PAGE_BYTES of them, directly before a page that cannot be read */
    struct image image;
};

static struct lie lie_make(void)
{
    char *area = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(area, MAP_FAILED);
    assert_int_equal(mprotect(area + PAGE_BYTES, PAGE_BYTES, PROT_NONE), 0);
    return (struct lie){area, image_of_buffer(area, PAGE_BYTES)};
}

static Elf64_Sym *lie_symbol(const struct lie *lie, unsigned n)
{
    return (Elf64_Sym *)(lie->bytes + SYMBOLS_AT) + n;
}

/* An honest table: function n is "fN", 16 bytes at 0x1000 * n. */
static void lie_honestly(const struct lie *lie)
{
    Elf64_Dyn dynamic[] = {{DT_SYMTAB, {SYMBOLS_AT}}, {DT_STRTAB, {NAMES_AT}}, {DT_SYMENT, {sizeof(Elf64_Sym)}},
                           {DT_STRSZ, {NAMES_BYTES}}, {DT_HASH, {HASH_AT}},    {DT_NULL, {0}}};
    uint32_t hash[] = {1, SYMBOLS};
    memset(lie->bytes, 0, PAGE_BYTES);
    memcpy(lie->bytes + DYNAMIC_AT, dynamic, sizeof dynamic);
    memcpy(lie->bytes + HASH_AT, hash, sizeof hash);
    for (unsigned n = 1; n < SYMBOLS; n++) {
        uint32_t at = n * 8;
        snprintf(lie->bytes + NAMES_AT + at, 8, "f%u", n);
        *lie_symbol(lie, n) = (Elf64_Sym){at, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, n * 0x1000, 16};
    }
}

static const char *lie_name(const struct lie *lie, uint64_t address)
{
    struct symbol symbol;
    static char found[SYMBOL_NAME];
    if (!symtab_dynamic(&table, &lie->image, DYNAMIC_AT) || !symtab_find(&table, address, &symbol))
        return NULL;
    symtab_name(&table, &symbol, found);
    return found;
}

static void lie_end(const struct lie *lie)
{
    munmap(lie->bytes, 2 * PAGE_BYTES);
}

static void a_symbol_covers_what_it_says(void **state)
{
    (void)state;
    struct lie lie = lie_make();
    lie_honestly(&lie);
    assert_string_equal(lie_name(&lie, 0x5000), "f5");
    assert_string_equal(lie_name(&lie, 0x500f), "f5");
    assert_null(lie_name(&lie, 0x5010));
    assert_null(lie_name(&lie, 0xfff));
    assert_string_equal(lie_name(&lie, 0x27000), "f39");
    lie_symbol(&lie, 6)->st_size = 0;
    assert_string_equal(lie_name(&lie, 0x6800), "f6");
    assert_string_equal(lie_name(&lie, 0x7001), "f7");
    lie_symbol(&lie, 39)->st_size = 0;
    assert_string_equal(lie_name(&lie, 0x27fff), "f39");
    assert_null(lie_name(&lie, 0x28000));
    lie_symbol(&lie, 1)->st_size = 0x100000; /* around all others */
    assert_string_equal(lie_name(&lie, 0x5010), "f1");
    assert_string_equal(lie_name(&lie, 0x5001), "f5");
    lie_symbol(&lie, 30)->st_value = 0x4800; /* around it too, and later in the table */
    lie_symbol(&lie, 30)->st_size = 0x1000;
    assert_string_equal(lie_name(&lie, 0x5001), "f5");
    assert_string_equal(lie_name(&lie, 0x5010), "f30");
    lie_end(&lie);
}

static void what_is_no_function_has_no_name(void **state)
{
    (void)state;
    static const struct {
        unsigned type;
        uint16_t section;
        uint64_t bytes;
        bool is;
    } cases[] = {
        {STT_FUNC, 1, 16, true},        {STT_GNU_IFUNC, 1, 16, true},      {STT_NOTYPE, 1, 16, true},
        {STT_NOTYPE, 1, 0, false},      {STT_OBJECT, 1, 16, false},        {STT_TLS, 1, 16, false},
        {STT_SECTION, 1, 16, false},    {STT_FILE, 1, 16, false},          {STT_FUNC, SHN_UNDEF, 16, false},
        {STT_FUNC, SHN_ABS, 16, false}, {STT_FUNC, SHN_COMMON, 16, false},
    };
    struct lie lie = lie_make();
    for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
        lie_honestly(&lie);
        lie_symbol(&lie, 9)->st_info = (uint8_t)ELF64_ST_INFO(STB_GLOBAL, cases[i].type);
        lie_symbol(&lie, 9)->st_shndx = cases[i].section;
        lie_symbol(&lie, 9)->st_size = cases[i].bytes;
        if ((lie_name(&lie, 0x9001) != NULL) != cases[i].is)
            fail_msg("case %u", i);
    }
    lie_end(&lie);
}

static void names_are_printable_and_have_no_version(void **state)
{
    (void)state;
    struct lie lie = lie_make();
    lie_honestly(&lie);
    memcpy(lie.bytes + NAMES_AT + 8, "f\n\033\177@@V2", 8);
    assert_string_equal(lie_name(&lie, 0x1001), "f???");
    lie_end(&lie);
}

static void a_name_ends_with_the_names(void **state)
{
    (void)state;
    struct lie lie = lie_make();
    lie_honestly(&lie);
    ((Elf64_Dyn *)(lie.bytes + DYNAMIC_AT))[3].d_un.d_val = UINT64_MAX; /* they go to the end of the page */
    memset(lie.bytes + PAGE_BYTES - 20, 'x', 20);
    lie_symbol(&lie, 5)->st_name = PAGE_BYTES - 20 - NAMES_AT;
    assert_string_equal(lie_name(&lie, 0x5001), "xxxxxxxxxxxxxxxxxxxx");
    lie_symbol(&lie, 5)->st_name = PAGE_BYTES - NAMES_AT;
    assert_null(lie_name(&lie, 0x5001));
    lie_symbol(&lie, 5)->st_name = UINT32_MAX;
    assert_null(lie_name(&lie, 0x5001));
    lie_end(&lie);
}

/* Any bytes anywhere: whatever comes out, it ends, and nothing is read behind the page. */
static void any_table_is_walked_to_an_end(void **state)
{
    (void)state;
    uint64_t seed = 7;
    unsigned found = 0;
    struct lie lie = lie_make();
    for (unsigned i = 0; i < 20000; i++) {
        lie_honestly(&lie);
        if (i % 2)
            ((Elf64_Dyn *)(lie.bytes + DYNAMIC_AT))[4].d_tag = DT_GNU_HASH;
        for (unsigned n = 0; n < 1 + i % 5; n++) {
            uint64_t word = random_one_in(&seed, 2) ? random_scaled(&seed, 64) : random_below(&seed, PAGE_BYTES);
            static const unsigned spots[] = {DYNAMIC_AT, SYMBOLS_AT, HASH_AT};
            size_t at = spots[random_below(&seed, 3)] + random_below(&seed, 96);
            memcpy(lie.bytes + at, &word, 1 + random_below(&seed, 8));
        }
        found += lie_name(&lie, 0x5001) != NULL;
    }
    assert_in_range(found, 1000, 19000);
    lie_end(&lie);
}

static char file[1 << 16];

static size_t file_read(const char *path)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t length = fread(file, 1, sizeof file, in);
    fclose(in);
    assert_in_range(length, 4096, sizeof file - 1);
    return length;
}

static void sections_may_lie(void **state)
{
    (void)state;
    uint64_t seed = 8;
    size_t length = file_read(PLUGIN_A);
    char *area = mmap(NULL, sizeof file + PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(mprotect(area + sizeof file, PAGE_BYTES, PROT_NONE), 0);
    char *bytes = area + sizeof file - length;
    struct image image = image_of_buffer(bytes, length);
    uint64_t sections = ((Elf64_Ehdr *)file)->e_shoff;
    unsigned found = 0;
    for (unsigned i = 0; i < 5000; i++) {
        struct symbol symbol;
        char function[SYMBOL_NAME];
        memcpy(bytes, file, length);
        for (unsigned n = 0; n < i % 6; n++) {
            uint64_t word = random_one_in(&seed, 2) ? random_scaled(&seed, 64) : random_below(&seed, length);
            size_t at = random_one_in(&seed, 8) ? random_below(&seed, 64)
                                                : sections + random_below(&seed, length - sections - 8);
            memcpy(bytes + at, &word, 1 + random_below(&seed, 8));
        }
        if (!symtab_section(&table, &image, SHT_SYMTAB))
            continue;
        while (symtab_next(&table, &symbol))
            found += symtab_name(&table, &symbol, function) > 0 && strcmp(function, "plugin_a_static") == 0;
    }
    assert_in_range(found, 5000 / 6, 4999);
    munmap(area, sizeof file + PAGE_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_of_libc_is_as_dladdr_says),
        cmocka_unit_test(functions_that_everybody_knows_are_there),
        cmocka_unit_test(static_functions_are_named_by_the_file_alone),
        cmocka_unit_test(a_plugin_is_named_by_both),
        cmocka_unit_test(of_the_unloaded_only_the_file_still_speaks),
        cmocka_unit_test(another_in_its_place_does_not_speak_for_it),
        cmocka_unit_test(what_belongs_to_nothing_has_its_address),
        cmocka_unit_test(in_a_sandbox_there_are_offsets),
        cmocka_unit_test(a_name_is_cut_and_its_offset_stays),
        cmocka_unit_test(control_characters_are_no_part_of_a_row),
        cmocka_unit_test(others_may_unload_meanwhile),
        cmocka_unit_test(a_thread_without_tls_may_ask),
        cmocka_unit_test(a_symbol_covers_what_it_says),
        cmocka_unit_test(what_is_no_function_has_no_name),
        cmocka_unit_test(names_are_printable_and_have_no_version),
        cmocka_unit_test(a_name_ends_with_the_names),
        cmocka_unit_test(any_table_is_walked_to_an_end),
        cmocka_unit_test(sections_may_lie),
    };
    return cmocka_run_group_tests_name("symbol", tests, start, NULL);
}
