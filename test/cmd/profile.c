#include "profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

unsigned char *unpack_gzip(const char *bytes, size_t length, size_t *unpacked)
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

const char *text_at(const Pprof__Profile *profile, int64_t at)
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

static Pprof__Profile *profile_decode(const char *bytes, size_t length)
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

Pprof__Profile *profile_export(const char *which)
{
    struct outcome outcome = run_command("export", "--format=pprof", which);
    if (outcome.status != 0)
        fail_msg("%s", outcome.err);
    assert_string_equal(outcome.err, "");
    Pprof__Profile *profile = profile_decode(outcome.out, outcome.out_bytes);
    outcome_free(&outcome);
    return profile;
}

Pprof__Profile *profile_of_story(const struct story *story)
{
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(in_scratch("story.tms"), snapshot);
    free(snapshot);
    return profile_export(in_scratch("story.tms"));
}

uint64_t profile_sum(const Pprof__Profile *profile, size_t value)
{
    uint64_t profile_sum = 0;
    for (size_t i = 0; i < profile->n_sample; i++)
        profile_sum += (uint64_t)profile->sample[i]->value[value];
    return profile_sum;
}

void assert_totals(const Pprof__Profile *profile, const struct snapshot *snapshot)
{
    assert_int_equal(profile_sum(profile, ALLOC_OBJECTS), snapshot->total.allocated.blocks);
    assert_int_equal(profile_sum(profile, ALLOC_SPACE), snapshot->total.allocated.bytes);
    assert_int_equal(profile_sum(profile, INUSE_OBJECTS), snapshot->total.live.blocks);
    assert_int_equal(profile_sum(profile, INUSE_SPACE), snapshot->total.live.bytes);
}

const char *sample_calls(const Pprof__Profile *profile, const Pprof__Sample *sample, bool lines)
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

const Pprof__Sample *sample_of(const Pprof__Profile *profile, const char *wanted)
{
    for (size_t i = 0; i < profile->n_sample; i++)
        if (strcmp(sample_calls(profile, profile->sample[i], false), wanted) == 0)
            return profile->sample[i];
    fail_msg("there is no %s", wanted);
    return NULL;
}

const Pprof__Label *label_of(const Pprof__Profile *profile, const Pprof__Sample *sample, const char *key)
{
    for (size_t i = 0; i < sample->n_label; i++)
        if (strcmp(text_at(profile, sample->label[i]->key), key) == 0)
            return sample->label[i];
    return NULL;
}

void profile_free(Pprof__Profile *profile)
{
    pprof__profile__free_unpacked(profile, NULL);
}
