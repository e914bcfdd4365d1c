#include "debug.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

enum { RANGES_MOST = 1 << 22 }; /* of a file that is believed; the largest browsers have a third of it */

struct range {
    Dwarf_Addr begin, end;
    Dwarf_Die unit;
};

struct debug {
    Dwfl *session; /* with this one module */
    Dwfl_Module *module;
    Dwfl_Callbacks callbacks;
    char *debug_path;
    struct range *range; /* by begin */
    size_t ranges;
    Dwarf_Addr bias; /* of the debug file's addresses to the file's own */
    bool ranges_known;
};

/* ---- the file ---- */

static bool report(struct debug *debug, int file, const char *path)
{
    debug->session = dwfl_begin(&debug->callbacks);
    if (debug->session == NULL)
        return false;
    dwfl_report_begin(debug->session);
    debug->module = dwfl_report_elf(debug->session, path, path, file, 0, true);
    return dwfl_report_end(debug->session, NULL, NULL) == 0 && debug->module != NULL;
}

struct debug *debug_open(int file, const char *path, const char *debug_path)
{
    struct debug *debug = must_allocate(sizeof *debug);
    debug->debug_path = must_print("%s", debug_path);
    debug->callbacks = (Dwfl_Callbacks){
        .find_elf = dwfl_build_id_find_elf, /* not asked: the file is open */
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
        .debuginfo_path = &debug->debug_path,
    };
    if (report(debug, file, path))
        return debug;
    if (debug->module == NULL)
        close(file);
    debug_close(debug);
    return NULL;
}

void debug_close(struct debug *debug)
{
    if (debug == NULL)
        return;
    if (debug->session != NULL)
        dwfl_end(debug->session);
    free(debug->range);
    free(debug->debug_path);
    free(debug);
}

/* ---- which compilation unit ---- */

/* libdw asks .debug_aranges, which clang and rustc do not write; so all units are asked themselves, once. */
static void add_unit(struct debug *debug, Dwarf_Die *unit, size_t *room)
{
    Dwarf_Addr base, begin, end;
    for (ptrdiff_t at = 0; (at = dwarf_ranges(unit, at, &base, &begin, &end)) > 0;) {
        if (begin >= end || debug->ranges == RANGES_MOST)
            continue;
        if (debug->ranges == *room) {
            *room = *room != 0 ? 2 * *room : 64;
            debug->range = must_resize(debug->range, *room * sizeof *debug->range);
        }
        debug->range[debug->ranges++] = (struct range){begin, end, *unit};
    }
}

static int compare(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static void find_units(struct debug *debug)
{
    size_t room = 0;
    debug->ranges_known = true;
    for (Dwarf_Die *unit = NULL; (unit = dwfl_module_nextcu(debug->module, unit, &debug->bias)) != NULL;)
        add_unit(debug, unit, &room);
    if (debug->ranges != 0)
        qsort(debug->range, debug->ranges, sizeof *debug->range, compare);
}

static Dwarf_Die *unit_of(struct debug *debug, Dwarf_Addr address)
{
    enum { OVERLAPPING = 16 }; /* what the linker dropped can leave ranges from 0 on */
    if (!debug->ranges_known)
        find_units(debug);
    address -= debug->bias;
    size_t from = 0, to = debug->ranges;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (debug->range[middle].begin <= address)
            from = middle + 1;
        else
            to = middle;
    }
    for (size_t tries = 0; from-- > 0 && tries < OVERLAPPING; tries++)
        if (address < debug->range[from].end)
            return &debug->range[from].unit;
    return NULL;
}

/* ---- functions ---- */

static const char *linkage_name(Dwarf_Die *function)
{
    Dwarf_Attribute attribute;
    if (dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) == NULL &&
        dwarf_attr_integrate(function, DW_AT_MIPS_linkage_name, &attribute) == NULL)
        return NULL;
    return dwarf_formstring(&attribute);
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_attr(die, name, &attribute) == NULL || dwarf_formudata(&attribute, &value) != 0)
        return 0;
    return value <= INT32_MAX ? (uint32_t)value : 0;
}

static struct debug_frame *add_frame(struct debug_place *place, Dwarf_Die *function, const struct debug_frame *at)
{
    struct debug_frame *frame = &place->frame[place->frames++];
    int first_line;
    *frame = *at;
    frame->function = linkage_name(function);
    if (dwarf_decl_line(function, &first_line) == 0 && first_line > 0)
        frame->first_line = (uint32_t)first_line;
    return frame;
}

/* The place in the caller where an inlined function stands. */
static struct debug_frame call_of(Dwarf_Die *unit, Dwarf_Die *inlined)
{
    struct debug_frame at = {.line = number_of(inlined, DW_AT_call_line)};
    Dwarf_Files *files;
    size_t count;
    uint32_t file = number_of(inlined, DW_AT_call_file);
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
        at.file = dwarf_filesrc(files, file, NULL, NULL);
    return at;
}

/* Out of the scopes around an address, the innermost first, those of functions. Returns the last one's name in the
 * source, or NULL. */
static const char *add_functions(struct debug_place *place, Dwarf_Die *unit, Dwarf_Die *scope, int scopes,
                                 struct debug_frame at)
{
    for (int i = 0; i < scopes && place->frames < DEBUG_FRAMES - 1; i++) {
        int tag = dwarf_tag(&scope[i]);
        if (tag == DW_TAG_inlined_subroutine) {
            struct debug_frame *frame = add_frame(place, &scope[i], &at);
            if (frame->function == NULL)
                frame->function = dwarf_diename(&scope[i]);
            at = call_of(unit, &scope[i]);
        } else if (tag == DW_TAG_subprogram) {
            add_frame(place, &scope[i], &at);
            if (dwarf_lowpc(&scope[i], &place->begin) != 0)
                place->begin = 0;
            return dwarf_diename(&scope[i]);
        }
    }
    place->frame[place->frames++] = at; /* of assembly, or where libdw does not see the end */
    return NULL;
}

static struct debug_frame line_of(Dwarf_Die *unit, Dwarf_Addr address)
{
    struct debug_frame at = {0};
    int number;
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    if (line == NULL)
        return at;
    at.file = dwarf_linesrc(line, NULL, NULL);
    if (dwarf_lineno(line, &number) == 0 && number > 0)
        at.line = (uint32_t)number;
    return at;
}

/* Where the functions of a unit are described: with split DWARF, in another file. */
static Dwarf_Die described(Dwarf_Die *unit)
{
    Dwarf_Die part;
    uint8_t kind;
    if (dwarf_cu_info(unit->cu, NULL, &kind, NULL, &part, NULL, NULL, NULL) == 0 && kind == DW_UT_skeleton &&
        part.cu != NULL)
        return part;
    return *unit;
}

static const char *find_dwarf(Dwarf_Die *unit, Dwarf_Addr address, struct debug_place *place)
{
    Dwarf_Die *inner = NULL;
    Dwarf_Die *scope = NULL;
    Dwarf_Die functions = described(unit);
    struct debug_frame at = line_of(unit, address);
    int scopes = dwarf_getscopes(&functions, address, &inner);
    if (scopes > 0) /* as they enclose each other in the code, not in the source */
        scopes = dwarf_getscopes_die(&inner[0], &scope);
    const char *name = add_functions(place, &functions, scope, scopes, at);
    free(scope);
    free(inner);
    return name;
}

/* ---- both together ---- */

/* A function has the name that the linker knows (foo.constprop.0), unless DWARF gives it in full. */
static const char *find_symbol(struct debug *debug, Dwarf_Addr address, struct debug_place *place)
{
    GElf_Off offset;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(debug->module, address, &offset, &symbol, NULL, NULL, NULL);
    if (name == NULL || name[0] == '\0' || (symbol.st_size != 0 && offset >= symbol.st_size))
        return NULL;
    place->begin = address - offset;
    return name;
}

void debug_find(struct debug *debug, uint64_t address, struct debug_place *place)
{
    const char *plain = NULL;
    place->frames = 0;
    place->begin = 0;
    Dwarf_Die *unit = unit_of(debug, address);
    if (unit != NULL) {
        plain = find_dwarf(unit, address - debug->bias, place);
        place->begin += debug->bias;
    }
    const char *symbol = find_symbol(debug, address, place);
    if (place->frames == 0 && symbol != NULL)
        place->frame[place->frames++] = (struct debug_frame){0};
    if (place->frames == 0)
        return;
    struct debug_frame *last = &place->frame[place->frames - 1];
    if (last->function == NULL)
        last->function = symbol != NULL ? symbol : plain;
}
