/* export --format=pprof: a profile that others can read, whose sums are the report's own to the byte. */
#include "harness.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "cmd/segment/load.h"
#include "profile.pb-c.h"
#include "story.h"
#include "trackmalloc.h"

enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE, VALUES };

/* ---- reading it back ---- */

static unsigned char *unpack_gzip(const char *bytes, size_t length, size_t *unpacked)
{
    enum { MOST = 64 << 20, GZIP = 16 };
    unsigned char *to = malloc(MOST);
    z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (uInt)length, .next_out = to, .avail_out = MOST};
    assert_non_null(to);
    assert_int_equal(inflateInit2(&stream, MAX_WBITS + GZIP), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    *unpacked = stream.total_out;
    inflateEnd(&stream);
    return to;
}

static void assert_text(const Pprof__Profile *profile, int64_t at)
{
    assert_in_range(at, 0, profile->n_string_table - 1);
}

static const char *text_at(const Pprof__Profile *profile, int64_t at)
{
    assert_text(profile, at);
    return profile->string_table[at];
}

static void assert_value_type(const Pprof__Profile *profile, const Pprof__ValueType *type, const char *name,
                              const char *unit)
{
    assert_non_null(type);
    assert_string_equal(text_at(profile, type->type), name);
    assert_string_equal(text_at(profile, type->unit), unit);
}

static void assert_tables(const Pprof__Profile *profile)
{
    assert_string_equal(text_at(profile, 0), "");
    for (size_t i = 0; i < profile->n_function; i++) {
        const Pprof__Function *function = profile->function[i];
        assert_int_equal(function->id, i + 1);
        assert_true(text_at(profile, function->name)[0] != '\0');
        assert_text(profile, function->system_name);
        assert_text(profile, function->filename);
    }
    for (size_t i = 0; i < profile->n_mapping; i++) {
        assert_int_equal(profile->mapping[i]->id, i + 1);
        assert_text(profile, profile->mapping[i]->filename);
        assert_text(profile, profile->mapping[i]->build_id);
    }
    for (size_t i = 0; i < profile->n_location; i++) {
        const Pprof__Location *location = profile->location[i];
        assert_int_equal(location->id, i + 1);
        assert_in_range(location->mapping_id, 0, profile->n_mapping);
        assert_true(location->n_line != 0);
        for (size_t j = 0; j < location->n_line; j++)
            assert_in_range(location->line[j]->function_id, 1, profile->n_function);
    }
}

static void assert_samples(const Pprof__Profile *profile)
{
    for (size_t i = 0; i < profile->n_sample; i++) {
        const Pprof__Sample *sample = profile->sample[i];
        assert_int_equal(sample->n_value, VALUES);
        assert_true(sample->n_location_id != 0);
        for (size_t v = 0; v < VALUES; v++)
            assert_true(sample->value[v] >= 0);
        for (size_t j = 0; j < sample->n_location_id; j++)
            assert_in_range(sample->location_id[j], 1, profile->n_location);
        for (size_t j = 0; j < sample->n_label; j++) {
            assert_true(text_at(profile, sample->label[j]->key)[0] != '\0');
            assert_text(profile, sample->label[j]->str);
            assert_text(profile, sample->label[j]->num_unit);
        }
    }
}

static Pprof__Profile *decode(const char *bytes, size_t length)
{
    size_t unpacked;
    unsigned char *message = unpack_gzip(bytes, length, &unpacked);
    Pprof__Profile *profile = pprof__profile__unpack(NULL, unpacked, message);
    free(message);
    assert_non_null(profile);
    assert_int_equal(profile->n_sample_type, VALUES);
    assert_value_type(profile, profile->sample_type[ALLOC_OBJECTS], "alloc_objects", "count");
    assert_value_type(profile, profile->sample_type[ALLOC_SPACE], "alloc_space", "bytes");
    assert_value_type(profile, profile->sample_type[INUSE_OBJECTS], "inuse_objects", "count");
    assert_value_type(profile, profile->sample_type[INUSE_SPACE], "inuse_space", "bytes");
    assert_value_type(profile, profile->period_type, "space", "bytes");
    assert_string_equal(text_at(profile, profile->default_sample_type), "inuse_space");
    assert_tables(profile);
    assert_samples(profile);
    return profile;
}

static Pprof__Profile *export(const char *which)
{
    struct outcome outcome = run_command("export", "--format=pprof", which);
    if (outcome.status != 0)
        fail_msg("%s", outcome.err);
    assert_string_equal(outcome.err, "");
    Pprof__Profile *profile = decode(outcome.out, outcome.out_bytes);
    outcome_free(&outcome);
    return profile;
}

static Pprof__Profile *export_story(const struct story *story)
{
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(in_scratch("story.tms"), snapshot);
    free(snapshot);
    return export(in_scratch("story.tms"));
}

static uint64_t sum(const Pprof__Profile *profile, size_t value)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < profile->n_sample; i++)
        sum += (uint64_t)profile->sample[i]->value[value];
    return sum;
}

static void assert_totals(const Pprof__Profile *profile, const struct snapshot *snapshot)
{
    assert_int_equal(sum(profile, ALLOC_OBJECTS), snapshot->total.allocated.blocks);
    assert_int_equal(sum(profile, ALLOC_SPACE), snapshot->total.allocated.bytes);
    assert_int_equal(sum(profile, INUSE_OBJECTS), snapshot->total.live.blocks);
    assert_int_equal(sum(profile, INUSE_SPACE), snapshot->total.live.bytes);
}

/* The functions of a sample, the innermost first: "a<b<main", lines as "a:12". */
static const char *calls(const Pprof__Profile *profile, const Pprof__Sample *sample, bool lines)
{
    static char text[8192];
    size_t length = 0;
    for (size_t i = 0; i < sample->n_location_id; i++) {
        const Pprof__Location *location = profile->location[sample->location_id[i] - 1];
        for (size_t j = 0; j < location->n_line && length < sizeof text; j++) {
            const Pprof__Function *function = profile->function[location->line[j]->function_id - 1];
            length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length != 0 ? "<" : "",
                                       text_at(profile, function->name));
            if (lines && length < sizeof text)
                length += (size_t)snprintf(text + length, sizeof text - length, ":%" PRId64, location->line[j]->line);
        }
    }
    return text;
}

static const Pprof__Sample *sample_of(const Pprof__Profile *profile, const char *wanted)
{
    for (size_t i = 0; i < profile->n_sample; i++)
        if (strcmp(calls(profile, profile->sample[i], false), wanted) == 0)
            return profile->sample[i];
    fail_msg("there is no %s", wanted);
    return NULL;
}

static const Pprof__Label *label_of(const Pprof__Profile *profile, const Pprof__Sample *sample, const char *key)
{
    for (size_t i = 0; i < sample->n_label; i++)
        if (strcmp(text_at(profile, sample->label[i]->key), key) == 0)
            return sample->label[i];
    return NULL;
}

static void free_profile(Pprof__Profile *profile)
{
    pprof__profile__free_unpacked(profile, NULL);
}

/* ---- made-up snapshots ---- */

static void the_head_says_what_and_when(void **state)
{
    (void)state;
    struct story *story = story_new();
    Pprof__Profile *profile = export_story(story);
    assert_int_equal(profile->time_nanos, story->head.wall_seconds * 1000000000);
    assert_int_equal(profile->duration_nanos, (int64_t)story->head.uptime_ms * 1000000);
    assert_int_equal(profile->period, 524288);
    assert_int_equal(profile->n_comment, 1);
    assert_string_equal(text_at(profile, profile->comment[0]),
                        "trackmalloc " TRACKMALLOC_VERSION ": shop[4242], report 720");
    assert_string_equal(text_at(profile, profile->mapping[0]->filename), "/usr/bin/shop");
    assert_int_equal(profile->mapping[0]->memory_start, story->objects[0].begin);
    assert_int_equal(profile->mapping[0]->memory_limit, story->objects[0].end);
    free_profile(profile);
    free(story);
}

static void estimates_are_fitted_to_their_sites(void **state)
{
    (void)state;
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    Pprof__Profile *profile = export_story(story);
    assert_totals(profile, snapshot);
    const Pprof__Sample *serve = sample_of(profile, "order_new<serve<main<libc.so.6+0x271ca");
    const Pprof__Sample *import = sample_of(profile, "order_new<import<main");
    assert_int_equal(serve->value[INUSE_SPACE] + import->value[INUSE_SPACE], story->sites[0].live.bytes);
    assert_int_equal(serve->value[ALLOC_OBJECTS] + import->value[ALLOC_OBJECTS], story->sites[0].allocated.blocks);
    assert_int_equal(serve->value[INUSE_SPACE], 30 << 20);
    assert_int_equal(sample_of(profile, "cart_add")->value[INUSE_SPACE], 1 << 20);
    free_profile(profile);
    free(snapshot);
    free(story);
}

static void what_no_stack_covers_stands_under_its_site(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->head.stack_period = 0; /* these are exact */
    story->stacks[1].live.bytes -= 4096;
    story->stacks[1].live.blocks -= 3;
    story->stacks[2].live.bytes += 100000; /* more than its site has: torn apart by the moment between */
    struct snapshot *snapshot = story_lay_out(story);
    Pprof__Profile *profile = export_story(story);
    assert_totals(profile, snapshot);
    assert_int_equal(sample_of(profile, "order_new<import<main")->value[INUSE_SPACE], (9 << 20) - 4096);
    assert_int_equal(sample_of(profile, "order_new")->value[INUSE_SPACE], 4096);
    assert_int_equal(sample_of(profile, "order_new")->value[INUSE_OBJECTS], 3);
    assert_int_equal(profile->period, 1);
    free_profile(profile);
    free(snapshot);
    free(story);
}

/* The row of all other stacks says nothing of whose they are; the rows of the sites do. */
static void stacks_left_out_are_their_sites(void **state)
{
    (void)state;
    struct story *story = story_new();
    story_stack(story, SNAPSHOT_NONE, (struct snapshot_amount){1000, 100 << 20});
    story->stacks[1].live.bytes = 1 << 20;
    struct snapshot *snapshot = story_lay_out(story);
    Pprof__Profile *profile = export_story(story);
    assert_totals(profile, snapshot);
    assert_int_equal(sample_of(profile, "order_new<import<main")->value[INUSE_SPACE], 1 << 20);
    assert_int_equal(sample_of(profile, "order_new")->value[INUSE_SPACE], 8 << 20);
    free_profile(profile);
    free(snapshot);
    free(story);
}

static void all_others_are_one_sample(void **state)
{
    (void)state;
    struct story *story = story_new();
    uint64_t others = story->head.total.live.bytes;
    for (uint32_t i = 0; i < story->head.sites; i++)
        others -= story->sites[i].address != 0 ? story->sites[i].live.bytes : 0;
    Pprof__Profile *profile = export_story(story);
    assert_true(others > 0);
    assert_int_equal(sample_of(profile, "(others)")->value[INUSE_SPACE], others);
    free_profile(profile);
    story->head.sites = story->head.suspects = story->head.stacks = 0;
    profile = export_story(story);
    assert_int_equal(profile->n_sample, 1);
    assert_int_equal(sample_of(profile, "(others)")->value[INUSE_SPACE], story->head.total.live.bytes);
    free_profile(profile);
    free(story);
}

static void samples_have_tag_and_age(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->sites[2].age_ms = 125999;
    story->sites[1].age_ms = SNAPSHOT_UNKNOWN;
    Pprof__Profile *profile = export_story(story);
    const Pprof__Sample *page = sample_of(profile, "page_get<(no module)+0x7f0000001234<(truncated)");
    assert_string_equal(text_at(profile, label_of(profile, page, "tag")->str), "cache/pages");
    assert_int_equal(label_of(profile, page, "age_seconds")->num, 125);
    assert_string_equal(text_at(profile, label_of(profile, page, "age_seconds")->num_unit), "seconds");
    assert_null(label_of(profile, sample_of(profile, "cart_add"), "age_seconds"));
    assert_null(label_of(profile, sample_of(profile, "(others)"), "tag"));
    free_profile(profile);
    free(story);
}

static void texts_are_clean(void **state)
{
    (void)state;
    struct story *story = story_new();
    strcpy(story->tags[0].name, "sh\x1b[31mop");
    strcpy(story->objects[0].path, "/usr/\xff/shop");
    strcpy(story->head.program, "sh\nop");
    strcpy(story->sites[1].name, "shop!cart\x80_add+0x44");
    Pprof__Profile *profile = export_story(story);
    for (size_t i = 0; i < profile->n_string_table; i++)
        for (const char *at = profile->string_table[i]; *at != '\0'; at++)
            assert_in_range((unsigned char)*at, ' ', '~');
    sample_of(profile, "cart?_add");
    free_profile(profile);
    free(story);
}

/* Sums that do not hold, numbers beyond all reason: still a profile, with no number below 0. */
static void numbers_out_of_reason_are_cut(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->head.total.live.bytes = UINT64_MAX;
    story->head.uptime_ms = UINT64_MAX;
    story->head.wall_seconds = INT64_MAX;
    for (uint32_t i = 0; i < story->head.stacks; i++)
        story->stacks[i].live.bytes = story->stacks[i].allocated.blocks = UINT64_MAX - i;
    story->sites[0].live.bytes = UINT64_MAX;
    story->sites[0].age_ms = UINT64_MAX - 1;
    free_profile(export_story(story));
    story->head.total.live.bytes = 0;
    free_profile(export_story(story));
    story->head.wall_seconds = INT64_MIN;
    free_profile(export_story(story));
    free(story);
}

/* ---- by hand ---- */

static uint64_t varint(const unsigned char **at, const unsigned char *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        unsigned char byte = *(*at)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return value;
    }
    fail();
    return 0;
}

/* The next field: its number, and its bytes; of a number, its value. */
static uint64_t next_field(const unsigned char **at, const unsigned char *end, const unsigned char **bytes,
                           uint64_t *value)
{
    uint64_t key = varint(at, end);
    assert_true((key & 7) == 0 || (key & 7) == 2);
    *value = varint(at, end);
    *bytes = *at;
    if ((key & 7) == 2) {
        assert_true(*value <= (uint64_t)(end - *at));
        *at += *value;
    }
    return key >> 3;
}

/* Without profile.proto, which might be wrong on both sides: samples are field 2, their values field 2 of these, the
 * texts field 6, the type that is shown first field 14. */
static void fields_have_the_numbers_that_pprof_knows(void **state)
{
    (void)state;
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    size_t unpacked;
    uint64_t sums[VALUES] = {0}, texts = 0, first = 0, value;
    free_profile(export_story(story));
    struct outcome outcome = run_command("export", "--format=pprof", in_scratch("story.tms"));
    unsigned char *message = unpack_gzip(outcome.out, outcome.out_bytes, &unpacked);
    const unsigned char *bytes, *end = message + unpacked, *wanted = NULL;
    for (const unsigned char *at = message; at < end;) {
        uint64_t field = next_field(&at, end, &bytes, &value);
        if (field == 14)
            first = value;
        else if (field == 6)
            texts++;
        for (const unsigned char *in = bytes, *behind = at; field == 2 && in < behind;)
            if (next_field(&in, behind, &bytes, &value) == 2)
                for (size_t v = 0; v < VALUES; v++)
                    sums[v] += varint(&bytes, in);
    }
    for (const unsigned char *at = message; at < end && wanted == NULL;) {
        uint64_t field = next_field(&at, end, &bytes, &value);
        if (field == 6 && first-- == 0)
            wanted = bytes;
    }
    assert_true(texts > 10 && wanted != NULL);
    assert_memory_equal(wanted, "inuse_space", 11);
    assert_int_equal(sums[ALLOC_OBJECTS], snapshot->total.allocated.blocks);
    assert_int_equal(sums[INUSE_SPACE], snapshot->total.live.bytes);
    free(message);
    outcome_free(&outcome);
    free(snapshot);
    free(story);
}

/* ---- a real program ---- */

struct planted {
    struct target target;
    int inline_line, planted_line, main_line;
};

static struct planted plant(const char *options)
{
    struct planted planted = {.target = target_start(options, ARGV(built("test/cmd/programs/planted")))};
    assert_int_equal(sscanf(target_line(&planted.target), "%d %d %d", &planted.inline_line, &planted.planted_line,
                            &planted.main_line),
                     3);
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
    struct planted planted = plant("interval=0.3,stacks=all,output=/dev/null");
    struct loaded loaded = load_dead(&planted, pid);
    Pprof__Profile *profile = export(pid);
    int length = snprintf(wanted, sizeof wanted, "planted_inline:%d<planted:%d<main:%d<", planted.inline_line,
                          planted.planted_line, planted.main_line);
    const Pprof__Sample *sample = NULL;
    for (size_t i = 0; i < profile->n_sample; i++)
        if (strncmp(calls(profile, profile->sample[i], true), wanted, (size_t)length) == 0)
            sample = profile->sample[i];
    if (sample == NULL)
        fail_msg("there is no %s", wanted);
    assert_int_equal(sample->value[INUSE_OBJECTS], 100);
    assert_int_equal(sample->value[INUSE_SPACE], 100000);
    assert_totals(profile, loaded.snapshot);
    assert_true(profile->mapping[0]->has_functions && profile->mapping[0]->has_line_numbers);
    assert_int_equal(strlen(text_at(profile, profile->mapping[0]->build_id)), 40);
    free_profile(profile);
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
        struct planted planted = plant(options[i]);
        struct loaded loaded = load_dead(&planted, pid);
        Pprof__Profile *profile = export(pid);
        assert_true(loaded.snapshot->total.live.bytes >= 100000);
        assert_totals(profile, loaded.snapshot);
        free_profile(profile);
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
        Pprof__Profile *profile = export(pid);
        assert_in_file(profile, path, "planted");
        assert_in_file(profile, path, "main");
        free_profile(profile);
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
    struct planted planted = plant("interval=0.3,stacks=all,output=/dev/null");
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
        cmocka_unit_test(the_head_says_what_and_when),
        cmocka_unit_test(estimates_are_fitted_to_their_sites),
        cmocka_unit_test(what_no_stack_covers_stands_under_its_site),
        cmocka_unit_test(stacks_left_out_are_their_sites),
        cmocka_unit_test(all_others_are_one_sample),
        cmocka_unit_test(samples_have_tag_and_age),
        cmocka_unit_test(texts_are_clean),
        cmocka_unit_test(numbers_out_of_reason_are_cut),
        cmocka_unit_test(fields_have_the_numbers_that_pprof_knows),
        cmocka_unit_test(a_planted_function_has_its_line),
        cmocka_unit_test(sums_are_those_of_the_report),
        cmocka_unit_test(a_function_is_found_in_its_file),
        cmocka_unit_test(go_reads_it),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
