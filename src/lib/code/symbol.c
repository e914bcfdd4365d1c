#include "symbol.h"

#include <string.h>

#include "lib/objects/symtab.h"
#include "snapshot/writer.h"

static SPARSE struct symtab table; /* too large for a stack; under lock_names */

/* ---- which function ---- */

/* The function of the call that returns to `address` (as the file gives it). The length of its name, or 0. */
static size_t find_in_object(uint64_t address, uint64_t *offset, char name[SYMBOL_NAME])
{
    struct symbol symbol;
    if (!symtab_find(&table, address - 1, &symbol))
        return 0;
    *offset = address - symbol.value;
    return symtab_name(&table, &symbol, name);
}

/* Those whose file tells no more than memory: not opened again while they are loaded. */
static bool stripped[OBJECTS_MAX];

static size_t find_in_file(unsigned number, uint64_t address, uint64_t *offset, char name[SYMBOL_NAME])
{
    const struct object *object = object_get(number);
    struct image image;
    if ((stripped[number] && !object_is_gone(object)) || !object_open(object, &image)) {
        stripped[number] = true;
        return 0;
    }
    bool has_static = symtab_section(&table, &image, SHT_SYMTAB);
    stripped[number] = !has_static;
    size_t length = has_static ? find_in_object(address, offset, name) : 0;
    if (length == 0 && symtab_section(&table, &image, SHT_DYNSYM))
        length = find_in_object(address, offset, name);
    image_close(&image);
    return length;
}

/* Another object may be loaded there while we read: what was read counts if this one still is there. */
static size_t find_in_memory(const struct object *object, uint64_t address, uint64_t *offset, char name[SYMBOL_NAME])
{
    struct image image = object_image(object);
    if (!object_is_there(object) || !symtab_dynamic(&table, &image, object->dynamic))
        return 0;
    size_t length = find_in_object(address, offset, name);
    return object_is_there(object) ? length : 0;
}

static void put_offset(struct writer *out, uint64_t offset)
{
    writer_text(out, "+0x");
    writer_hex(out, offset);
}

/* As much of the function as leaves the offset whole. */
static void put_function(struct writer *out, const char *name, size_t length, uint64_t offset)
{
    struct writer whole = *out;
    writer_text(&whole, "!");
    put_offset(&whole, offset);
    const size_t space = writer_is_cut(&whole) ? 0 : whole.capacity - whole.length;
    writer_text(out, "!");
    writer_printable(out, name, length < space ? length : space);
}

size_t symbol_name(unsigned number, uintptr_t address, enum symbol_source source, char *out, size_t size)
{
    if (size == 0)
        return 0;
    const struct object *object = object_get(number);
    char name[SYMBOL_NAME];
    struct writer text = {out, size - 1, 0};
    uint64_t offset = address - object->bias;
    size_t length = 0;
    if (source == SYMBOL_FROM_FILE)
        length = find_in_file(number, address - object->bias, &offset, name);
    if (length == 0)
        length = find_in_memory(object, address - object->bias, &offset, name);
    writer_printable(&text, object->name, strlen(object->name));
    if (length > 0)
        put_function(&text, name, length, offset);
    put_offset(&text, offset);
    out[writer_kept(&text)] = '\0';
    return writer_kept(&text);
}
