/* The loaded objects: whose code an address is, and what an object asks of others. */
#ifndef TM_MODULE_H
#define TM_MODULE_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

/* The base name of the object whose code is at an address; "(no module)" for generated code. Takes no lock
 * (glibc's _dl_find_object), so it may be called from inside malloc. Returns the length. */
size_t module_name(uintptr_t address, char name[SNAPSHOT_NAME]);

const char *module_base(const char *path); /* what is after the last slash */

void module_start(void); /* once: finds out which program this is (program.h) */

/* Whether the object with that dynamic section was loaded at start: such a one is never unloaded. */
bool module_at_start(uintptr_t dynamic);

/* Whether the object with that dynamic section exports a symbol. It must stay loaded meanwhile. */
bool module_defines(uintptr_t dynamic, uintptr_t bias, const char *name);
/* Whether it asks others for one of the names that begin so. */
bool module_imports(uintptr_t dynamic, uintptr_t bias, const char *beginning);

/* What the objects that are before us say of themselves (the executable, and what was preloaded earlier), and whose
 * the next operator new is. */
struct module_survey {
    const char *own_malloc; /* the object that defines malloc or free, or NULL */
    bool own_new;           /* one defines a form of operator new or delete */
    bool own_realloc;       /* or realloc */
    bool foreign_new;       /* the next operator new after us is a library's own, of which nobody knows how it works */
};

struct module_survey module_survey(void);

#endif
