#include "debug.h"

#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "spans.h"
#include "unit.h"

struct debug {
    Dwfl *session; /* has this one module */
    Dwfl_Module *module;
    Dwfl_Callbacks callbacks;
    char *debug_path;
    Dwarf_Addr bias; /* to be added to the addresses in its DWARF */
    struct unit *unit;
    uint32_t units;
    bool units_known;
    struct spans spans; /* of the units */
};

/* ---- the file ---- */

static bool report_module(struct debug *debug, int file, const char *path)
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
    debug->debug_path = xasprintf("%s", debug_path);
    debug->callbacks = (Dwfl_Callbacks){
        .find_elf = dwfl_build_id_find_elf, /* never called: the file is open */
        .find_debuginfo = dwfl_standard_find_debuginfo,
        .section_address = dwfl_offline_section_address,
        .debuginfo_path = &debug->debug_path,
    };
    if (report_module(debug, file, path))
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
    for (uint32_t i = 0; i < debug->units; i++)
        unit_free(&debug->unit[i]);
    free(debug->unit);
    spans_free(&debug->spans);
    free(debug->debug_path);
    free(debug);
}

/* ---- which compilation unit ---- */

/* libdw would look into .debug_aranges, which clang and rustc do not write; so the ranges are taken from the units. */
static void find_units(struct debug *debug)
{
    uint32_t capacity = 0;
    debug->units_known = true;
    for (Dwarf_Die *die = NULL; (die = dwfl_module_nextcu(debug->module, die, &debug->bias)) != NULL;) {
        if (debug->units == capacity) {
            capacity = capacity != 0 ? 2 * capacity : 64;
            debug->unit = must_resize(debug->unit, capacity * sizeof *debug->unit);
        }
        spans_add(&debug->spans, die, debug->units);
        debug->unit[debug->units++] = unit_of(die);
    }
    spans_sort(&debug->spans);
}

static struct unit *unit_at(struct debug *debug, Dwarf_Addr address)
{
    if (!debug->units_known)
        find_units(debug);
    const struct span *span = spans_find(&debug->spans, address - debug->bias);
    return span != NULL ? &debug->unit[span->number] : NULL;
}

/* ---- the functions at an address ---- */

/* The name in the symbol table (foo.constprop.0), for functions whose linkage name is not in the DWARF. */
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
    struct unit *unit = unit_at(debug, address);
    if (unit != NULL) {
        plain = unit_find(unit, address - debug->bias, place);
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
