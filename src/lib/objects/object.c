#include "object.h"

#include <string.h>

#include "lib/config/full.h"
#include "lib/sys/glibc.h"
#include "lib/sys/sys.h"
#include "maps.h"
#include "module.h"
#include "program.h"

enum { PATH_BYTES = 1024, TEXT_BYTES = 256 * 1024 };

static struct {
    unsigned count; /* written under the accounting lock, read by anybody */
    size_t text_used;
    struct object object[OBJECTS_MAX];
    char text[TEXT_BYTES]; /* paths, each with a closing zero */
    char path[PATH_BYTES]; /* the one that is being put together */
} objects SPARSE;

/* ---- what is known ---- */

void object_start(void)
{
    objects.object[OBJECT_NONE] = (struct object){.path = "", .name = "(no module)"};
    objects.object[OBJECT_OTHER] = (struct object){.path = "", .name = "(other)"};
    __atomic_store_n(&objects.count, 1, __ATOMIC_RELEASE);
}

unsigned object_count(void)
{
    return __atomic_load_n(&objects.count, __ATOMIC_ACQUIRE); /* pairs with the store in `add` */
}

const struct object *object_get(unsigned object)
{
    return &objects.object[object < object_count() ? object : OBJECT_OTHER];
}

bool object_is_gone(const struct object *object)
{
    return __atomic_load_n(&object->gone_ms, __ATOMIC_RELAXED) != 0;
}

struct image object_image(const struct object *object)
{
    return image_of_loaded(object->begin, object->end, object->bias, object->stays);
}

unsigned object_at(uintptr_t address)
{
    for (unsigned i = object_count(); i-- > 1;) {
        const struct object *object = &objects.object[i];
        if (address - object->begin < object->end - object->begin && !object_is_gone(object))
            return i;
    }
    return OBJECT_NONE;
}

/* Whether there is something to read, and it is another build. */
static bool is_another(const struct image_identity *a, const struct image_identity *b)
{
    return a->print != 0 && b->print != 0 && a->print != b->print;
}

bool object_is_there(const struct object *object)
{
    struct image image = object_image(object);
    return image_verify(&image, &object->identity) == IMAGE_SAME;
}

static bool same_build(const struct image_identity *a, const struct image_identity *b)
{
    if (a->id_bytes == 0)
        return a->print != 0 && a->print == b->print;
    return a->id_bytes == b->id_bytes && memcmp(a->id, b->id, a->id_bytes) == 0; /* stripped or not */
}

static bool open_same(const struct object *object, const char *path, struct image *image)
{
    if (!image_open(image, path))
        return false;
    struct image_identity identity = image_identify(image);
    if (same_build(&object->identity, &identity))
        return true;
    image_close(image);
    return false;
}

bool object_open(const struct object *object, struct image *image)
{
    return (object->is_program && open_same(object, "/proc/self/exe", image)) ||
           (object->path[0] == '/' && open_same(object, object->path, image));
}

/* ---- the table ---- */

/* A text that stays; one that is there already is shared. NULL: no space. */
static const char *keep_text(const char *text)
{
    size_t bytes = strlen(text) + 1;
    for (unsigned i = 0; i < objects.count; i++)
        if (strcmp(objects.object[i].path, text) == 0)
            return objects.object[i].path;
    if (bytes > TEXT_BYTES - objects.text_used)
        return NULL;
    char *kept = memcpy(objects.text + objects.text_used, text, bytes);
    objects.text_used += bytes;
    return kept;
}

static void mark_gone(struct object *object, uint64_t now_ms)
{
    __atomic_store_n(&object->gone_ms, now_ms != 0 ? now_ms : 1, __ATOMIC_RELAXED);
}

static void mark_back(struct object *object)
{
    cell_write(&object->gone_ms, 0);
    __atomic_store_n(&object->times, object->times + 1, __ATOMIC_RELAXED);
}

/* Where one of them could not be read, its place must do. */
static bool same_place(const struct object *a, const struct object *b)
{
    return a->begin == b->begin && a->end == b->end && a->bias == b->bias && a->dynamic == b->dynamic &&
           !is_another(&a->identity, &b->identity);
}

/* The loader's path of it. What is left of one that found no space, or of a relative one, is the base name. */
static bool has_path(const struct object *object, const char *path)
{
    const char *base = module_base(path);
    if (object->is_program)
        return true;
    return strcmp(object->path, path) == 0 || strcmp(object->path, base) == 0 ||
           (path[0] != '/' && strcmp(object->name, base) == 0);
}

/* The program's is in program.c for good. Of a file that was opened by a link's name, this is not the path's end.
 */
static const char *keep_name(const struct object *found, const char *path)
{
    const char *base = module_base(path);
    if (found->is_program)
        return found->name;
    bool own = found->name != NULL && strcmp(found->name, base) != 0;
    const char *kept = own ? keep_text(found->name) : NULL;
    return kept != NULL ? kept : base;
}

static unsigned add_object(const struct object *found, uint64_t now_ms)
{
    const char *path = objects.count < OBJECT_OTHER ? keep_text(found->path) : NULL;
    if (path == NULL && objects.count < OBJECT_OTHER)
        path = keep_text(module_base(found->path));
    if (path == NULL) {
        full_record(FULL_OBJECTS);
        return OBJECT_OTHER;
    }
    struct object *object = &objects.object[objects.count];
    *object = *found;
    object->path = path;
    object->name = keep_name(found, path);
    object->seen_ms = now_ms;
    object->gone_ms = 0;
    object->times = 1;
    __atomic_store_n(&objects.count, objects.count + 1, __ATOMIC_RELEASE); /* pairs with object_count */
    return objects.count - 1;
}

unsigned object_record(const struct object *found, uint64_t now_ms)
{
    unsigned number = OBJECT_NONE;
    for (unsigned i = objects.count; i-- > 1;) {
        struct object *object = &objects.object[i];
        if (number == OBJECT_NONE && same_place(object, found) && has_path(object, found->path))
            number = i;
        else if (!object_is_gone(object) && object->begin < found->end && found->begin < object->end)
            mark_gone(object, now_ms);
    }
    if (number == OBJECT_NONE)
        return add_object(found, now_ms);
    if (object_is_gone(&objects.object[number]))
        mark_back(&objects.object[number]);
    return number;
}

/* ---- what is loaded ---- */

/* Where the program is now. */
static const char *made_absolute(const char *path)
{
    long length = sys2(SYS_getcwd, objects.path, sizeof objects.path); /* counts the closing zero */
    size_t bytes = strlen(path) + 1;
    if (length <= 1 || objects.path[0] != '/' || (size_t)length + bytes > sizeof objects.path)
        return path;
    objects.path[length - 1] = '/';
    memcpy(objects.path + length, path, bytes);
    return objects.path;
}

/* A relative path meant something where the program stood when it opened it: the kernel still knows the file. */
static const char *absolute(const char *path, uintptr_t address)
{
    if (path[0] == '/' || strchr(path, '/') == NULL || sys_calls != SYS_ANY)
        return path;
    return maps_path(address, objects.path, sizeof objects.path) ? objects.path : made_absolute(path);
}

/* Where the loader has mapped the object that an address belongs to, and nothing more of it. */
static bool find_loaded(uintptr_t address, struct object *found, const char **path)
{
    struct dl_find_object loader;
    if (_dl_find_object((void *)address, &loader) != 0)
        return false;
    const struct link_map *map = loader.dlfo_link_map;
    *found = (struct object){.begin = (uintptr_t)loader.dlfo_map_start,
                             .end = (uintptr_t)loader.dlfo_map_end,
                             .bias = map->l_addr,
                             .dynamic = (uintptr_t)map->l_ld,
                             .stays = module_at_start((uintptr_t)map->l_ld)};
    *path = map->l_name != NULL ? map->l_name : "";
    return true;
}

static const char *path_of_program(void)
{
    return program_path()[0] != '\0' ? program_path() : program_called();
}

static void add_names(struct object *found, const char *path)
{
    found->is_program = *path == '\0';
    found->path = found->is_program ? path_of_program() : absolute(path, found->dynamic);
    found->name = found->is_program ? program_called() : module_base(path);
}

/* The one that was there at the last look, if its place and path are the same. (Another build of it that was
 * loaded since, before anybody told of the dlclose, is found out by object_check.) */
static unsigned find_known(const struct object *found, const char *path)
{
    for (unsigned i = objects.count; i-- > 1;) {
        const struct object *known = &objects.object[i];
        if (!object_is_gone(known) && same_place(known, found) && has_path(known, path))
            return i;
    }
    return OBJECT_NONE;
}

unsigned object_of(uintptr_t address, uint64_t now_ms)
{
    struct object found;
    const char *path;
    if (!find_loaded(address, &found, &path))
        return OBJECT_NONE;
    unsigned number = find_known(&found, path);
    if (number != OBJECT_NONE)
        return number;
    struct image image = object_image(&found);
    found.identity = image_identify(&image);
    found.codes = image_codes(&image, found.code);
    add_names(&found, path);
    return object_record(&found, now_ms);
}

static bool is_loaded(const struct object *object)
{
    struct dl_find_object loader;
    if (_dl_find_object((void *)object->begin, &loader) != 0 || (uintptr_t)loader.dlfo_map_start != object->begin ||
        (uintptr_t)loader.dlfo_map_end != object->end)
        return false;
    struct image image = object_image(object);
    return image_verify(&image, &object->identity) != IMAGE_ANOTHER;
}

/* What finds no space in the table may have gone as well. */
bool object_check(uint64_t now_ms)
{
    bool any = full_is_recorded(FULL_OBJECTS);
    for (unsigned i = 1; i < objects.count; i++) {
        struct object *object = &objects.object[i];
        if (object_is_gone(object) || object->is_program || is_loaded(object))
            continue;
        mark_gone(object, now_ms);
        any = true;
    }
    return any;
}
