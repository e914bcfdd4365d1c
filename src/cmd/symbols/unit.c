#include "unit.h"

#include <dwarf.h>
#include <string.h>

enum { DEEPEST = 64, STEPS_MOST = 1 << 24 }; /* bounds, for corrupt files */

struct unit unit_of(Dwarf_Die *die)
{
    return (struct unit){.die = *die, .described = *die};
}

void unit_free(struct unit *unit)
{
    spans_free(&unit->functions);
}

/* ---- which function ---- */

static bool may_hold_functions(int tag)
{
    return tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block || tag == DW_TAG_namespace || tag == DW_TAG_module ||
           tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_enumeration_type;
}

/* libdw's own search (dwarf_getscopes) does not look into namespaces, where rustc puts all functions, and it reads the
 * whole unit for each address. */
static void add_functions(struct unit *unit)
{
    Dwarf_Die path[DEEPEST];
    unsigned depth = 0;
    if (dwarf_child(&unit->described, &path[0]) != 0)
        return;
    for (unsigned steps = 0; steps < STEPS_MOST; steps++) {
        int tag = dwarf_tag(&path[depth]);
        if (tag == DW_TAG_subprogram)
            spans_add(&unit->functions, &path[depth], 0);
        if (may_hold_functions(tag) && depth + 1 < DEEPEST && dwarf_child(&path[depth], &path[depth + 1]) == 0) {
            depth++;
            continue;
        }
        while (dwarf_siblingof(&path[depth], &path[depth]) != 0)
            if (depth-- == 0)
                return;
    }
}

/* With split DWARF, the functions are in another file. */
static void find_description(struct unit *unit)
{
    Dwarf_Die part;
    uint8_t kind;
    memset(&part, 0, sizeof part);
    if (dwarf_cu_info(unit->die.cu, NULL, &kind, NULL, &part, NULL, NULL, NULL) == 0 && kind == DW_UT_skeleton &&
        part.cu != NULL)
        unit->described = part;
}

static Dwarf_Die *function_at(struct unit *unit, Dwarf_Addr address)
{
    if (!unit->known) {
        unit->known = true;
        find_description(unit);
        add_functions(unit);
        spans_sort(&unit->functions);
    }
    struct span *span = spans_find(&unit->functions, address);
    return span != NULL ? &span->die : NULL;
}

/* Replaces a scope by its child that contains the address: an inlined call or a block. false: there is none. */
static bool step_into(Dwarf_Die *scope, Dwarf_Addr address)
{
    Dwarf_Die die;
    unsigned steps = 0;
    if (dwarf_child(scope, &die) != 0)
        return false;
    do {
        int tag = dwarf_tag(&die);
        if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
             tag == DW_TAG_catch_block) &&
            dwarf_haspc(&die, address) == 1) {
            *scope = die;
            return true;
        }
    } while (++steps < STEPS_MOST && dwarf_siblingof(&die, &die) == 0);
    return false;
}

/* The inlined calls at the address, outermost first. */
static uint32_t inlined_at(const Dwarf_Die *function, Dwarf_Addr address, Dwarf_Die inlined[DEBUG_FRAMES])
{
    Dwarf_Die scope = *function;
    uint32_t count = 0;
    for (unsigned depth = 0; depth < 4 * DEBUG_FRAMES && count < DEBUG_FRAMES - 1; depth++) {
        if (!step_into(&scope, address))
            break;
        if (dwarf_tag(&scope) == DW_TAG_inlined_subroutine)
            inlined[count++] = scope;
    }
    return count;
}

/* ---- its names and lines ---- */

static const char *linkage_name(Dwarf_Die *function)
{
    Dwarf_Attribute attribute;
    if (dwarf_attr_integrate(function, DW_AT_linkage_name, &attribute) == NULL &&
        dwarf_attr_integrate(function, DW_AT_MIPS_linkage_name, &attribute) == NULL)
        return NULL;
    return dwarf_formstring(&attribute);
}

static uint32_t attribute_number(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_attr(die, name, &attribute) == NULL || dwarf_formudata(&attribute, &value) != 0)
        return 0;
    return value <= INT32_MAX ? (uint32_t)value : 0;
}

static void add_frame(struct debug_place *place, Dwarf_Die *function, const struct debug_frame *at)
{
    struct debug_frame *frame = &place->frame[place->frames++];
    int first_line;
    *frame = *at;
    frame->function = linkage_name(function);
    if (dwarf_decl_line(function, &first_line) == 0 && first_line > 0)
        frame->first_line = (uint32_t)first_line;
}

static void add_inlined(struct debug_place *place, Dwarf_Die *function, const struct debug_frame *at)
{
    add_frame(place, function, at);
    struct debug_frame *frame = &place->frame[place->frames - 1];
    if (frame->function == NULL)
        frame->function = dwarf_diename(function);
}

static const char *directory_of(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    return dwarf_attr(unit, DW_AT_comp_dir, &attribute) != NULL ? dwarf_formstring(&attribute) : NULL;
}

/* The place of an inlined call in its caller. */
static struct debug_frame place_of_call(Dwarf_Die *unit, Dwarf_Die *inlined, const char *directory)
{
    struct debug_frame at = {.line = attribute_number(inlined, DW_AT_call_line), .directory = directory};
    Dwarf_Files *files;
    size_t count;
    uint32_t file = attribute_number(inlined, DW_AT_call_file);
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
        at.file = dwarf_filesrc(files, file, NULL, NULL);
    return at;
}

static struct debug_frame place_of_line(Dwarf_Die *unit, Dwarf_Addr address)
{
    struct debug_frame at = {.directory = directory_of(unit)};
    int number;
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    if (line == NULL)
        return at;
    at.file = dwarf_linesrc(line, NULL, NULL);
    if (dwarf_lineno(line, &number) == 0 && number > 0)
        at.line = (uint32_t)number;
    return at;
}

const char *unit_find(struct unit *unit, Dwarf_Addr address, struct debug_place *place)
{
    Dwarf_Die inlined[DEBUG_FRAMES];
    struct debug_frame at = place_of_line(&unit->die, address);
    const char *directory = at.directory;
    Dwarf_Die *function = function_at(unit, address);
    if (function == NULL) { /* assembly has lines, but no functions */
        place->frame[place->frames++] = at;
        return NULL;
    }
    for (uint32_t i = inlined_at(function, address, inlined); i-- > 0;) {
        add_inlined(place, &inlined[i], &at);
        at = place_of_call(&unit->described, &inlined[i], directory);
    }
    add_frame(place, function, &at);
    if (dwarf_lowpc(function, &place->begin) != 0)
        place->begin = 0;
    return dwarf_diename(function);
}
