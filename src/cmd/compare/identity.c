#include "identity.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

struct identity {
    const char *base; /* name */
    bool same_build;  /* the other has it too */
    bool rebuilt;     /* the other has another build only */
};

/* ---- objects ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool same_build(const struct snapshot_object *a, const struct snapshot_object *b)
{
    return a->build_id_bytes != 0 && a->build_id_bytes == b->build_id_bytes &&
           memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0;
}

/* Looks one object up among the other's. */
static struct identity identify(const struct snapshot_object *object, const struct snapshot *other)
{
    struct identity identity = {.base = base_name(object->path)};
    bool without = false; /* a build-id, both */
    bool another = false;
    for (uint32_t i = 0; i < other->objects && !identity.same_build; i++) {
        const struct snapshot_object *theirs = &snapshot_objects(other)[i];
        identity.same_build = same_build(object, theirs);
        if (strcmp(identity.base, base_name(theirs->path)) != 0)
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
            mine[side].object[i] = identify(&snapshot_objects(snapshot)[i], snapshots[!side]);
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
        length = (size_t)(at - name); /* the last: a function's own name may hold one */
    return length;
}

static bool by_function(const struct identities *mine, uint32_t object, const char *name)
{
    return object != SNAPSHOT_NONE && mine->object[object].rebuilt && function_length(name) != 0;
}

static char *build_key(const struct snapshot_object *object, uint64_t offset)
{
    char hex[2 * SNAPSHOT_BUILD_ID + 1] = "";
    for (uint32_t i = 0; i < object->build_id_bytes; i++)
        for (unsigned half = 0; half < 2; half++)
            hex[2 * i + half] = "0123456789abcdef"[object->build_id[i] >> (half ? 0 : 4) & 15];
    return xasprintf("#%s+%" PRIx64, hex, offset);
}

char *identity_key(const struct identities *mine, uint32_t object, uint64_t address, const char *name)
{
    if (object == SNAPSHOT_NONE)
        return xasprintf("@%" PRIx64 " %s", address, name);
    const struct snapshot_object *row = &snapshot_objects(mine->snapshot)[object];
    if (mine->object[object].same_build)
        return build_key(row, address - row->base);
    if (by_function(mine, object, name))
        return xasprintf("!%.*s", (int)function_length(name), name);
    return xasprintf("/%s+%" PRIx64, mine->object[object].base, address - row->base);
}

char *identity_name(const struct identities *mine, uint32_t object, uint64_t address, const char *name)
{
    if (by_function(mine, object, name))
        return xasprintf("%.*s", (int)function_length(name), name);
    if (name[0] != '\0')
        return xasprintf("%s", name);
    if (object == SNAPSHOT_NONE)
        return xasprintf(address != 0 ? "0x%" PRIx64 : "(others)", address);
    return xasprintf("%s+0x%" PRIx64, mine->object[object].base,
                     address - snapshot_objects(mine->snapshot)[object].base);
}
