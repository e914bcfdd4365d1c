#include "name.h"

#include "lock.h"
#include "snapshot/snapshot.h"
#include "symbol.h"

enum { NAMES = 8192, TEXT_BYTES = 512 * 1024, OBJECT_SHIFT = 48 };

static struct {
    uint64_t key[NAMES]; /* address and object; 0: no name stands here */
    uint32_t at[NAMES];
    uint32_t count;
    uint32_t used;
    char text[TEXT_BYTES]; /* each with a closing zero */
    char unkept[SNAPSHOT_SITE_NAME];
} names;

/* Where the key stands, or would. */
static unsigned place_of(uint64_t key)
{
    unsigned place = (unsigned)(key * 0x9E3779B97F4A7C15u >> 40) % NAMES; /* Knuth's multiplicative hash */
    while (names.key[place] != 0 && names.key[place] != key)
        place = (place + 1) % NAMES;
    return place;
}

static const char *find_out(unsigned place, unsigned object, uintptr_t address)
{
    bool keep = names.count < NAMES / 4 * 3 && sizeof names.text - names.used >= SNAPSHOT_SITE_NAME;
    char *name = keep ? &names.text[names.used] : names.unkept;
    size_t length = symbol_name(object, address, SYMBOL_FROM_MEMORY, name, SNAPSHOT_SITE_NAME);
    if (keep) {
        names.key[place] = (uint64_t)object << OBJECT_SHIFT | address;
        names.at[place] = names.used;
        names.used += (uint32_t)length + 1;
        names.count++;
    }
    return name;
}

const char *name_of(unsigned object, uintptr_t address, uintptr_t self)
{
    if (lock_take(&lock_names, self) != LOCK_TAKEN)
        return "";
    uint64_t key = (uint64_t)object << OBJECT_SHIFT | address;
    unsigned place = place_of(key);
    const char *name = names.key[place] == key ? &names.text[names.at[place]] : find_out(place, object, address);
    lock_release(&lock_names);
    return name;
}
