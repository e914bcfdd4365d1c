#include "symbolize.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "binary.h"
#include "cmd/diagnostics.h"
#include "cmd/segment/process.h"
#include "cmd/texts.h"
#include "demangle.h"

#define NO_MODULE "(no module)" /* as the library writes it */

/* An address of the snapshot, or another one that was asked for. */
struct spot {
    uint64_t address;
    uint32_t object;
    const char *known; /* its name in the snapshot; NULL: none */
    struct symbol *symbol;
};

struct file {
    struct debug *debug; /* NULL: not found, or not the same file */
    bool looked_for;
    bool shared; /* an earlier row owns `debug` */
};

struct symbolizer {
    const struct snapshot *snapshot;
    struct file *file; /* by the row of the object */
    const char *debug_path;
    uint32_t pid; /* 0: the process is dead */
    void *spots;  /* a tree of tsearch's */
    struct texts texts;
    bool progress;
    bool shown;
    uint32_t found;
    uint32_t to_find;
    uint64_t began_ms;
    uint64_t shown_ms;
};

/* ---- addresses ---- */

static int spots_by_address(const void *a, const void *b)
{
    const struct spot *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return (x->object > y->object) - (x->object < y->object);
}

static struct spot *spot_of(struct symbolizer *symbolizer, uint32_t object, uint64_t address)
{
    struct spot key = {.address = address, .object = object};
    struct spot *const *there = tfind(&key, &symbolizer->spots, spots_by_address);
    if (there != NULL)
        return *there;
    struct spot *spot = must_allocate(sizeof *spot);
    *spot = key;
    if (tsearch(spot, &symbolizer->spots, spots_by_address) == NULL)
        must_resize(NULL, PTRDIFF_MAX); /* ends the process with its message */
    symbolizer->to_find++;
    return spot;
}

static void add_spot(struct symbolizer *symbolizer, uint32_t object, uint64_t address, const char *name)
{
    struct spot *spot = spot_of(symbolizer, object, address);
    if (name[0] != '\0' && spot->known == NULL)
        spot->known = name;
}

static void add_all_spots(struct symbolizer *symbolizer)
{
    const struct snapshot *snapshot = symbolizer->snapshot;
    const struct snapshot_site *site = snapshot_sites(snapshot);
    const struct snapshot_stack *stack = snapshot_stacks(snapshot);
    const char *names = snapshot_names(snapshot);
    for (uint32_t i = 0; i < snapshot->sites; i++)
        if (site[i].address != 0)
            add_spot(symbolizer, site[i].object, site[i].address, site[i].name);
    for (uint32_t i = 0; i < snapshot->stacks; i++)
        for (uint32_t j = 0; j < stack[i].frames; j++) {
            const struct snapshot_frame *frame = &snapshot_frames(snapshot)[stack[i].frame + j];
            add_spot(symbolizer, frame->object, frame->address, frame->name_at != 0 ? names + frame->name_at : "");
        }
}

/* ---- files ---- */

static bool same_file(const struct snapshot_object *a, const struct snapshot_object *b)
{
    return a->build_id_bytes == b->build_id_bytes && memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0 &&
           strcmp(a->path, b->path) == 0 && (a->build_id_bytes != 0 || a->first_seen_ms == b->first_seen_ms);
}

/* An earlier row of the same file, which was loaded twice; or NULL. */
static const struct file *opened_before(const struct symbolizer *symbolizer, uint32_t row)
{
    const struct snapshot_object *object = snapshot_objects(symbolizer->snapshot);
    for (uint32_t i = 0; i < symbolizer->snapshot->objects; i++)
        if (symbolizer->file[i].looked_for && same_file(&object[i], &object[row]))
            return &symbolizer->file[i];
    return NULL;
}

static struct debug *open_object(const struct symbolizer *symbolizer, const struct snapshot_object *object)
{
    const struct snapshot *snapshot = symbolizer->snapshot;
    uint64_t ago_ms = snapshot->uptime_ms - object->first_seen_ms;
    const struct binary_search search = {
        .pid = symbolizer->pid,
        .loaded = (int64_t)((uint64_t)snapshot->wall_seconds - ago_ms / 1000),
        .debug_path = symbolizer->debug_path,
    };
    return binary_open(object, &search);
}

static struct debug *debug_of(struct symbolizer *symbolizer, uint32_t row)
{
    struct file *file = &symbolizer->file[row];
    if (!file->looked_for) {
        const struct file *before = opened_before(symbolizer, row);
        file->debug =
            before != NULL ? before->debug : open_object(symbolizer, &snapshot_objects(symbolizer->snapshot)[row]);
        file->shared = before != NULL;
        file->looked_for = true;
    }
    return file->debug;
}

/* ---- symbols ---- */

static const char *keep_clean(struct symbolizer *symbolizer, const char *text)
{
    size_t capacity = strlen(text) + 1;
    char *clean = must_allocate(capacity);
    clean_text(text, clean, capacity);
    const char *kept = texts_keep(&symbolizer->texts, clean);
    free(clean);
    return kept;
}

/* Names a frame by its linkage name, of which the symbol version (memcpy@@GLIBC_2.14) is cut off. */
static void name_symbol_frame(struct symbolizer *symbolizer, struct symbol_frame *frame, const char *linkage)
{
    char *name = xasprintf("%.*s", (int)(linkage[0] != '\0' ? 1 + strcspn(linkage + 1, "@") : 0), linkage);
    char *readable = demangle(name);
    frame->system_name = keep_clean(symbolizer, name);
    frame->function = readable != NULL ? keep_clean(symbolizer, readable) : frame->system_name;
    free(readable);
    free(name);
}

static const char *module_name(const struct symbolizer *symbolizer, uint32_t object)
{
    if (object == SNAPSHOT_NONE)
        return NO_MODULE;
    const char *path = snapshot_objects(symbolizer->snapshot)[object].path;
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static struct symbol *symbol_new(struct symbolizer *symbolizer, uint32_t object, uint32_t frames)
{
    struct symbol *symbol = must_allocate(sizeof *symbol + frames * sizeof *symbol->frame);
    symbol->module = keep_clean(symbolizer, module_name(symbolizer, object));
    symbol->frames = frames;
    for (uint32_t i = 0; i < frames; i++)
        symbol->frame[i].file = "";
    return symbol;
}

static struct symbol *symbol_without_name(struct symbolizer *symbolizer, const struct spot *spot)
{
    bool in_file = spot->object != SNAPSHOT_NONE;
    struct symbol *symbol = symbol_new(symbolizer, spot->object, 1);
    symbol->offset = spot->address - (in_file ? snapshot_objects(symbolizer->snapshot)[spot->object].base : 0);
    char *name = xasprintf("%s+0x%" PRIx64, symbol->module, symbol->offset);
    symbol->frame[0].function = symbol->frame[0].system_name = texts_keep(&symbolizer->texts, name);
    free(name);
    return symbol;
}

/* The snapshot's name is MODULE!FUNCTION+0x12. NULL: it has no function. */
static struct symbol *symbol_from_snapshot(struct symbolizer *symbolizer, const struct spot *spot)
{
    const char *function = spot->known != NULL ? strchr(spot->known, '!') : NULL;
    const char *plus = function != NULL ? strrchr(function, '+') : NULL;
    if (plus == NULL || plus == function + 1 || strncmp(plus, "+0x", 3) != 0)
        return NULL;
    struct symbol *symbol = symbol_new(symbolizer, spot->object, 1);
    char *name = xasprintf("%.*s", (int)(plus - function - 1), function + 1);
    name_symbol_frame(symbolizer, &symbol->frame[0], name);
    symbol->offset = strtoull(plus + 1, NULL, 16);
    symbol->named = true;
    free(name);
    return symbol;
}

static const char *keep_file(struct symbolizer *symbolizer, const struct debug_frame *frame)
{
    if (frame->file == NULL)
        return "";
    if (frame->file[0] == '/' || frame->directory == NULL || frame->directory[0] != '/')
        return keep_clean(symbolizer, frame->file);
    char *path = xasprintf("%s/%s", frame->directory, frame->file);
    const char *kept = keep_clean(symbolizer, path);
    free(path);
    return kept;
}

static struct symbol *symbol_from_file(struct symbolizer *symbolizer, const struct spot *spot)
{
    struct debug_place place;
    struct debug *debug = spot->object != SNAPSHOT_NONE ? debug_of(symbolizer, spot->object) : NULL;
    if (debug == NULL)
        return NULL;
    uint64_t address = spot->address - snapshot_objects(symbolizer->snapshot)[spot->object].base;
    debug_find(debug, address - 1, &place);
    if (place.frames == 0 || place.frame[place.frames - 1].function == NULL)
        return NULL;
    struct symbol *symbol = symbol_new(symbolizer, spot->object, place.frames);
    symbol->offset = address - place.begin;
    symbol->named = true;
    for (uint32_t i = 0; i < place.frames; i++) {
        const struct debug_frame *from = &place.frame[i];
        struct symbol_frame *frame = &symbol->frame[i];
        name_symbol_frame(symbolizer, frame, from->function != NULL ? from->function : "(no name)");
        frame->file = keep_file(symbolizer, from);
        frame->line = from->line;
        frame->first_line = from->first_line;
    }
    return symbol;
}

/* ---- progress ---- */

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void show_progress(struct symbolizer *symbolizer)
{
    enum { QUIET_MS = 1000, REFRESH_MS = 100 };
    symbolizer->found++;
    if (!symbolizer->progress)
        return;
    uint64_t now = now_ms();
    if (symbolizer->began_ms == 0)
        symbolizer->began_ms = now;
    if (now - symbolizer->began_ms < QUIET_MS || now - symbolizer->shown_ms < REFRESH_MS)
        return;
    fprintf(stderr, "\rtrackmalloc: symbols of %u of %u addresses", symbolizer->found, symbolizer->to_find);
    symbolizer->shown_ms = now;
    symbolizer->shown = true;
}

void symbolizer_show_progress(struct symbolizer *symbolizer)
{
    symbolizer->progress = isatty(STDERR_FILENO);
    symbolizer->began_ms = now_ms();
}

/* ---- the symbolizer ---- */

struct symbolizer *symbolizer_new(const struct snapshot *snapshot, const char *debug_path)
{
    struct symbolizer *symbolizer = must_allocate(sizeof *symbolizer);
    symbolizer->snapshot = snapshot;
    symbolizer->debug_path = debug_path;
    symbolizer->pid = process_lives(snapshot->pid, snapshot->started_ticks, NULL) ? snapshot->pid : 0;
    symbolizer->file = must_allocate(snapshot->objects * sizeof *symbolizer->file);
    add_all_spots(symbolizer);
    return symbolizer;
}

static void free_spot(void *spot)
{
    free(((struct spot *)spot)->symbol);
    free(spot);
}

void symbolizer_free(struct symbolizer *symbolizer)
{
    if (symbolizer == NULL)
        return;
    if (symbolizer->shown)
        fputs("\r\033[K", stderr);
    tdestroy(symbolizer->spots, free_spot);
    for (uint32_t i = 0; i < symbolizer->snapshot->objects; i++)
        if (!symbolizer->file[i].shared)
            debug_close(symbolizer->file[i].debug);
    texts_free(&symbolizer->texts);
    free(symbolizer->file);
    free(symbolizer);
}

const struct symbol *symbolizer_find(struct symbolizer *symbolizer, uint32_t object, uint64_t address)
{
    struct spot *spot = spot_of(symbolizer, object, address);
    if (spot->symbol == NULL) {
        spot->symbol = symbol_from_file(symbolizer, spot);
        if (spot->symbol == NULL)
            spot->symbol = symbol_from_snapshot(symbolizer, spot);
        if (spot->symbol == NULL)
            spot->symbol = symbol_without_name(symbolizer, spot);
        show_progress(symbolizer);
    }
    return spot->symbol;
}

/* Replaces the middle by dots: the end of a name tells most, and has the offset. Cuts no character in two. */
static void shorten_middle(char *text, size_t length, size_t most)
{
    enum { GAP = 3 };
    size_t head = (most - GAP) / 2;
    size_t tail = length - (most - GAP - head);
    while (head > 0 && (text[head] & 0xc0) == 0x80)
        head--;
    while ((text[tail] & 0xc0) == 0x80)
        tail++;
    memset(text + head, '.', GAP);
    memmove(text + head + GAP, text + tail, length - tail + 1);
}

size_t symbolizer_name(struct symbolizer *symbolizer, uint32_t object, uint64_t address, char *name, size_t capacity)
{
    enum { SHORTEST = 16 };
    const struct symbol *symbol = symbolizer_find(symbolizer, object, address);
    const char *function = symbol->frame[symbol->frames - 1].function;
    char *whole = symbol->named ? xasprintf("%s!%s+0x%" PRIx64, symbol->module, function, symbol->offset)
                                : xasprintf("%s", function);
    size_t length = clean_text(whole, whole, strlen(whole) + 1);
    if (length >= capacity && capacity > SHORTEST)
        shorten_middle(whole, length, capacity - 1);
    length = clean_text(whole, name, capacity);
    free(whole);
    return length;
}
