/* Names for call sites: `libfoo.so.1!bar+0x12`.
 *
 * The names of functions are those of the object's own tables: C++ names stay mangled, full names, lines and inlined
 * frames are the command's work, outside. */
#ifndef TM_SYMBOL_H
#define TM_SYMBOL_H

#include "lib/objects/object.h"

enum symbol_source {
    SYMBOL_FROM_MEMORY, /* exported functions, of what is loaded; no descriptor is needed */
    SYMBOL_FROM_FILE    /* static ones too, and of what is gone; takes a descriptor: see image_open */
};

/* Names a return address in an object: MODULE!FUNCTION+0xOFFSET, the function being that of the call (the byte before
 * the address: a call may be the last of its function), the offset that of the address in it. MODULE+0xOFFSET when no
 * symbol covers it: the address as the file gives it, as addr2line wants it. (no module)+0xADDRESS for generated code.
 *
 * Control characters come out as '?'. A function's name too long for `out` is cut, the offset stays; the rest is
 * cut at the end. Writes a closing zero; returns the length. SYMBOL_FROM_FILE falls back to the memory.
 *
 * One caller at a time: under the report's lock. It needs no TLS and faults on nothing, whatever other threads unload.
 * It walks the table: 30 us for libc, 0.3 ms for libLLVM's 45,000 symbols; keep the name. */
size_t symbol_name(unsigned object, uintptr_t address, enum symbol_source source, char *out, size_t size);

#endif
