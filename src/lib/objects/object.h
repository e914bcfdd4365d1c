/* Objects: everything that was ever loaded and allocated, each with an identity that outlives it.
 *
 * An identity is a path, a build-id and a base. An object that is unloaded is marked as gone and keeps its number, so
 * that its call sites keep their module's name; another one at the same address gets another number. The same one
 * loaded again to the same place is itself again: its sites are the same, and a program that opens and closes one
 * plugin for ever needs one number. Numbers are bounded and never taken back. */
#ifndef TM_OBJECT_H
#define TM_OBJECT_H

#include "image.h"
#include "lib/sys/base.h"

enum {
    OBJECT_NONE = 0, /* no object's code: generated while the program runs */
    OBJECTS_MAX = 1024,
    OBJECT_OTHER = OBJECTS_MAX - 1 /* what comes after the table is full */
};

/* An address and the object that it is in, as one word: no code of a program is above 2^47. */
enum { OBJECT_KEY_SHIFT = 48 };

HOT uint64_t object_key(unsigned object, uintptr_t address)
{
    return (uint64_t)object << OBJECT_KEY_SHIFT | address;
}

HOT uintptr_t object_key_address(uint64_t key)
{
    return (uintptr_t)(key & (((uint64_t)1 << OBJECT_KEY_SHIFT) - 1));
}

HOT unsigned object_key_object(uint64_t key)
{
    return (unsigned)(key >> OBJECT_KEY_SHIFT);
}

/* Nothing but `gone_ms` and `times` changes once it has a number. */
struct object {
    uintptr_t begin, end; /* all that is mapped of it; 0 for the two that stand for none and for the rest */
    uintptr_t bias;       /* run-time address - address in the file */
    uintptr_t dynamic;    /* its dynamic section; 0: none */
    const char *path;     /* as the loader knows it; of a relative one the kernel's; without room, the base name */
    struct image_identity identity;
    struct image_code code[IMAGE_CODES];
    unsigned codes;
    const char *name; /* base name, as the loader knows it; the executable's is program_called() */
    uint64_t seen_ms; /* when it was first seen */
    uint64_t gone_ms; /* when it was found gone, at least 1; 0: loaded */
    uint32_t times;   /* how often it was loaded, as far as anybody noticed */
    bool stays;       /* loaded at start: never unloaded */
    bool is_program;  /* the executable: its file is most often /proc/self/exe, whatever its path names by now */
};

/* The two that are there from the start; module_start must have run. Once. */
void object_start(void);

/* The number of the object whose code is at an address, made if it is new; OBJECT_NONE: no object's. An object
 * that was there before is marked as gone. For a call site that is seen for the first time: 0.1 us for a known
 * object, 5 to 25 for a new one; where that was opened by a relative path, maps_path. `now_ms` is the uptime.
 *
 * Under the accounting lock, in a thread of the program, of an address that the program is about to return to: nobody
 * unloads that meanwhile. (glibc's _dl_find_object takes no lock, so it may be called from inside malloc.) */
unsigned object_of(uintptr_t address, uint64_t now_ms);

/* The number of the loaded object that an address is in, of those that are known; else OBJECT_NONE. Any thread. */
unsigned object_at(uintptr_t address);

/* After a dlclose: marks those as gone that the loader no longer has, or has in another build. Whether there was one.
 * Under the accounting lock; about 1 us for each that is loaded. The kernel reads them, not we: another thread may be
 * unloading one at this moment. */
bool object_check(uint64_t now_ms);

/* Any thread, at any time, without a lock. */
const struct object *object_get(unsigned object);
unsigned object_count(void); /* numbers run from 0 to count - 1, and OBJECT_OTHER */
bool object_is_gone(const struct object *object);
struct image object_image(const struct object *object); /* of the loaded one */

/* Whether what is mapped there at this moment is still this object. Asks the kernel, so a thread that has no TLS may
 * ask, while another one unloads it. */
bool object_is_there(const struct object *object);

/* Opens its file, if that is the one that was loaded: its build-id says so, or, where there is none, its headers.
 * Takes a descriptor: see image_open. */
bool object_open(const struct object *object, struct image *image);

/* What object_of does once it knows what is there. `found` is copied, its path and name too (no name: the path's end).
 * Under the accounting lock. */
unsigned object_record(const struct object *found, uint64_t now_ms);

#endif
