/* The library as an object file: what it exports, needs, and asks of the loader. */
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/next/functions.h"

#define NAME(result, name, parameters) #name,
static const char *const wrapped[] = {FUNCTIONS(NAME)};

enum { WRAPPED = sizeof(wrapped) / sizeof(wrapped[0]) };

static const char *image;

static const Elf64_Ehdr *head(void)
{
    return (const Elf64_Ehdr *)image;
}

static const Elf64_Phdr *segment(uint32_t type)
{
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(image + head()->e_phoff);
    for (unsigned i = 0; i < head()->e_phnum; i++)
        if (segments[i].p_type == type)
            return &segments[i];
    return NULL;
}

static const Elf64_Shdr *section(uint32_t type)
{
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + head()->e_shoff);
    for (unsigned i = 0; i < head()->e_shnum; i++)
        if (sections[i].sh_type == type)
            return &sections[i];
    fail_msg("no section of type %u", type);
    return NULL;
}

/* The strings that a section's names point into. */
static const char *strings_of(const Elf64_Shdr *names)
{
    return image + ((const Elf64_Shdr *)(image + head()->e_shoff))[names->sh_link].sh_offset;
}

/* What the dynamic section says under a tag: the n-th such entry, or NULL. */
static const Elf64_Dyn *dynamic(int64_t tag, unsigned n)
{
    const Elf64_Dyn *entry = (const Elf64_Dyn *)(image + section(SHT_DYNAMIC)->sh_offset);
    for (; entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == tag && n-- == 0)
            return entry;
    return NULL;
}

static bool is_exported(const Elf64_Sym *symbol)
{
    unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    return symbol->st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol->st_info) != STB_LOCAL &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* Calls `meet` for every exported name. */
static void each_export(void (*meet)(const char *name, void *argument), void *argument)
{
    const Elf64_Shdr *table = section(SHT_DYNSYM);
    const Elf64_Sym *symbols = (const Elf64_Sym *)(image + table->sh_offset);
    for (size_t i = 1; i < table->sh_size / sizeof(*symbols); i++)
        if (is_exported(&symbols[i]))
            meet(strings_of(table) + symbols[i].st_name, argument);
}

static void tick_off(const char *name, void *argument)
{
    bool *found = argument;
    for (unsigned i = 0; i < WRAPPED; i++)
        if (strcmp(wrapped[i], name) == 0)
            found[i] = true;
}

static void every_wrapped_function_is_exported(void **state)
{
    (void)state;
    bool found[WRAPPED] = {false};
    unsigned missing = 0;
    each_export(tick_off, found);
    for (unsigned i = 0; i < WRAPPED; i++)
        if (!found[i]) {
            print_error("%s is in src/lib/next/functions.h, but the library has none\n", wrapped[i]);
            missing++;
        }
    assert_int_equal(missing, 0);
}

static void is_of_the_list(const char *name, void *argument)
{
    unsigned *strangers = argument;
    if (strncmp(name, "tm_", 3) == 0)
        return;
    for (unsigned i = 0; i < WRAPPED; i++)
        if (strcmp(wrapped[i], name) == 0)
            return;
    print_error("%s is exported and stands on no list\n", name);
    ++*strangers;
}

static void nothing_else_is_exported(void **state)
{
    (void)state;
    unsigned strangers = 0;
    each_export(is_of_the_list, &strangers);
    assert_int_equal(strangers, 0);
}

static void only_glibc_is_linked(void **state)
{
    (void)state;
    const Elf64_Dyn *entry;
    const char *strings = strings_of(section(SHT_DYNAMIC));
    for (unsigned n = 0; (entry = dynamic(DT_NEEDED, n)) != NULL; n++) {
        const char *library = strings + entry->d_un.d_val;
        if (strcmp(library, "libc.so.6") != 0 && strcmp(library, "ld-linux-x86-64.so.2") != 0)
            fail_msg("the library needs %s", library);
    }
    assert_non_null(dynamic(DT_NEEDED, 0));
    assert_null(dynamic(DT_RPATH, 0));
    assert_null(dynamic(DT_RUNPATH, 0));
}

static void text_is_never_relocated(void **state)
{
    (void)state;
    const Elf64_Dyn *flags = dynamic(DT_FLAGS, 0);
    assert_null(dynamic(DT_TEXTREL, 0));
    assert_true(flags == NULL || (flags->d_un.d_val & DF_TEXTREL) == 0);
}

static void stack_stays_not_executable(void **state)
{
    (void)state;
    const Elf64_Phdr *stack = segment(PT_GNU_STACK);
    assert_non_null(stack);
    assert_int_equal(stack->p_flags & PF_X, 0);
}

/* A thread-local variable reached by a call to the loader could allocate inside malloc (hazards 3). */
static void thread_local_storage_is_reached_directly(void **state)
{
    (void)state;
    const Elf64_Shdr *table = section(SHT_DYNSYM);
    const Elf64_Sym *symbols = (const Elf64_Sym *)(image + table->sh_offset);
    const Elf64_Phdr *storage = segment(PT_TLS);
    for (size_t i = 1; i < table->sh_size / sizeof(*symbols); i++)
        assert_string_not_equal(strings_of(table) + symbols[i].st_name, "__tls_get_addr");
    assert_true(storage == NULL || storage->p_memsz <= 256);
}

static int map_library(void **state)
{
    (void)state;
    struct stat status;
    int file = open(REAL_BUILD "/libtrackmalloc.so", O_RDONLY);
    if (file < 0 || fstat(file, &status) != 0)
        return -1;
    image = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    return image == MAP_FAILED ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrapped_function_is_exported),
        cmocka_unit_test(nothing_else_is_exported),
        cmocka_unit_test(only_glibc_is_linked),
        cmocka_unit_test(text_is_never_relocated),
        cmocka_unit_test(stack_stays_not_executable),
        cmocka_unit_test(thread_local_storage_is_reached_directly),
    };
    return cmocka_run_group_tests_name("library", tests, map_library, NULL);
}
