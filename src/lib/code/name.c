#include "name.h"

#include <string.h>

#include "lib/sys/glibc.h"
#include "lib/sys/lock.h"
#include "snapshot/snapshot.h"
#include "symbol.h"

enum { NAMES = 8192, TEXT_BYTES = 512 * 1024 };

static struct {
    uint64_t key[NAMES]; /* address and object; 0: empty */
    uint32_t at[NAMES];
    bool waits[NAMES]; /* for a thread that may open the file */
    uint32_t count;
    uint32_t used;
    char text[TEXT_BYTES]; /* each with a closing zero */
    char unkept[SNAPSHOT_SITE_NAME];
} names SPARSE;

bool name_waiting;

/* Where the key is, or would be. */
static unsigned name_slot(uint64_t key)
{
    unsigned place = (unsigned)(key * 0x9E3779B97F4A7C15u >> 40) % NAMES; /* Knuth's multiplicative hash */
    while (names.key[place] != 0 && names.key[place] != key)
        place = (place + 1) % NAMES;
    return place;
}

static bool table_has_space(void)
{
    return sizeof names.text - names.used >= SNAPSHOT_SITE_NAME;
}

/* Writes the name, and keeps it where there is space; whether it names a function. */
static bool find_out(unsigned place, uint64_t key, enum symbol_source source, char **name)
{
    bool keep = table_has_space() && (names.key[place] == key || names.count < NAMES / 4 * 3);
    *name = keep ? &names.text[names.used] : names.unkept;
    size_t length = symbol_name(object_key_object(key), object_key_address(key), source, *name, SNAPSHOT_SITE_NAME);
    if (keep) { /* the key last: a fork in between leaves no name, instead of another one's */
        names.count += names.key[place] == 0;
        __atomic_store_n(&names.at[place], names.used, __ATOMIC_RELAXED);
        names.used += (uint32_t)length + 1;
        __atomic_store_n(&names.key[place], key, __ATOMIC_RELEASE);
    }
    return memchr(*name, '!', length) != NULL;
}

static bool may_open(struct lock_owner self)
{
    return !lock_owner_is_reporter(self) || !__libc_single_threaded;
}

/* Under its lock. */
static const char *look_up(unsigned object, uintptr_t address, struct lock_owner self)
{
    uint64_t key = object_key(object, address);
    unsigned place = name_slot(key);
    char *name = &names.text[names.at[place]];
    if (names.key[place] != key && !find_out(place, key, SYMBOL_FROM_MEMORY, &name) && object != OBJECT_NONE) {
        if (may_open(self))
            find_out(place, key, SYMBOL_FROM_FILE, &name);
        else if (names.key[place] == key)
            names.waits[place] = name_waiting = true;
    }
    return name;
}

void name_learn(unsigned object, uintptr_t address, struct lock_owner self)
{
    char name[SNAPSHOT_SITE_NAME];
    name_copy(object, address, name, self);
}

size_t name_copy(unsigned object, uintptr_t address, char name[SNAPSHOT_SITE_NAME], struct lock_owner self)
{
    name[0] = '\0';
    if (lock_take(&lock_names, self) != LOCK_TAKEN)
        return 0;
    const char *known = look_up(object, address, self);
    size_t length = strnlen(known, SNAPSHOT_SITE_NAME - 1);
    memcpy(name, known, length);
    name[length] = '\0';
    lock_release(&lock_names);
    return length;
}

void name_catch_up(struct lock_owner self)
{
    if (lock_take(&lock_names, self) != LOCK_TAKEN)
        return;
    name_waiting = false;
    for (unsigned place = 0; place < NAMES; place++) {
        char *name;
        if (names.waits[place] && table_has_space())
            find_out(place, names.key[place], SYMBOL_FROM_FILE, &name);
        names.waits[place] = false;
    }
    lock_release(&lock_names);
}
