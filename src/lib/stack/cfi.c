#include "cfi.h"
#include "cfi_program.h"

/* How addresses are written: format in the low half, what they are relative to in the high one. */
enum {
    ENCODING_ABSOLUTE = 0x00,
    ENCODING_UDATA2 = 0x02,
    ENCODING_UDATA4 = 0x03,
    ENCODING_UDATA8 = 0x04,
    ENCODING_SDATA2 = 0x0a,
    ENCODING_SDATA4 = 0x0b,
    ENCODING_SDATA8 = 0x0c,
    ENCODING_FORMAT = 0x0f,
    ENCODING_PCREL = 0x10,
    ENCODING_DATAREL = 0x30,
    ENCODING_RELATIVE = 0xf0
};

enum { HEADER_ENTRY = 8 };

static uintptr_t read_format(struct reader *reader, uint8_t encoding)
{
    switch (encoding & ENCODING_FORMAT) {
    case ENCODING_ABSOLUTE:
    case ENCODING_UDATA8:
    case ENCODING_SDATA8:
        return reader_fixed(reader, 8);
    case ENCODING_UDATA4:
        return reader_fixed(reader, 4);
    case ENCODING_SDATA4:
        return (uintptr_t)reader_signed(reader, 4);
    case ENCODING_UDATA2:
        return reader_fixed(reader, 2);
    case ENCODING_SDATA2:
        return (uintptr_t)reader_signed(reader, 2);
    default:
        reader->bad = true;
        return 0;
    }
}

uintptr_t cfi_read_address(struct reader *reader, uint8_t encoding)
{
    uintptr_t here = (uintptr_t)reader->at;
    uintptr_t value = read_format(reader, encoding);
    switch (encoding & ENCODING_RELATIVE) {
    case ENCODING_ABSOLUTE:
        return value;
    case ENCODING_PCREL:
        return here + value;
    default:
        reader->bad = true;
        return 0;
    }
}

/* ---- from a pc to its entry ---- */

static struct reader reader_at(const struct cfi_info *info, uintptr_t address)
{
    if (address < (uintptr_t)info->begin || address >= (uintptr_t)info->end)
        return (struct reader){info->end, info->end, true};
    return (struct reader){info->begin + (address - (uintptr_t)info->begin), info->end, false};
}

/* The sorted table of .eh_frame_hdr: pairs of (function, entry), both relative to the header. */
struct table {
    uintptr_t base;
    const uint8_t *entry;
    size_t count;
};

static int64_t table_read(const struct table *table, size_t i, size_t field)
{
    int32_t value = 0;
    memcpy(&value, table->entry + i * HEADER_ENTRY + field * sizeof value, sizeof value);
    return value;
}

/* Only the form that every linker writes. */
static bool find_table(const struct cfi_info *info, struct table *table)
{
    struct reader reader = reader_at(info, (uintptr_t)info->header);
    uint8_t version = reader_byte(&reader);
    uint8_t frame_encoding = reader_byte(&reader);
    uint8_t count_encoding = reader_byte(&reader);
    uint8_t table_encoding = reader_byte(&reader);
    read_format(&reader, frame_encoding);
    size_t count = reader_fixed(&reader, 4);
    if (reader.bad || version != 1 || count_encoding != ENCODING_UDATA4 ||
        table_encoding != (ENCODING_DATAREL | ENCODING_SDATA4))
        return false;
    *table = (struct table){(uintptr_t)info->header, reader.at, count};
    return count != 0 && count <= (size_t)(reader.end - reader.at) / HEADER_ENTRY;
}

/* Where the entry of the last function at or before pc stands, or 0. */
static uintptr_t find_entry(const struct cfi_info *info, uintptr_t pc)
{
    struct table table;
    if (!find_table(info, &table))
        return 0;
    int64_t wanted = (int64_t)(pc - table.base);
    size_t low = 0;
    size_t high = table.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (table_read(&table, middle, 0) <= wanted)
            low = middle;
        else
            high = middle;
    }
    if (table_read(&table, low, 0) > wanted)
        return 0;
    return table.base + (uintptr_t)table_read(&table, low, 1);
}

/* ---- entries ---- */

/* The bytes of one entry, after its length. 64-bit entries are never written for x86-64. */
static struct reader read_entry(const struct cfi_info *info, uintptr_t address)
{
    struct reader reader = reader_at(info, address);
    uint32_t length = (uint32_t)reader_fixed(&reader, 4);
    if (length == 0 || length == UINT32_MAX)
        reader.bad = true;
    struct reader entry = reader_take(&reader, length);
    entry.bad |= reader.bad;
    return entry;
}

static void read_augmentation(struct cfi_cie *cie, const uint8_t *letters, struct reader *data)
{
    for (; *letters != '\0'; letters++)
        switch (*letters) {
        case 'R':
            cie->encoding = reader_byte(data);
            break;
        case 'L':
            reader_byte(data);
            break;
        case 'P':
            read_format(data, reader_byte(data));
            break;
        case 'S':
            cie->signal = true;
            break;
        default:
            data->bad = true;
            return;
        }
}

static bool read_cie(const struct cfi_info *info, uintptr_t address, struct cfi_cie *cie)
{
    *cie = (struct cfi_cie){.encoding = ENCODING_ABSOLUTE};
    struct reader reader = read_entry(info, address);
    uint32_t id = (uint32_t)reader_fixed(&reader, 4);
    uint8_t version = reader_byte(&reader);
    const uint8_t *letters = reader.at;
    while (reader_byte(&reader) != '\0')
        ;
    cie->code_align = reader_uleb(&reader);
    cie->data_align = reader_sleb(&reader);
    uint64_t ra = version == 1 ? reader_byte(&reader) : reader_uleb(&reader);
    if (reader.bad || id != 0 || (version != 1 && version != 3) || ra != REG_RA)
        return false;
    if (*letters == 'z') {
        cie->augmented = true;
        struct reader data = reader_take(&reader, reader_uleb(&reader));
        read_augmentation(cie, letters + 1, &data);
        reader.bad |= data.bad;
    } else if (*letters != '\0')
        return false;
    cie->program = reader;
    return !reader.bad;
}

bool cfi_find(const struct cfi_info *info, uintptr_t pc, struct cfi_rule *rule)
{
    uintptr_t address = find_entry(info, pc);
    if (address == 0)
        return false;
    struct cfi_cie cie;
    struct reader reader = read_entry(info, address);
    uintptr_t here = (uintptr_t)reader.at;
    uint32_t back = (uint32_t)reader_fixed(&reader, 4);
    if (reader.bad || back == 0 || !read_cie(info, here - back, &cie))
        return false;
    uintptr_t begin = cfi_read_address(&reader, cie.encoding);
    uintptr_t length = read_format(&reader, cie.encoding);
    if (cie.augmented)
        reader_take(&reader, reader_uleb(&reader));
    if (reader.bad || pc - begin >= length)
        return false;
    return cfi_run(&cie, reader, begin, pc, rule);
}
