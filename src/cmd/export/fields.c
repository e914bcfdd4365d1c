#include "fields.h"

#include <string.h>

#define AT(type, member) .at = offsetof(struct snapshot##type, member)

#define AMOUNT(type, word, member)                                  \
    {.name = word "_blocks", value_count, AT(type, member.blocks)}, \
    {                                                               \
        .name = word "_bytes", value_count, AT(type, member.bytes)  \
    }

#define AGE(type, member, row, of)                                                    \
    {.name = "live_blocks_age_" of, value_count, AT(type, member.age[row].blocks)},   \
        {.name = "live_bytes_age_" of, value_count, AT(type, member.age[row].bytes)}, \
    {                                                                                 \
        .name = "freed_blocks_age_" of, value_count, AT(type, member.lifetime[row])   \
    }

#define COUNTS(type, member)                                                                                   \
    AMOUNT(type, "live", member.live), AMOUNT(type, "allocated", member.allocated),                            \
        AMOUNT(type, "freed", member.freed), {.name = "peak_bytes", value_count, AT(type, member.peak_bytes)}, \
        {.name = "resizes", value_count, AT(type, member.resizes)},                                            \
        {.name = "failures", value_count, AT(type, member.failures)}, AGE(type, member, 0, "0_1s"),            \
        AGE(type, member, 1, "1_10s"), AGE(type, member, 2, "10_100s"), AGE(type, member, 3, "100_1000s"),     \
        AGE(type, member, 4, "1000s_up")

#define AGO(type, member, window, of)                                                     \
    {                                                                                     \
        .name = "live_bytes_" of "_ago", value_past, AT(type, member.live_bytes[window]), \
        .known = offsetof(struct snapshot##type, member.known), .bit = (window)           \
    }

#define PAST(type, member) \
    AGO(type, member, 0, "1min"), AGO(type, member, 1, "10min"), AGO(type, member, 2, "1h"), AGO(type, member, 3, "1d")

#define END          \
    {                \
        .name = NULL \
    }

static const struct field process[] = {
    {.name = "pid", value_narrow, AT(, pid)},
    {.name = "parent_pid", value_narrow_nonzero, AT(, parent)},
    {.name = "program", value_text, AT(, program)},
    {.name = "command", value_arguments},
    {.name = "started_ticks", value_nonzero, AT(, started_ticks)},
    {.name = "uptime_seconds", value_ms, AT(, uptime_ms)},
    {.name = "time", value_time, AT(, wall_seconds)},
    {.name = "report", value_narrow, AT(, number)},
    {.name = "kind", value_report_kind, AT(, kind)},
    END,
};

static const struct field total[] = {
    COUNTS(, total),
    PAST(, total_past),
    {.name = "peak_error_bytes", value_narrow, AT(, peak_error_bytes)},
    {.name = "live_threads", value_narrow, AT(, live_threads)},
    {.name = "tags_left_out", value_narrow, AT(, tags_left_out)},
    {.name = "foreign_frees", value_count, AT(, foreign_frees)},
    {.name = "wild_frees", value_count, AT(, wild_frees)},
    {.name = "mismatches", value_count, AT(, mismatches)},
    {.name = "stack_period_bytes", value_count, AT(, stack_period)},
    {.name = "own_resident_bytes", value_count, AT(, own_resident_bytes)},
    {.name = "own_cpu_seconds", value_us, AT(, own_cpu_us)},
    END,
};

static const struct field tags[] = {
    {.name = "name", value_text, AT(_tag, name)},
    COUNTS(_tag, counts),
    PAST(_tag, past),
    END,
};

static const struct field sites[] = {
    {.name = "name", value_site_name},
    {.name = "address", value_hex, AT(_site, address)},
    {.name = "object", value_row_number, AT(_site, object)},
    {.name = "tag", value_tag, AT(_site, tag)},
    {.name = "frames", value_call},
    AMOUNT(_site, "live", live),
    AMOUNT(_site, "allocated", allocated),
    AMOUNT(_site, "freed", freed),
    {.name = "peak_bytes", value_count, AT(_site, peak_bytes)},
    {.name = "mean_age_seconds", value_ms, AT(_site, age_ms)},
    {.name = "leak_score", value_count, AT(_site, leak_score)},
    PAST(_site, past),
    END,
};

static const struct field suspects[] = {
    {.name = "subject", value_subject, AT(_suspect, subject)},
    {.name = "name", value_suspect_name},
    {.name = "span_seconds", value_ms, AT(_suspect, span_ms)},
    {.name = "risen_bytes", value_count, AT(_suspect, risen_bytes)},
    {.name = "made_blocks", value_count, AT(_suspect, made_blocks)},
    {.name = "freed_blocks", value_count, AT(_suspect, freed_blocks)},
    {.name = "bytes_per_hour", value_count, AT(_suspect, bytes_per_hour)},
    END,
};

static const struct field stacks[] = {
    {.name = "id", value_hex, AT(_stack, id)},
    {.name = "site", value_site, AT(_stack, site)},
    {.name = "frames", value_stack},
    {.name = "truncated", value_truth, AT(_stack, truncated)},
    AMOUNT(_stack, "live", live),
    AMOUNT(_stack, "allocated", allocated),
    {.name = "samples", value_count, AT(_stack, samples)},
    END,
};

static const struct field threads[] = {
    {.name = "name", value_text, AT(_thread, name)},
    {.name = "tid", value_narrow_nonzero, AT(_thread, tid)},
    {.name = "threads", value_narrow, AT(_thread, threads)},
    AMOUNT(_thread, "allocated", allocated),
    AMOUNT(_thread, "freed", freed),
    END,
};

static const struct field objects[] = {
    {.name = "path", value_text, AT(_object, path)},
    {.name = "build_id", value_build_id},
    {.name = "base", value_hex, AT(_object, base)},
    {.name = "begin", value_hex, AT(_object, begin)},
    {.name = "end", value_hex, AT(_object, end)},
    {.name = "first_seen_seconds", value_ms, AT(_object, first_seen_ms)},
    {.name = "gone_seconds", value_ms, AT(_object, gone_ms)},
    END,
};

static const struct field sizes[] = {
    {.name = "from_bytes", value_size_from},
    {.name = "below_bytes", value_size_below},
    {.name = "live_blocks", value_count, AT(_amount, blocks)},
    {.name = "live_bytes", value_count, AT(_amount, bytes)},
    END,
};

static const struct field memory[] = {
    {.name = "threads", value_narrow, AT(_memory, threads)},
    {.name = "virtual_bytes", value_count, AT(_memory, virtual_size)},
    {.name = "resident_bytes", value_count, AT(_memory, resident)},
    {.name = "resident_peak_bytes", value_count, AT(_memory, resident_peak)},
    {.name = "anonymous_bytes", value_count, AT(_memory, anonymous)},
    {.name = "file_bytes", value_count, AT(_memory, file)},
    {.name = "shared_bytes", value_count, AT(_memory, shared)},
    {.name = "swapped_bytes", value_count, AT(_memory, swapped)},
    {.name = "data_bytes", value_count, AT(_memory, data)},
    {.name = "minor_faults", value_count, AT(_memory, minor_faults)},
    {.name = "major_faults", value_count, AT(_memory, major_faults)},
    END,
};

static const struct field series[] = {
    {.name = "uptime_seconds", value_ms, AT(_point, uptime_ms)},
    {.name = "live_bytes", value_count, AT(_point, live_bytes)},
    {.name = "live_blocks", value_count, AT(_point, live_blocks)},
    {.name = "resident_bytes", value_nonzero, AT(_point, resident)},
    END,
};

static const struct field notes[] = {
    {.name = "kind", value_note_kind, AT(_note, kind)},
    {.name = "name", value_text_or_none, AT(_note, name)},
    {.name = "count", value_count, AT(_note, count)},
    END,
};

static const struct field alarm[] = {
    {.name = "what", value_alarm, AT(_alarm, what)},
    {.name = "over", value_truth, AT(_alarm, over)},
    {.name = "of", value_subject, AT(_alarm, of)},
    {.name = "name", value_text, AT(_alarm, name)},
    {.name = "tag", value_text, AT(_alarm, tag)},
    {.name = "blocks", value_narrow, AT(_alarm, blocks)},
    {.name = "limit_bytes", value_count, AT(_alarm, limit)},
    {.name = "value_bytes", value_count, AT(_alarm, value)},
    {.name = "change_bytes", value_change, AT(_alarm, change)},
    {.name = "since_seconds", value_ms, AT(_alarm, since_ms)},
    END,
};

/* Tables whose one row is the head itself. */
#define HEAD(word)                                                                      \
    {                                                                                   \
        .name = #word, .fields = word, .row_bytes = sizeof(struct snapshot), .fixed = 1 \
    }

#define TABLE(word, type)                                                                          \
    {                                                                                              \
        .name = #word, .fields = word, .row_bytes = sizeof(struct snapshot_##type),                \
        .rows_at = offsetof(struct snapshot, type##s), .at = offsetof(struct snapshot, type##s_at) \
    }

const struct field_table field_tables[] = {
    HEAD(process),
    HEAD(total),
    {.name = "memory",
     .fields = memory,
     .row_bytes = sizeof(struct snapshot_memory),
     .fixed = 1,
     .rows_at = offsetof(struct snapshot, memory.known),
     .at = offsetof(struct snapshot, memory)},
    {.name = "alarm",
     .fields = alarm,
     .row_bytes = sizeof(struct snapshot_alarm),
     .fixed = 1,
     .rows_at = offsetof(struct snapshot, alarm.what),
     .at = offsetof(struct snapshot, alarm)},
    TABLE(tags, tag),
    {.name = "sizes",
     .fields = sizes,
     .row_bytes = sizeof(struct snapshot_amount),
     .fixed = SNAPSHOT_SIZE_CLASSES,
     .at = offsetof(struct snapshot, sizes)},
    TABLE(threads, thread),
    TABLE(sites, site),
    TABLE(suspects, suspect),
    TABLE(stacks, stack),
    TABLE(objects, object),
    TABLE(series, point),
    TABLE(notes, note),
    {.name = NULL},
};

const struct field_table *fields_table(const char *name)
{
    for (const struct field_table *table = field_tables; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static uint32_t number_at(const struct snapshot *snapshot, uint16_t at)
{
    return *(const uint32_t *)((const char *)snapshot + at);
}

uint32_t fields_rows(const struct field_table *table, const struct snapshot *snapshot)
{
    if (table->fixed == 0)
        return number_at(snapshot, table->rows_at);
    return table->rows_at == 0 || number_at(snapshot, table->rows_at) != 0 ? table->fixed : 0;
}

const void *fields_row(const struct field_table *table, const struct snapshot *snapshot, uint32_t row)
{
    size_t first = table->fixed != 0 ? table->at : number_at(snapshot, table->at);
    return (const char *)snapshot + first + row * table->row_bytes;
}
