/* export --format=pprof of a real program: its functions, lines and files are the right ones, and Go's reader takes it.
 */
#include "profile.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/segment/load.h"
#include "planted.h"

/* One that has published all that it allocates. */
static struct planted plant_published(const char *options)
{
    struct planted planted = planted_start(built("test/cmd/programs/planted"), options);
    target_published(&planted.target, target_published(&planted.target, 0));
    return planted;
}

/* Of a killed process, whose snapshot no longer changes. */
static struct loaded load_dead(struct planted *planted, char pid[16])
{
    struct loaded loaded;
    target_end(&planted->target, SIGKILL);
    snprintf(pid, 16, "%d", (int)planted->target.pid);
    assert_true(load(NULL, pid, &loaded));
    return loaded;
}

static void a_planted_function_has_its_line(void **state)
{
    char pid[16], wanted[256];
    (void)state;
    struct planted planted = plant_published("interval=0.3,stacks=all,output=/dev/null");
    struct loaded loaded = load_dead(&planted, pid);
    Pprof__Profile *profile = profile_export(pid);
    int length = snprintf(wanted, sizeof wanted, "planted_inline:%d<planted:%d<main:%d<", planted.inline_line,
                          planted.planted_line, planted.main_line);
    const Pprof__Sample *sample = NULL;
    for (size_t i = 0; i < profile->n_sample; i++)
        if (strncmp(sample_calls(profile, profile->sample[i], true), wanted, (size_t)length) == 0)
            sample = profile->sample[i];
    if (sample == NULL)
        fail_msg("there is no %s", wanted);
    assert_int_equal(sample->value[INUSE_OBJECTS], 100);
    assert_int_equal(sample->value[INUSE_SPACE], 100000);
    assert_totals(profile, loaded.snapshot);
    assert_true(profile->mapping[0]->has_functions && profile->mapping[0]->has_line_numbers);
    assert_int_equal(strlen(text_at(profile, profile->mapping[0]->build_id)), 40);
    profile_free(profile);
    loaded_free(&loaded);
}

static void sums_are_those_of_the_report(void **state)
{
    static const char *const options[] = {"interval=0.3,output=/dev/null,callers=off",
                                          "interval=0.3,output=/dev/null,callers=on",
                                          "interval=0.3,output=/dev/null,stacks=4096"};
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char pid[16];
        struct planted planted = plant_published(options[i]);
        struct loaded loaded = load_dead(&planted, pid);
        Pprof__Profile *profile = profile_export(pid);
        assert_true(loaded.snapshot->total.live.bytes >= 100000);
        assert_totals(profile, loaded.snapshot);
        profile_free(profile);
        loaded_free(&loaded);
    }
}

/* Where a function stands in its file, and how long it is, by the symbols and sections there. */
static uint64_t offset_of(const char *path, const char *function, uint64_t *bytes)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t offset = 0;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ, NULL);
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section)) != NULL;) {
        GElf_Shdr table, code;
        GElf_Sym symbol;
        if (gelf_getshdr(section, &table) == NULL || table.sh_type != SHT_SYMTAB)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        for (int i = 0; gelf_getsym(data, i, &symbol) != NULL; i++)
            if (strcmp(elf_strptr(elf, table.sh_link, symbol.st_name), function) == 0) {
                gelf_getshdr(elf_getscn(elf, symbol.st_shndx), &code);
                offset = symbol.st_value - code.sh_addr + code.sh_offset;
                *bytes = symbol.st_size;
            }
    }
    elf_end(elf);
    close(file);
    assert_int_not_equal(offset, 0);
    return offset;
}

/* As every tool goes: from the address to the mapping, from there to the file. */
static void assert_in_file(const Pprof__Profile *profile, const char *path, const char *function)
{
    uint64_t bytes = 0;
    uint64_t wanted = offset_of(path, function, &bytes);
    unsigned found = 0;
    for (size_t i = 0; i < profile->n_location; i++) {
        const Pprof__Location *location = profile->location[i];
        const Pprof__Line *line = location->line[location->n_line - 1];
        if (strcmp(text_at(profile, profile->function[line->function_id - 1]->name), function) != 0)
            continue;
        const Pprof__Mapping *mapping = profile->mapping[location->mapping_id - 1];
        assert_string_equal(text_at(profile, mapping->filename), path);
        assert_in_range(location->address, mapping->memory_start, mapping->memory_limit - 1);
        assert_in_range(location->address - mapping->memory_start + mapping->file_offset, wanted, wanted + bytes - 1);
        found++;
    }
    assert_int_not_equal(found, 0);
}

/* Code that stands at another offset in the file than its address says (lld, mold), and of a fixed address. */
static void a_function_is_found_in_its_file(void **state)
{
    static const char *const linked[] = {"", "-fuse-ld=lld", "-fuse-ld=lld -no-pie", "-no-pie"};
    (void)state;
    for (size_t i = 0; i < sizeof linked / sizeof *linked; i++) {
        char command[4096], pid[16], name[16];
        snprintf(name, sizeof name, "linked%zu", i);
        const char *path = in_scratch(name);
        snprintf(command, sizeof command,
                 "gcc -O1 -g -fno-builtin %s " CMDTEST_TOP "/test/cmd/programs/planted.c -o %s 2> /dev/null", linked[i],
                 path);
        if (system(command) != 0) {
            print_message("skipped: no %s\n", linked[i]);
            continue;
        }
        struct target target = target_start("interval=0.3,stacks=all,output=/dev/null", ARGV(path));
        target_line(&target);
        target_published(&target, target_published(&target, 0));
        target_end(&target, SIGKILL);
        snprintf(pid, sizeof pid, "%d", (int)target.pid);
        Pprof__Profile *profile = profile_export(pid);
        assert_in_file(profile, path, "planted");
        assert_in_file(profile, path, "main");
        profile_free(profile);
    }
}

/* Its own reader, where there is one. */
static void go_reads_it(void **state)
{
    char pid[16], list[128], total[64];
    (void)state;
    if (system("go version > /dev/null 2>&1 && go tool -n pprof > /dev/null 2>&1") != 0) {
        print_message("skipped: there is no go tool pprof\n");
        skip();
    }
    struct planted planted = plant_published("interval=0.3,stacks=all,output=/dev/null");
    struct loaded loaded = load_dead(&planted, pid);
    const char *file = in_scratch("heap.pb.gz");
    struct outcome outcome = run_command("export", "--format=pprof", "-o", file, pid);
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    setenv("HOME", scratch(), 1); /* it keeps files there */
    outcome = run_program(ARGV("/bin/sh", "-c", "exec go tool pprof -unit=B -top \"$0\"", file));
    snprintf(total, sizeof total, "of %" PRIu64 "B total", loaded.snapshot->total.live.bytes);
    if (outcome.status != 0 || strstr(outcome.out, total) == NULL || strstr(outcome.out, " planted_inline") == NULL)
        fail_msg("%d, without %s:\n%s%s", outcome.status, total, outcome.out, outcome.err);
    outcome_free(&outcome);
    outcome = run_program(ARGV("/bin/sh", "-c", "cd / && exec go tool pprof -unit=B -list '^planted$' \"$0\"", file));
    snprintf(list, sizeof list, "%7d:    planted_inline(i);", planted.planted_line);
    if (outcome.status != 0 || strstr(outcome.out, list) == NULL)
        fail_msg("%d, without %s:\n%s%s", outcome.status, list, outcome.out, outcome.err);
    outcome_free(&outcome);
    loaded_free(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_planted_function_has_its_line),
        cmocka_unit_test(sums_are_those_of_the_report),
        cmocka_unit_test(a_function_is_found_in_its_file),
        cmocka_unit_test(go_reads_it),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
