/* A profile for pprof, and for what reads the same (Parca, Pyroscope, Speedscope): doc/pprof.md. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "cmd/build_id.h"
#include "cmd/diagnostics.h"
#include "cmd/texts.h"
#include "formats.h"
#include "profile.pb-c.h"
#include "samples.h"
#include "trackmalloc.h"

/* All parts of the profile are allocated as protobuf-c itself would do it, so that it can free them. Ids start at 1.
 */
struct builder {
    const struct snapshot *snapshot;
    struct symbolizer *symbolizer;
    Pprof__Profile *profile;
    struct texts strings;   /* becomes the profile's table */
    struct texts functions; /* a key for each, in the order of their ids; so in the next two */
    struct texts locations;
    struct texts mappings;
};

#define NEW(name, type)                                 \
    static type *new_##name(void)                       \
    {                                                   \
        type *message = must_allocate(sizeof *message); \
        pprof__##name##__init(message);                 \
        return message;                                 \
    }
NEW(profile, Pprof__Profile)
NEW(value_type, Pprof__ValueType)
NEW(sample, Pprof__Sample)
NEW(label, Pprof__Label)
NEW(mapping, Pprof__Mapping)
NEW(location, Pprof__Location)
NEW(line, Pprof__Line)
NEW(function, Pprof__Function)
#undef NEW

/* Lists hold pointers or 64-bit numbers. */
enum { ELEMENT_BYTES = 8 };
_Static_assert(sizeof(void *) == ELEMENT_BYTES && sizeof(int64_t) == ELEMENT_BYTES, "elements of one size");

#define APPEND(list, count, element)                                         \
    do {                                                                     \
        (list) = must_resize((list), ((count) + (size_t)1) * ELEMENT_BYTES); \
        (list)[(count)++] = (element);                                       \
    } while (0)

static int64_t clamped(uint64_t value)
{
    return value < INT64_MAX ? (int64_t)value : INT64_MAX;
}

static uint32_t string_of(struct builder *builder, const char *text)
{
    return texts_number(&builder->strings, text);
}

static uint32_t clean_string_of(struct builder *builder, const char *text)
{
    char clean[SNAPSHOT_PATH];
    clean_text(text, clean, sizeof clean);
    return string_of(builder, clean);
}

/* The id of a key; *is_new: it was given just now. Frees the key. */
static uint64_t id_of(struct texts *texts, char *key, bool *is_new)
{
    uint32_t before = texts->count;
    uint64_t id = (uint64_t)texts_number(texts, key) + 1;
    *is_new = texts->count != before;
    free(key);
    return id;
}

/* ---- mappings, functions, locations ---- */

/* The loaded segment that contains an address. Where the segments are not known (the program headers could not be
 * read): all of the object, as if it were mapped from the beginning of the file. */
static struct snapshot_code code_at(const struct snapshot_object *object, uint64_t address)
{
    for (uint32_t i = 0; i < object->codes; i++)
        if (address >= object->code[i].begin && address < object->code[i].end)
            return object->code[i];
    return (struct snapshot_code){object->begin, object->end, 0};
}

/* NULL: no object contains the address. */
static Pprof__Mapping *mapping_of(struct builder *builder, uint32_t row, uint64_t address)
{
    bool is_new;
    if (row == SNAPSHOT_NONE)
        return NULL;
    const struct snapshot_object *object = &snapshot_objects(builder->snapshot)[row];
    const struct snapshot_code code = code_at(object, address);
    uint64_t id = id_of(&builder->mappings, xasprintf("%" PRIu32 " %" PRIx64, row, code.begin), &is_new);
    if (!is_new)
        return builder->profile->mapping[id - 1];
    build_id_text hex;
    Pprof__Mapping *mapping = new_mapping();
    mapping->id = id;
    mapping->memory_start = code.begin;
    mapping->memory_limit = code.end;
    mapping->file_offset = code.offset;
    mapping->filename = clean_string_of(builder, object->path);
    mapping->build_id = string_of(builder, build_id_write(hex, object));
    APPEND(builder->profile->mapping, builder->profile->n_mapping, mapping);
    return mapping;
}

/* Readers take the first mapping to be the program's. */
static void put_program_first(struct builder *builder)
{
    const struct snapshot_object *object = snapshot_objects(builder->snapshot);
    for (uint32_t i = 0; i < builder->snapshot->objects; i++) {
        if (strcmp(basename(object[i].path), builder->snapshot->program) == 0) {
            mapping_of(builder, i, object[i].codes != 0 ? object[i].code[0].begin : object[i].begin);
            return;
        }
    }
}

static uint64_t function_of(struct builder *builder, const struct symbol_frame *frame)
{
    bool is_new;
    uint32_t name = string_of(builder, frame->function);
    uint32_t system_name = string_of(builder, frame->system_name);
    uint32_t file = string_of(builder, frame->file);
    char *key = xasprintf("%u %u %u %u", name, system_name, file, frame->first_line);
    uint64_t id = id_of(&builder->functions, key, &is_new);
    if (!is_new)
        return id;
    Pprof__Function *function = new_function();
    function->id = id;
    function->name = name;
    function->system_name = system_name;
    function->filename = file;
    function->start_line = frame->first_line;
    APPEND(builder->profile->function, builder->profile->n_function, function);
    return id;
}

static void add_line(struct builder *builder, Pprof__Location *location, const struct symbol_frame *frame)
{
    Pprof__Line *line = new_line();
    line->function_id = function_of(builder, frame);
    line->line = frame->line;
    APPEND(location->line, location->n_line, line);
}

/* Adds a location to the profile; without lines yet. */
static Pprof__Location *add_location(struct builder *builder, uint64_t id)
{
    Pprof__Location *location = new_location();
    location->id = id;
    APPEND(builder->profile->location, builder->profile->n_location, location);
    return location;
}

static void describe_location(struct builder *builder, Pprof__Location *location, uint32_t object, uint64_t address)
{
    const struct symbol *symbol = symbolizer_find(builder->symbolizer, object, address);
    Pprof__Mapping *mapping = mapping_of(builder, object, address - 1);
    location->address = address - 1;
    for (uint32_t i = 0; i < symbol->frames; i++)
        add_line(builder, location, &symbol->frame[i]);
    if (mapping == NULL)
        return;
    bool lines = symbol->frame[0].line != 0;
    location->mapping_id = mapping->id;
    mapping->has_functions |= symbol->named;
    mapping->has_filenames |= lines;
    mapping->has_line_numbers |= lines;
    mapping->has_inline_frames |= lines;
}

static uint64_t location_of(struct builder *builder, uint32_t object, uint64_t address)
{
    bool is_new;
    uint64_t id = id_of(&builder->locations, xasprintf("%" PRIu32 " %" PRIx64, object, address), &is_new);
    if (is_new)
        describe_location(builder, add_location(builder, id), object, address);
    return id;
}

/* A location without an address, for calls that are not known. */
static uint64_t location_named(struct builder *builder, const char *name)
{
    bool is_new;
    uint64_t id = id_of(&builder->locations, xasprintf("%s", name), &is_new);
    const struct symbol_frame frame = {.function = name, .system_name = name, .file = ""};
    if (is_new)
        add_line(builder, add_location(builder, id), &frame);
    return id;
}

/* ---- samples ---- */

static void add_label(Pprof__Sample *sample, Pprof__Label *label, uint32_t key)
{
    label->key = key;
    APPEND(sample->label, sample->n_label, label);
}

static void add_labels(struct builder *builder, Pprof__Sample *sample, const struct snapshot_site *site)
{
    if (site->tag != SNAPSHOT_NONE) {
        Pprof__Label *label = new_label();
        label->str = clean_string_of(builder, snapshot_tags(builder->snapshot)[site->tag].name);
        add_label(sample, label, string_of(builder, "tag"));
    }
    if (site->age_ms != SNAPSHOT_UNKNOWN && site->live.blocks != 0) {
        Pprof__Label *label = new_label();
        label->num = clamped(site->age_ms / 1000);
        label->num_unit = string_of(builder, "seconds");
        add_label(sample, label, string_of(builder, "age_seconds"));
    }
}

static void add_locations(struct builder *builder, Pprof__Sample *sample, const struct snapshot_stack *stack)
{
    const struct snapshot_frame *frame = &snapshot_frames(builder->snapshot)[stack->frame];
    for (uint32_t i = 0; i < stack->frames; i++)
        APPEND(sample->location_id, sample->n_location_id, location_of(builder, frame[i].object, frame[i].address));
    if (stack->truncated != 0)
        APPEND(sample->location_id, sample->n_location_id, location_named(builder, "(truncated)"));
}

static void add_sample(struct builder *builder, const struct sample *from)
{
    Pprof__Sample *sample = new_sample();
    if (from->stack != NULL)
        add_locations(builder, sample, from->stack);
    else
        APPEND(sample->location_id, sample->n_location_id,
               from->site != NULL ? location_of(builder, from->site->object, from->site->address)
                                  : location_named(builder, "(others)"));
    for (unsigned v = 0; v < SAMPLE_VALUES; v++)
        APPEND(sample->value, sample->n_value, clamped(from->value[v]));
    if (from->site != NULL)
        add_labels(builder, sample, from->site);
    APPEND(builder->profile->sample, builder->profile->n_sample, sample);
}

/* ---- the profile ---- */

static Pprof__ValueType *value_type(struct builder *builder, const char *type, const char *unit)
{
    Pprof__ValueType *value = new_value_type();
    value->type = string_of(builder, type);
    value->unit = string_of(builder, unit);
    return value;
}

static void set_types(struct builder *builder)
{
    static const char *const types[SAMPLE_VALUES][2] = {
        [SAMPLE_ALLOC_OBJECTS] = {"alloc_objects", "count"},
        [SAMPLE_ALLOC_SPACE] = {"alloc_space", "bytes"},
        [SAMPLE_INUSE_OBJECTS] = {"inuse_objects", "count"},
        [SAMPLE_INUSE_SPACE] = {"inuse_space", "bytes"},
    };
    Pprof__Profile *profile = builder->profile;
    for (unsigned v = 0; v < SAMPLE_VALUES; v++)
        APPEND(profile->sample_type, profile->n_sample_type, value_type(builder, types[v][0], types[v][1]));
    profile->default_sample_type = string_of(builder, types[SAMPLE_INUSE_SPACE][0]);
    profile->period_type = value_type(builder, "space", "bytes");
}

static int64_t nanoseconds(uint64_t value, uint64_t each)
{
    return value < (uint64_t)INT64_MAX / each ? (int64_t)(value * each) : INT64_MAX;
}

static void set_head(struct builder *builder)
{
    const struct snapshot *snapshot = builder->snapshot;
    Pprof__Profile *profile = builder->profile;
    char *comment = xasprintf("trackmalloc %s: %.*s[%u], report %u", TRACKMALLOC_VERSION, SNAPSHOT_NAME,
                              snapshot->program, snapshot->pid, snapshot->number);
    set_types(builder);
    /* 1: nothing is sampled */
    profile->period = snapshot->stack_period != 0 ? clamped(snapshot->stack_period) : 1;
    profile->time_nanos = snapshot->wall_seconds > 0 ? nanoseconds((uint64_t)snapshot->wall_seconds, 1000000000) : 0;
    profile->duration_nanos = nanoseconds(snapshot->uptime_ms, 1000000);
    APPEND(profile->comment, profile->n_comment, clean_string_of(builder, comment));
    free(comment);
}

static void build_profile(struct builder *builder)
{
    string_of(builder, "");
    set_head(builder);
    put_program_first(builder);
    struct samples samples = samples_new(builder->snapshot);
    for (size_t i = 0; i < samples.rows; i++)
        add_sample(builder, &samples.row[i]);
    samples_free(&samples);
    builder->profile->n_string_table = builder->strings.count;
    builder->profile->string_table = builder->strings.text;
}

static void free_builder(struct builder *builder)
{
    builder->strings.text = NULL; /* the profile frees them */
    builder->strings.count = 0;
    pprof__profile__free_unpacked(builder->profile, NULL);
    texts_free(&builder->strings);
    texts_free(&builder->functions);
    texts_free(&builder->locations);
    texts_free(&builder->mappings);
}

/* ---- gzip ---- */

static bool compress_to(FILE *to, void *bytes, size_t length)
{
    enum { GZIP = 16, MEMORY = 8 };
    z_stream stream = {.next_in = bytes, .avail_in = (uInt)length};
    if (length > UINT32_MAX / 2 ||
        deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS | GZIP, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return report_error("cannot compress the profile") == STATUS_OK;
    uLong most = deflateBound(&stream, length);
    stream.next_out = must_allocate(most);
    stream.avail_out = (uInt)most;
    unsigned char *packed = stream.next_out;
    deflate(&stream, Z_FINISH); /* the output is large enough for all of it */
    fwrite(packed, 1, stream.total_out, to);
    deflateEnd(&stream);
    free(packed);
    return true;
}

static bool write_profile(const struct snapshot *snapshot, struct symbolizer *symbolizer, FILE *to)
{
    struct builder builder = {.snapshot = snapshot, .symbolizer = symbolizer, .profile = new_profile()};
    build_profile(&builder);
    size_t length = pprof__profile__get_packed_size(builder.profile);
    void *bytes = must_allocate(length);
    pprof__profile__pack(builder.profile, bytes);
    bool good = compress_to(to, bytes, length);
    free(bytes);
    free_builder(&builder);
    return good;
}

bool export_pprof(const struct loaded *loaded, const struct export_options *options, FILE *to)
{
    struct symbolizer *symbolizer = export_symbols(loaded, options);
    bool good = write_profile(loaded->snapshot, symbolizer, to);
    symbolizer_free(symbolizer);
    return good;
}
