#include "names.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/diagnostics.h"
#include "cmd/hash.h"
#include "cmd/symbols/symbolize.h"

struct name {
    uint64_t key;
    char *text; /* NULL: the files have none */
};

struct names {
    void *known;               /* a tree of tsearch's */
    struct snapshot *snapshot; /* that the symbolizer works on */
    struct symbolizer *symbolizer;
    int64_t deadline_ms;
    bool pending;
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int names_by_key(const void *a, const void *b)
{
    uint64_t x = ((const struct name *)a)->key, y = ((const struct name *)b)->key;
    return (x > y) - (x < y);
}

static void free_name(void *name)
{
    free(((struct name *)name)->text);
    free(name);
}

struct names *names_new(void)
{
    return must_allocate(sizeof(struct names));
}

static void close_files(struct names *names)
{
    symbolizer_free(names->symbolizer);
    free(names->snapshot);
    names->symbolizer = NULL;
    names->snapshot = NULL;
}

void names_free(struct names *names)
{
    close_files(names);
    tdestroy(names->known, free_name);
    free(names);
}

static bool same_objects(const struct snapshot *a, const struct snapshot *b)
{
    return a->pid == b->pid && a->started_ticks == b->started_ticks && a->objects == b->objects &&
           memcmp(snapshot_objects(a), snapshot_objects(b), a->objects * sizeof(struct snapshot_object)) == 0;
}

void names_take(struct names *names, const struct snapshot *snapshot)
{
    if (names->snapshot != NULL && same_objects(names->snapshot, snapshot))
        return;
    if (names->snapshot != NULL && names->snapshot->pid != snapshot->pid) {
        tdestroy(names->known, free_name);
        names->known = NULL;
    }
    close_files(names);
    names->snapshot = must_allocate(snapshot->bytes);
    memcpy(names->snapshot, snapshot, snapshot->bytes);
    names->symbolizer = symbolizer_new(names->snapshot, DEBUG_PATH);
}

void names_allow(struct names *names, int64_t ms)
{
    names->deadline_ms = now_ms() + ms;
}

bool names_pending(struct names *names)
{
    bool pending = names->pending;
    names->pending = false;
    return pending;
}

static char *name_from_files(struct names *names, uint32_t object, uint64_t address)
{
    char text[ROW_NAME];
    if (!symbolizer_find(names->symbolizer, object, address)->named)
        return NULL;
    symbolizer_name(names->symbolizer, object, address, text, sizeof text);
    return xasprintf("%s", text);
}

static const char *find_name(void *of, const struct snapshot *snapshot, uint32_t object, uint64_t address)
{
    struct names *names = of;
    struct name key = {.key = view_place_key(snapshot, HASH_START, address, object)};
    struct name *const *there = tfind(&key, &names->known, names_by_key);
    if (there != NULL)
        return (*there)->text;
    if (names->symbolizer == NULL || object >= names->snapshot->objects)
        return NULL;
    if (now_ms() >= names->deadline_ms) {
        names->pending = true;
        return NULL;
    }
    struct name *name = must_allocate(sizeof *name);
    *name = (struct name){key.key, name_from_files(names, object, address)};
    tsearch(name, &names->known, names_by_key);
    return name->text;
}

struct namer names_namer(struct names *names)
{
    return (struct namer){find_name, names};
}
