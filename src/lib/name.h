/* Names of code addresses, each found out once. */
#ifndef TM_NAME_H
#define TM_NAME_H

#include "base.h"

/* MODULE!FUNCTION+0x12 (symbol.h); good until the next name is asked for. `self` as for a lock. Any thread; faults on
 * nothing. Names that find no room are found out again each time. */
const char *name_of(unsigned object, uintptr_t address, uintptr_t self);

#endif
