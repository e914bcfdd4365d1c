#include "identity.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/build_id.h"
#include "cmd/diagnostics.h"

struct identity {
    const char *base; /* its base name */
    bool same_build;  /* the other snapshot has the same build */
    bool rebuilt;     /* the other snapshot has only another build */
};

/* ---- objects ---- */

static bool same_build(const struct snapshot_object *a, const struct snapshot_object *b)
{
    return a->build_id_bytes != 0 && a->build_id_bytes == b->build_id_bytes &&
           memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0;
}

/* Looks for one object among those of the other snapshot. */
static struct identity identify_object(const struct snapshot_object *object, const struct snapshot *other)
{
    struct identity identity = {.base = basename(object->path)};
    bool without = false; /* both have no build-id */
    bool another = false;
    for (uint32_t i = 0; i < other->objects && !identity.same_build; i++) {
        const struct snapshot_object *theirs = &snapshot_objects(other)[i];
        identity.same_build = same_build(object, theirs);
        if (strcmp(identity.base, basename(theirs->path)) != 0)
            continue;
        bool neither = object->build_id_bytes == 0 && theirs->build_id_bytes == 0;
        without |= neither;
        another |= !neither;
    }
    identity.rebuilt = another && !without && !identity.same_build;
    return identity;
}

void identities_make(const struct snapshot *const snapshots[2], struct identities mine[2])
{
    for (int side = 0; side < 2; side++) {
        const struct snapshot *snapshot = snapshots[side];
        mine[side].snapshot = snapshot;
        mine[side].object = must_allocate(snapshot->objects * sizeof *mine[side].object);
        for (uint32_t i = 0; i < snapshot->objects; i++)
            mine[side].object[i] = identify_object(&snapshot_objects(snapshot)[i], snapshots[!side]);
    }
}

void identities_free(struct identities mine[2])
{
    free(mine[0].object);
    free(mine[1].object);
}

const char *identity_rebuilt(const struct identities *mine, uint32_t *row)
{
    while (*row < mine->snapshot->objects) {
        const struct identity *identity = &mine->object[(*row)++];
        if (identity->rebuilt)
            return identity->base;
    }
    return NULL;
}

/* ---- places ---- */

/* The length of module!function before its offset; 0: no function is known. */
static size_t function_length(const char *name)
{
    const char *function = strchr(name, '!');
    size_t length = strlen(name);
    if (function == NULL)
        return 0;
    for (const char *at = function; (at = strstr(at, "+0x")) != NULL; at++)
        length = (size_t)(at - name); /* the last one: a function's name may contain +0x too */
    return length;
}

static bool is_by_function(const struct identities *mine, uint32_t object, const char *name)
{
    return object != SNAPSHOT_NONE && mine->object[object].rebuilt && function_length(name) != 0;
}

static char *build_key(const struct snapshot_object *object, uint64_t offset)
{
    build_id_text hex;
    return xasprintf("#%s+%" PRIx64, build_id_write(hex, object), offset);
}

char *identity_key(const struct identities *mine, uint32_t object, uint64_t address, const char *name)
{
    if (object == SNAPSHOT_NONE)
        return xasprintf("@%" PRIx64 " %s", address, name);
    const struct snapshot_object *row = &snapshot_objects(mine->snapshot)[object];
    if (mine->object[object].same_build)
        return build_key(row, address - row->base);
    if (is_by_function(mine, object, name))
        return xasprintf("!%.*s", (int)function_length(name), name);
    return xasprintf("/%s+%" PRIx64, mine->object[object].base, address - row->base);
}

char *identity_name(const struct identities *mine, uint32_t object, uint64_t address, const char *name)
{
    if (is_by_function(mine, object, name))
        return xasprintf("%.*s", (int)function_length(name), name);
    if (name[0] != '\0')
        return xasprintf("%s", name);
    if (object == SNAPSHOT_NONE)
        return xasprintf(address != 0 ? "0x%" PRIx64 : "(others)", address);
    return xasprintf("%s+0x%" PRIx64, mine->object[object].base,
                     address - snapshot_objects(mine->snapshot)[object].base);
}
