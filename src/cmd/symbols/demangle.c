#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

#include "cmd/command.h"

enum { MOST = 16 * 1024, OPTIONS = DMGL_PARAMS | DMGL_ANSI };

static struct {
    char text[MOST];
    size_t length;
    jmp_buf too_long;
} out;

/* libiberty cannot be told to stop, so it is left: what it holds is on its stack. */
static void append(const char *text, size_t length, void *nothing)
{
    (void)nothing;
    if (length >= MOST - out.length)
        longjmp(out.too_long, 1);
    memcpy(out.text + out.length, text, length);
    out.length += length;
}

typedef int language(const char *name, int options, demangle_callbackref callback, void *opaque);

static bool write_out(language *language, const char *name)
{
    out.length = 0;
    if (setjmp(out.too_long) != 0)
        return false;
    bool good = language(name, OPTIONS, append, NULL) != 0 && out.length != 0;
    out.text[out.length] = '\0';
    return good;
}

char *demangle(const char *name)
{
    /* Rust's first: its older names are C++ names too, with a hash behind. */
    if (strncmp(name, "_R", 2) != 0 && strncmp(name, "_Z", 2) != 0)
        return NULL;
    return write_out(rust_demangle_callback, name) || write_out(cplus_demangle_v3_callback, name)
               ? must_print("%s", out.text)
               : NULL;
}
