#include "module.h"

#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "functions.h"
#include "glibc.h"
#include "lookup.h"
#include "sys.h"

static char program[SNAPSHOT_NAME];    /* as it was called */
static char executable[SNAPSHOT_NAME]; /* as its file is named */

/* The last object that was there at start. What is loaded later stands behind it in the loader's list, and what stands
 * before it is never unloaded. */
static const struct link_map *last_at_start;

const char *module_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static size_t copy_name(char name[SNAPSHOT_NAME], const char *from)
{
    size_t length = strnlen(from, SNAPSHOT_NAME - 1);
    memcpy(name, from, length);
    name[length] = '\0';
    return length;
}

size_t module_name(uintptr_t address, char name[SNAPSHOT_NAME])
{
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return copy_name(name, "(no module)");
    const char *path = found.dlfo_link_map->l_name;
    return copy_name(name, path == NULL || *path == '\0' ? program : module_base(path));
}

const char *module_program(void)
{
    return program;
}

const char *module_executable(void)
{
    return executable;
}

static bool same_file(const char *a, const char *b)
{
    struct stat first = {0};
    struct stat second = {0};
    return sys2(SYS_stat, a, &first) == 0 && sys2(SYS_stat, b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

void module_start(void)
{
    char path[1024];
    const char *called = (const char *)getauxval(AT_EXECFN);
    bool asks = sys_calls == SYS_ANY;
    long length = !asks ? 0 : sys3(SYS_readlink, "/proc/self/exe", path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    copy_name(executable, *path != '\0' ? module_base(path) : "(unknown)");
    /* redis-server is a link to redis-check-rdb: the name that the user typed is the one to show. Of a script, the
     * kernel names the script; then it is the interpreter's. */
    bool by_name =
        called != NULL && strncmp(called, "/proc/", 6) != 0 && (!asks || same_file(called, "/proc/self/exe"));
    copy_name(program, by_name ? module_base(called) : executable);
    for (const struct link_map *map = lookup_first(); map != NULL; map = map->l_next)
        last_at_start = map;
}

/* ---- what is loaded ---- */

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

struct module_survey module_survey(void)
{
    struct module_survey survey = {NULL, false, false};
    const struct link_map *us = lookup_own();
    for (const struct link_map *map = lookup_first(); map != us && map != NULL; map = map->l_next) {
        const char *name = module_base(map->l_name);
        if (survey.own_malloc == NULL && (defines(map, "malloc") || defines(map, "free")))
            survey.own_malloc = *name != '\0' ? name : program;
        survey.own_realloc = survey.own_realloc || defines(map, "realloc");
        survey.own_new = survey.own_new || defines_any_new(map);
    }
    return survey;
}
