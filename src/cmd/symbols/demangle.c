#include "demangle.h"

#include <libiberty/demangle.h>
#include <libiberty/libiberty.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/diagnostics.h"

enum { MOST = 16 * 1024, OPTIONS = DMGL_PARAMS | DMGL_ANSI };

static struct {
    char text[MOST];
    size_t length;
    jmp_buf too_long;
} out;

/* libiberty has no way to stop it, so it is left by longjmp. It has allocated nothing: its data are on the stack. */
static void append_output(const char *text, size_t length, void *nothing)
{
    (void)nothing;
    if (length >= MOST - out.length)
        longjmp(out.too_long, 1);
    memcpy(out.text + out.length, text, length);
    out.length += length;
}

typedef int language(const char *name, int options, demangle_callbackref callback, void *opaque);

static bool demangle_by(language *language, const char *name)
{
    out.length = 0;
    if (setjmp(out.too_long) != 0)
        return false;
    bool good = language(name, OPTIONS, append_output, NULL) != 0 && out.length != 0;
    out.text[out.length] = '\0';
    return good;
}

/* ---- D ---- */

/* Its demangler has no callback, but allocates by these functions, which replace libiberty's own (xmalloc.o). */
enum { D_NAME_MOST = 4096, D_ASKED_MOST = 1024 * 1024, D_LEFT_MOST = 16 };

static struct {
    size_t asked;  /* bytes, for this name */
    unsigned left; /* names that were left by longjmp; their memory is leaked */
    jmp_buf too_long;
} d;

static void count_asked(size_t bytes)
{
    d.asked += bytes;
    if (d.asked <= D_ASKED_MOST)
        return;
    d.left++;
    longjmp(d.too_long, 1);
}

void *xmalloc(size_t bytes)
{
    count_asked(bytes);
    return must_resize(NULL, bytes);
}

void *xrealloc(void *memory, size_t bytes)
{
    count_asked(bytes);
    return must_resize(memory, bytes);
}

static char *demangle_d(const char *name)
{
    d.asked = 0;
    if (strlen(name) > D_NAME_MOST || d.left == D_LEFT_MOST || setjmp(d.too_long) != 0)
        return NULL;
    return dlang_demangle(name, OPTIONS);
}

/* ---- all of them ---- */

char *demangle(const char *name)
{
    if (strncmp(name, "_D", 2) == 0)
        return demangle_d(name);
    /* Rust first: its legacy names are also valid C++ names, with a hash at the end. */
    if (strncmp(name, "_R", 2) != 0 && strncmp(name, "_Z", 2) != 0)
        return NULL;
    return demangle_by(rust_demangle_callback, name) || demangle_by(cplus_demangle_v3_callback, name)
               ? xasprintf("%s", out.text)
               : NULL;
}

char *demangle_place(const char *place)
{
    const char *function = strchr(place, '!');
    const char *plus = function != NULL ? strrchr(function, '+') : NULL;
    if (plus == NULL)
        return NULL;
    function++;
    char *name = xasprintf("%.*s", (int)(plus - function), function);
    char *readable = demangle(name);
    char *whole = readable != NULL ? xasprintf("%.*s%s%s", (int)(function - place), place, readable, plus) : NULL;
    free(readable);
    free(name);
    return whole;
}
