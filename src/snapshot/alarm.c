#include "sections.h"

static void write_signed(struct writer *out, int64_t bytes)
{
    writer_text(out, bytes < 0 ? "-" : "+");
    format_size(out, bytes < 0 ? -(uint64_t)bytes : (uint64_t)bytes);
}

static void write_subject(struct writer *out, const struct snapshot_alarm *alarm)
{
    if (alarm->of == SNAPSHOT_TOTAL) {
        writer_text(out, "the process");
        return;
    }
    writer_text(out, alarm->of == SNAPSHOT_TAG ? "tag " : "call site ");
    format_name(out, alarm->name, sizeof alarm->name);
}

static void write_since(struct writer *out, const struct snapshot_alarm *alarm)
{
    write_signed(out, alarm->change);
    writer_text(out, " in ");
    format_decimal(out, alarm->since_ms / 100, 1);
    writer_text(out, " s");
}

static void write_level(struct writer *out, const struct snapshot_alarm *alarm)
{
    write_subject(out, alarm);
    writer_text(out, alarm->over ? " is below " : " holds ");
    format_size(out, alarm->limit);
    writer_text(out, alarm->over ? " again: " : " or more: ");
    format_size(out, alarm->value);
    writer_text(out, ", ");
    write_since(out, alarm);
}

static void write_change(struct writer *out, const struct snapshot_alarm *alarm)
{
    write_subject(out, alarm);
    writer_text(out, " changed by ");
    format_size(out, alarm->limit);
    writer_text(out, " or more: ");
    write_since(out, alarm);
    writer_text(out, ", now ");
    format_size(out, alarm->value);
}

static void write_block(struct writer *out, const struct snapshot_alarm *alarm)
{
    format_number(out, alarm->blocks);
    writer_text(out, alarm->blocks == 1 ? " block of " : " blocks of ");
    format_size(out, alarm->limit);
    writer_text(out, " or more: ");
    format_size(out, alarm->value);
    writer_text(out, alarm->blocks == 1 ? ", tag " : " the largest, tag ");
    format_name(out, alarm->tag, sizeof alarm->tag);
    writer_text(out, ", at ");
    format_name(out, alarm->name, sizeof alarm->name);
}

void section_alarm(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    const struct snapshot_alarm *alarm = &snapshot->alarm;
    (void)top;
    if (alarm->what == SNAPSHOT_ALARM_NONE)
        return;
    writer_text(out, "\nAlarm: ");
    if (alarm->what == SNAPSHOT_ALARM_LEVEL)
        write_level(out, alarm);
    else if (alarm->what == SNAPSHOT_ALARM_CHANGE)
        write_change(out, alarm);
    else
        write_block(out, alarm);
    writer_text(out, "\n");
}
