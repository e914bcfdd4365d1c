/* The entry points of C++: every form of operator new and delete, by its mangled name, so that nothing of the C++
 * library is linked.
 *
 * Where the program replaces operator new, the other forms are the C++ library's, which call the program's. Plain
 * new and delete need no such test: a program's own come before ours, and where a library's own come after ours
 * (state.foreign_new), new finds no size small enough, and delete no header of its kind. */
#include "lib/config/state.h"
#include "track.h"

#define UNLESS_REPLACED(form, arguments)                  \
    do {                                                  \
        if (UNLIKELY(state.own_new) && real.form != NULL) \
            return real.form arguments;                   \
    } while (0)

/* ---- new ---- */

PUBLIC void *_Znwm(size_t size)
{
    return track_new(size, FAMILY_NEW);
}

PUBLIC void *_Znam(size_t size)
{
    UNLESS_REPLACED(_Znam, (size));
    return track_new(size, FAMILY_NEW_ARRAY);
}

PUBLIC void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
    UNLESS_REPLACED(_ZnwmRKSt9nothrow_t, (size, nothrow));
    return track_new_nothrow(size, BLOCK_ALIGNMENT, CALLER, FAMILY_NEW, nothrow);
}

PUBLIC void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow)
{
    UNLESS_REPLACED(_ZnamRKSt9nothrow_t, (size, nothrow));
    return track_new_nothrow(size, BLOCK_ALIGNMENT, CALLER, FAMILY_NEW_ARRAY, nothrow);
}

PUBLIC void *_ZnwmSt11align_val_t(size_t size, size_t alignment)
{
    UNLESS_REPLACED(_ZnwmSt11align_val_t, (size, alignment));
    return track_memalign(alignment, size, CALLER, FAMILY_NEW);
}

PUBLIC void *_ZnamSt11align_val_t(size_t size, size_t alignment)
{
    UNLESS_REPLACED(_ZnamSt11align_val_t, (size, alignment));
    return track_memalign(alignment, size, CALLER, FAMILY_NEW_ARRAY);
}

PUBLIC void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow)
{
    UNLESS_REPLACED(_ZnwmSt11align_val_tRKSt9nothrow_t, (size, alignment, nothrow));
    return track_new_nothrow(size, alignment, CALLER, FAMILY_NEW, nothrow);
}

PUBLIC void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow)
{
    UNLESS_REPLACED(_ZnamSt11align_val_tRKSt9nothrow_t, (size, alignment, nothrow));
    return track_new_nothrow(size, alignment, CALLER, FAMILY_NEW_ARRAY, nothrow);
}

/* ---- delete: the header knows size and alignment, so what comes with the pointer is not asked ---- */

PUBLIC void _ZdlPv(void *user)
{
    track_free(user, FAMILY_NEW);
}

PUBLIC void _ZdaPv(void *user)
{
    UNLESS_REPLACED(_ZdaPv, (user));
    track_free(user, FAMILY_NEW_ARRAY);
}

#define DELETE_FORM(form, made, parameters, arguments) \
    PUBLIC void form parameters                        \
    {                                                  \
        UNLESS_REPLACED(form, arguments);              \
        track_free(user, made);                        \
    }

#define UNUSED __attribute__((unused))

DELETE_FORM(_ZdlPvm, FAMILY_NEW, (void *user, UNUSED size_t size), (user, size))
DELETE_FORM(_ZdaPvm, FAMILY_NEW_ARRAY, (void *user, UNUSED size_t size), (user, size))
DELETE_FORM(_ZdlPvRKSt9nothrow_t, FAMILY_NEW, (void *user, UNUSED const void *nothrow), (user, nothrow))
DELETE_FORM(_ZdaPvRKSt9nothrow_t, FAMILY_NEW_ARRAY, (void *user, UNUSED const void *nothrow), (user, nothrow))
DELETE_FORM(_ZdlPvSt11align_val_t, FAMILY_NEW, (void *user, UNUSED size_t alignment), (user, alignment))
DELETE_FORM(_ZdaPvSt11align_val_t, FAMILY_NEW_ARRAY, (void *user, UNUSED size_t alignment), (user, alignment))
DELETE_FORM(_ZdlPvmSt11align_val_t, FAMILY_NEW, (void *user, UNUSED size_t size, UNUSED size_t alignment),
            (user, size, alignment))
DELETE_FORM(_ZdaPvmSt11align_val_t, FAMILY_NEW_ARRAY, (void *user, UNUSED size_t size, UNUSED size_t alignment),
            (user, size, alignment))
DELETE_FORM(_ZdlPvSt11align_val_tRKSt9nothrow_t, FAMILY_NEW,
            (void *user, UNUSED size_t alignment, UNUSED const void *nothrow), (user, alignment, nothrow))
DELETE_FORM(_ZdaPvSt11align_val_tRKSt9nothrow_t, FAMILY_NEW_ARRAY,
            (void *user, UNUSED size_t alignment, UNUSED const void *nothrow), (user, alignment, nothrow))
