/* Notes: what the library did to the program on purpose, or could not do for it. */
#include "sections.h"

/* What comes before the name and behind it; `nobody`, where it is about nothing that has a name. */
struct wording {
    const char *before, *behind, *nobody;
};

static const struct wording *wording_of(uint32_t kind)
{
    static const struct wording wordings[] = {
        [SNAPSHOT_NOTE_OTHERS] = {"", "found no place here", "others"},
        [SNAPSHOT_NOTE_DEEPBIND] = {"", "is opened without RTLD_DEEPBIND, which would hide our free from it",
                                    "the program"},
        [SNAPSHOT_NOTE_DROPPED] = {"", "could not be written to: a report was dropped", "the output"},
    };
    static const struct wording unknown = {"", "is told of by a newer trackmalloc", "something"};
    return kind < sizeof wordings / sizeof *wordings ? &wordings[kind] : &unknown;
}

static void write_note(struct writer *out, const struct snapshot_note *note)
{
    const struct wording *wording = wording_of(note->kind);
    writer_text(out, wording->before);
    if (note->name[0] != '\0')
        format_name(out, note->name, sizeof note->name);
    else
        writer_text(out, wording->nobody);
    writer_text(out, " ");
    writer_text(out, wording->behind);
    if (note->count > 1) {
        writer_text(out, " (");
        format_number(out, note->count);
        writer_text(out, " times)");
    }
    writer_text(out, "\n");
}

void section_notes(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    const uint32_t shown = snapshot->notes < top ? snapshot->notes : top;
    if (snapshot->notes == 0)
        return;
    writer_text(out, "\nNotes:\n");
    for (uint32_t i = 0; i < shown; i++)
        write_note(out, &snapshot_notes(snapshot)[i]);
    if (shown == snapshot->notes)
        return;
    format_number(out, snapshot->notes - shown);
    writer_text(out, " more\n");
}
