#include "pointer.h"

#include "lib/account/context.h"
#include "lib/account/tag.h"
#include "lib/config/log.h"
#include "lib/config/state.h"
#include "lib/next/real.h"
#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "lib/sys/clock.h"
#include "lib/sys/sys.h"
#include "site.h"

struct pointer_counts pointer_counts;

enum { ODD_LINES = 20, CALL_MASK = 3 }; /* a program that does it all day is not told all day */

static bool pointer_count(uint64_t *count)
{
    return __atomic_add_fetch(count, 1, __ATOMIC_RELAXED) <= ODD_LINES;
}

static const char *const made_names[] = {"malloc", "new", "new[]"};
static const char *const call_names[] = {"free", "delete", "delete[]", "realloc"};

static void log_block(struct log_line *line, const struct block *block)
{
    log_text(line, " of ");
    log_number(line, block_size(block));
    log_text(line, " bytes, tag ");
    log_text(line, tag_name(block->tag % TAGS_MAX));
    log_say(line);
}

/* Whether an object has a C++ library hidden within, by all appearance: it raises exceptions itself, and asks nobody
 * for operator delete. Its new and delete reach us as malloc and free (rustc's, which links LLVM's library and its
 * own). */
static bool hides_cxx(unsigned number)
{
    enum { UNKNOWN, HIDES, HIDES_NOT };
    static uint8_t known[OBJECTS_MAX];
    const struct object *object = object_get(number);
    if (number == OBJECT_NONE || number == OBJECT_OTHER || !object->stays)
        return false;
    if (known[number] == UNKNOWN) {
        bool raises = module_imports(object->dynamic, object->bias, "_Unwind_RaiseException");
        bool asks = module_imports(object->dynamic, object->bias, "_ZdlPv") ||
                    module_imports(object->dynamic, object->bias, "_ZdaPv") ||
                    module_defines(object->dynamic, object->bias, "_ZdlPv");
        known[number] = raises && !asks ? HIDES : HIDES_NOT;
    }
    return known[number] == HIDES;
}

static bool is_one_family(const struct block *block, unsigned flags, uintptr_t caller)
{
    bool freed = (flags & FLAGS_FAMILY) == FAMILY_MALLOC;
    return freed ? hides_cxx(object_at(caller)) : hides_cxx(site_object((unsigned)context_site(block->context)));
}

void pointer_mismatch(const struct block *block, unsigned flags, uintptr_t caller)
{
    if (is_one_family(block, flags, caller) || !pointer_count(&pointer_counts.mismatched))
        return;
    struct log_line line;
    log_begin(&line);
    log_text(&line, "mismatch: ");
    log_text(&line, call_names[flags & CALL_MASK]);
    log_text(&line, " of a block made by ");
    log_text(&line, made_names[block_family(block)]);
    log_text(&line, ": ");
    log_pointer(&line, block + 1);
    log_block(&line, block);
}

static void log_wild(const void *user, const char *call, const char *what)
{
    if (!pointer_count(&pointer_counts.wild))
        return;
    struct log_line line;
    log_begin(&line);
    log_text(&line, call);
    log_text(&line, " of ");
    log_text(&line, what);
    log_text(&line, ": ");
    log_pointer(&line, user);
    log_say(&line);
}

/* Whether a word can be a glibc chunk's size, as it is before every block that glibc hands out. */
static bool plausible_chunk(uint64_t word)
{
    enum { LEAST_CHUNK = 32, FLAGS = 7, MOST_LOG = 40 };
    uint64_t size = word & ~(uint64_t)FLAGS;
    return size >= LEAST_CHUNK && size % 16 == 0 && size >> MOST_LOG == 0;
}

/* Whether a block of ours was here that now lies in glibc's thread cache: there is a chunk at its real start, a
 * random key where our check was, and a link that glibc's safe-linking (2.32) can have written. */
static bool in_thread_cache(const struct block *block)
{
    const uint64_t *base = (const uint64_t *)block;
    uint64_t link = base[0] ^ (uint64_t)(uintptr_t)base >> 12;
    return base[1] >> 48 != 0 && (link & 15) == 0 && link >> 47 == 0 &&
           ((uintptr_t)base % PAGE_BYTES >= 8 || sys_readable(base - 1)) && plausible_chunk(base[-1]);
}

bool pointer_has_header(const void *user)
{
    return ((uintptr_t)user & (PAGE_BYTES - 1)) != 0 || (real_is_glibc() && state_tracks()) ||
           sys_readable(block_of(user));
}

bool pointer_is_ours(const void *user)
{
    return pointer_has_header(user) && block_is_ours(block_of(user));
}

/* Sixteen bits may be there by chance; what follows from each other is not. */
static bool plausible_block(const struct block *block)
{
    if (!block_is_ours(block) || block->flags & FLAG_BOOT || block->birth > clock_now() + 1)
        return false;
    bool known = block->context < context_count() && context_tag(block->context) == block->tag;
    return known || block->flags & FLAG_UNCOUNTED;
}

const struct block *pointer_block(const void *any)
{
    const struct block *block = block_of(any);
    if ((uintptr_t)any < PAGE_BYTES || (uintptr_t)any % BLOCK_ALIGNMENT != 0)
        return NULL;
    if (!sys_readable(block))
        return NULL;
    return plausible_block(block) ? block : NULL;
}

void *pointer_unknown(void *user, unsigned flags)
{
    struct block *block = block_of(user);
    if (!pointer_has_header(user))
        return user;
    bool freed = block->check == BLOCK_FREED;
    if (freed || (real_is_glibc() && in_thread_cache(block))) {
        log_wild(user, call_names[flags & CALL_MASK], "a block freed before");
        return block; /* its real start, where the allocator knows it */
    }
    if (real_is_glibc() && !plausible_chunk(block->template))
        log_wild(user, call_names[flags & CALL_MASK], "a pointer to no live block");
    else
        __atomic_fetch_add(&pointer_counts.foreign, 1, __ATOMIC_RELAXED);
    return user;
}
