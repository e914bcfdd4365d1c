#include "symbol.h"

#include <string.h>

#include "symtab.h"

enum { OFFSET_BYTES = sizeof "+0x" - 1 + 16 };

static SPARSE struct symtab table; /* too large for a stack; under the report's lock */

/* ---- text ---- */

struct text {
    char *out;
    size_t size; /* of `out`, less the closing zero */
    size_t length;
};

static void put(struct text *text, const char *from, size_t length, size_t most)
{
    for (size_t i = 0; i < length && text->length < most; i++) {
        char c = from[i];
        if ((unsigned char)c < ' ' || c == 127)
            c = '?';
        text->out[text->length++] = c;
    }
}

static size_t offset_text(char text[OFFSET_BYTES], uint64_t offset)
{
    size_t length = 0;
    unsigned digits = 1 + (offset != 0 ? log2_floor(offset) / 4 : 0);
    text[length++] = '+';
    text[length++] = '0';
    text[length++] = 'x';
    while (digits-- > 0)
        text[length++] = "0123456789abcdef"[offset >> (4 * digits) & 15];
    return length;
}

/* ---- which function ---- */

/* The function of the call that returns to `address` (as the file gives it). The length of its name, or 0. */
static size_t find(uint64_t address, uint64_t *offset, char name[SYMBOL_NAME])
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
    size_t length = has_static ? find(address, offset, name) : 0;
    if (length == 0 && symtab_section(&table, &image, SHT_DYNSYM))
        length = find(address, offset, name);
    image_close(&image);
    return length;
}

/* Another object may be loaded there while we read: what was read counts if this one still stands there. */
static size_t find_in_memory(const struct object *object, uint64_t address, uint64_t *offset, char name[SYMBOL_NAME])
{
    struct image image = object_image(object);
    if (!object_is_there(object) || !symtab_dynamic(&table, &image, object->dynamic))
        return 0;
    size_t length = find(address, offset, name);
    return object_is_there(object) ? length : 0;
}

size_t symbol_name(unsigned number, uintptr_t address, enum symbol_source source, char *out, size_t size)
{
    if (size == 0)
        return 0;
    const struct object *object = object_get(number);
    char name[SYMBOL_NAME];
    char digits[OFFSET_BYTES];
    struct text text = {out, size - 1, 0};
    uint64_t offset = address - object->bias;
    size_t length = 0;
    if (source == SYMBOL_FROM_FILE)
        length = find_in_file(number, address - object->bias, &offset, name);
    if (length == 0)
        length = find_in_memory(object, address - object->bias, &offset, name);
    size_t digits_length = offset_text(digits, offset);
    put(&text, object->name, strlen(object->name), text.size);
    if (length > 0) {
        put(&text, "!", 1, text.size);
        put(&text, name, length, text.size > digits_length ? text.size - digits_length : 0);
    }
    put(&text, digits, digits_length, text.size);
    out[text.length] = '\0';
    return text.length;
}
