/* Any bytes as a segment: refused, or shown by every face, without a fault and without a byte that steers a terminal.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cmd/compare/diff_text.h"
#include "cmd/diagnostics.h"
#include "cmd/export/formats.h"
#include "cmd/segment/load.h"
#include "compact.h"
#include "snapshot/text.h"
#include "story.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CLAIM(what) ((what) ? (void)0 : (fprintf(stderr, "not so: %s\n", #what), abort()))

/* ---- faces ---- */

/* A face writes what it would show of a snapshot; `other` is a good one, or the same. */
typedef void face(struct writer *out, const struct snapshot *snapshot, const struct snapshot *other);

static void face_report(struct writer *out, const struct snapshot *snapshot, const struct snapshot *other)
{
    (void)other;
    out->length = text_report(snapshot, 3, out->out, out->capacity);
}

static void face_long_report(struct writer *out, const struct snapshot *snapshot, const struct snapshot *other)
{
    (void)other;
    out->length = text_report(snapshot, 4096, out->out, out->capacity);
}

static void face_diff(struct writer *out, const struct snapshot *snapshot, const struct snapshot *other)
{
    struct diff diff = {.snapshot = {snapshot, other}, .wanted = {true, true, true}};
    diff_make(&diff);
    diff_text(out, &diff, 3);
    diff_free(&diff);
}

static void face_diff_backwards(struct writer *out, const struct snapshot *snapshot, const struct snapshot *other)
{
    face_diff(out, other, snapshot);
}

static void face_past(struct writer *out, const struct snapshot *snapshot, const struct snapshot *other)
{
    static const bool wanted[BY_KINDS] = {true, true, true};
    (void)other;
    past_text(out, snapshot, wanted, 3);
}

/* UTF-8 and lines; no control of C0 or C1. */
static void claim_harmless(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];
        CLAIM(byte == '\n' || (byte >= ' ' && byte != 0x7F));
        CLAIM(byte != 0xC2 || i + 1 == length || (unsigned char)text[i + 1] >= 0xA0);
    }
    CLAIM(length > 0 && text[length - 1] == '\n');
}

/* Measured first, then written into a piece of exactly that size, then into one that is too small. */
static void show(face *face, const struct snapshot *snapshot, const struct snapshot *other)
{
    struct writer measure = {NULL, 0, 0};
    face(&measure, snapshot, other);
    char *text = must_allocate(measure.length);
    struct writer whole = {text, measure.length, 0};
    face(&whole, snapshot, other);
    CLAIM(whole.length == measure.length);
    claim_harmless(text, whole.length);
    free(text);
    text = must_allocate(measure.length / 2);
    struct writer half = {text, measure.length / 2, 0};
    face(&half, snapshot, other);
    CLAIM(half.length == measure.length);
    free(text);
}

static const struct snapshot *good_one(void)
{
    static struct snapshot *good;
    if (good == NULL) {
        struct story *story = story_new();
        good = story_lay_out(story);
        free(story);
    }
    return good;
}

/* ---- exports: they clean texts for their readers, not for a terminal ---- */

static void export_all(const struct loaded *loaded)
{
    for (const struct export_format *format = export_formats; format->name != NULL; format++) {
        for (int by = 0; by < 3; by++) {
            struct export_options options = {.by = (enum export_by)by};
            char *bytes;
            size_t length;
            if (export_bytes(format->write, loaded, &options, &bytes, &length))
                free(bytes);
        }
    }
}

/* ---- the input ---- */

static int expand(const uint8_t *data, size_t size)
{
    size_t head = size < COMPACT_HEAD ? size : COMPACT_HEAD;
    static int file = -1;
    if (file < 0)
        file = memfd_create("input", MFD_CLOEXEC);
    CLAIM(ftruncate(file, 0) == 0 && pwrite(file, data, head, 0) == (ssize_t)head);
    if (size > head)
        CLAIM(pwrite(file, data + head, size - head, SEGMENT_BUFFERS_AT) == (ssize_t)(size - head));
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static face *const faces[] = {face_report, face_long_report, face_diff, face_diff_backwards, face_past};
    struct loaded loaded;
    const char *why = NULL;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", expand(data, size));
    if (!load_file(path, &loaded, &why)) {
        CLAIM(why != NULL && why[0] != '\0' && loaded.snapshot == NULL);
        return 0;
    }
    for (size_t i = 0; i < sizeof faces / sizeof *faces; i++)
        show(faces[i], loaded.snapshot, good_one());
    show(face_diff, loaded.snapshot, loaded.snapshot);
    export_all(&loaded);
    loaded_free(&loaded);
    return 0;
}
