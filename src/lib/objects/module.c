#include "module.h"

#include <string.h>

#include "lib/next/functions.h"
#include "lib/next/lookup.h"
#include "lib/sys/glibc.h"
#include "program.h"

/* The last object that was there at start. What is loaded later is behind it in the loader's list, and what stands
 * before it is never unloaded. */
static const struct link_map *last_at_start;

const char *module_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static const char *name_at(uintptr_t address)
{
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return "(no module)";
    const char *path = found.dlfo_link_map->l_name;
    return path == NULL || *path == '\0' ? program_called() : module_base(path);
}

size_t module_name(uintptr_t address, char name[SNAPSHOT_NAME])
{
    const char *from = name_at(address);
    size_t length = strlen(from);
    length = length < SNAPSHOT_NAME ? length : SNAPSHOT_NAME - 1;
    memcpy(name, from, length);
    name[length] = '\0';
    return length;
}

/* ---- what is loaded ---- */

void module_start(void)
{
    const struct link_map *first = lookup_first();
    program_find(first != NULL ? (uintptr_t)first->l_ld : 0);
    for (const struct link_map *map = first; map != NULL; map = map->l_next)
        last_at_start = map;
}

bool module_at_start(uintptr_t dynamic)
{
    const struct link_map *map = last_at_start != NULL ? lookup_first() : NULL;
    while (map != NULL && (uintptr_t)map->l_ld != dynamic && map != last_at_start)
        map = map->l_next;
    return map != NULL && (uintptr_t)map->l_ld == dynamic;
}

static bool defines(const struct link_map *map, const char *name)
{
    return lookup_in(map, name) != NULL;
}

bool module_defines(uintptr_t dynamic, uintptr_t bias, const char *name)
{
    const struct link_map map = {.l_addr = bias, .l_ld = (ElfW(Dyn) *)dynamic};
    return defines(&map, name);
}

bool module_imports(uintptr_t dynamic, uintptr_t bias, const char *beginning)
{
    const struct link_map map = {.l_addr = bias, .l_ld = (ElfW(Dyn) *)dynamic};
    return lookup_imports(&map, beginning);
}

static bool defines_any_new(const struct link_map *map)
{
    static const char *const forms[] = {
#define FORM(result, name, parameters) #name,
        FUNCTIONS_NEW(FORM) FUNCTIONS_DELETE(FORM)
#undef FORM
    };
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (defines(map, forms[i]))
            return true;
    return false;
}

/* Whether the next operator new after us is neither the C++ library's, whose work ours does as well, nor that of an
 * allocator, which gives out the same blocks by malloc. (libc++abi, or libc++ where it is built so, has the handlers
 * beside it.) */
static bool next_new_is_foreign(const struct link_map *us)
{
    const struct link_map *map = us != NULL ? us->l_next : NULL;
    while (map != NULL && !defines(map, "_Znwm") && !defines(map, "_ZdlPv"))
        map = map->l_next;
    return map != NULL && !defines(map, "__cxa_throw") && !defines(map, "_ZSt15set_new_handlerPFvvE") &&
           !defines(map, "malloc");
}

struct module_survey module_survey(void)
{
    const struct link_map *us = lookup_own();
    struct module_survey survey = {.foreign_new = next_new_is_foreign(us)};
    for (const struct link_map *map = lookup_first(); map != us && map != NULL; map = map->l_next) {
        const char *name = module_base(map->l_name);
        if (survey.own_malloc == NULL && (defines(map, "malloc") || defines(map, "free")))
            survey.own_malloc = *name != '\0' ? name : program_called();
        survey.own_realloc = survey.own_realloc || defines(map, "realloc");
        survey.own_new = survey.own_new || defines_any_new(map);
    }
    return survey;
}
