#include "track.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "lifecycle.h"
#include "lock.h"
#include "log.h"
#include "module.h"
#include "odd.h"
#include "options.h"
#include "sys.h"

/* Only what the fast path reads of a slab before its tick test. */
static _Alignas(CACHE_LINE) uint32_t no_slab[16] = {UINT32_MAX};

__thread struct slab *track_slab __attribute__((tls_model("initial-exec"))) = (struct slab *)no_slab;

static __thread struct {
    bool ended;   /* the slab is gone, and no other comes */
    bool entered; /* the slab is on its way */
} thread __attribute__((tls_model("initial-exec")));

/* ---- the books, opened for one piece of rare work ---- */

struct books {
    struct slab *slab;
    enum lock_state lock; /* LOCK_BUSY: not held, the slab is this thread's own */
};

uintptr_t track_self(void)
{
    return (uintptr_t)&thread;
}

static bool has_slab(void)
{
    return track_slab != (struct slab *)no_slab;
}

static void rename_thread(struct slab *slab, const char *name)
{
    slab_rename(slab, name);
    if (options.tags == TAGS_BY_THREAD)
        slab->scope = tag_intern(slab->name, strlen(slab->name));
}

static void name_thread(struct slab *slab)
{
    char name[THREAD_NAME] = "";
    if (!log_is_sandboxed())
        sys2(SYS_prctl, PR_GET_NAME, name);
    rename_thread(slab, name);
}

static uint32_t thread_id(void)
{
    return log_is_sandboxed() ? 1 : (uint32_t)sys0(SYS_gettid);
}

static void take_slab(uint32_t tick)
{
    if (thread.ended || thread.entered)
        return;
    thread.entered = true;
    if (lock_take(&lock_books, track_self()) == LOCK_TAKEN) {
        struct slab *slab = slab_take(thread_id(), (uintptr_t)pthread_self(), tick);
        if (slab != NULL) {
            name_thread(slab);
            track_slab = slab;
        }
        lock_release(&lock_books);
    }
    thread.entered = false;
    if (has_slab())
        lifecycle_thread_began();
}

static void meet_tick(struct slab *slab, uint32_t tick)
{
    if (lock_take(&lock_books, track_self()) == LOCK_TAKEN) {
        slab_fold(slab, tick);
        lock_release(&lock_books);
    }
}

static struct books books_open(void)
{
    uint32_t now = clock_now();
    if (UNLIKELY(clock_tick() == CLOCK_SELF))
        lifecycle_unticked(now);
    if (UNLIKELY(!has_slab()))
        take_slab(now);
    if (LIKELY(has_slab())) {
        if (track_slab->tick != now)
            meet_tick(track_slab, now);
        return (struct books){track_slab, LOCK_BUSY};
    }
    struct books books = {&slab_shared, lock_take(&lock_books, track_self())};
    if (slab_shared.tick != now && books.lock == LOCK_TAKEN)
        slab_fold(&slab_shared, now);
    return books;
}

static void books_close(const struct books *books)
{
    if (books->lock == LOCK_TAKEN)
        lock_release(&lock_books);
}

/* ---- what is counted: each step once, for every path but the two fast ones ---- */

static void count_net(struct slab *slab, unsigned tag, uint64_t net)
{
    cell_add(&slab->tag[tag].net, net);
    int64_t held = (int64_t)cell_read(&slab->tag[tag].net);
    if (UNLIKELY(slab->tag[tag].net_base == 0))
        return slab_push(slab, tag); /* freed or resized by a thread that never made one: centered now */
    if (held > slab->net_most || held < 0)
        slab_push(slab, tag);
}

static void count_allocated(struct slab *slab, const struct block *block, size_t size)
{
    amount_add(&slab->cell[block->context].allocated, size);
    count_net(slab, block->tag, size);
}

/* The tag's wheel, also where this thread has only freed what others made; NULL: no memory for it. */
static struct age_wheel *wheel_of(struct slab *slab, unsigned tag)
{
    if (LIKELY(slab->tag[tag].wheel != NULL))
        return slab->tag[tag].wheel;
    struct age_wheel *wheel = NULL;
    enum lock_state state = lock_take(&lock_books, track_self());
    if (state == LOCK_TAKEN || slab == &slab_shared)
        wheel = slab_wheel(slab, tag);
    if (state == LOCK_TAKEN)
        lock_release(&lock_books);
    return wheel;
}

/* Moves the settled part of the books by a change to a block that was born in an earlier tick. Without a wheel
 * the block passes for a young one: the ages then err, the totals do not. */
static void count_settled(struct slab *slab, const struct block *block, uint64_t blocks, uint64_t bytes)
{
    struct age_wheel *wheel = wheel_of(slab, block->tag);
    if (UNLIKELY(wheel == NULL))
        return;
    struct slab_tag *tag = &slab->tag[block->tag];
    struct amount *cell = age_cell(wheel, block->birth, slab->tick);
    cell_add(&cell->blocks, blocks);
    cell_add(&cell->bytes, bytes);
    cell_add(&tag->settled.blocks, blocks);
    cell_add(&tag->settled.bytes, bytes);
}

/* As if it had never been: for a block that is counted again under another context. */
static void uncount_allocated(struct slab *slab, const struct block *block, size_t size)
{
    cell_sub(&slab->cell[block->context].allocated.blocks, 1);
    cell_sub(&slab->cell[block->context].allocated.bytes, size);
    if (block->birth != slab->tick)
        count_settled(slab, block, -(uint64_t)1, -(uint64_t)size);
    count_net(slab, block->tag, -(uint64_t)size);
}

static void count_freed(struct slab *slab, const struct block *block, size_t size)
{
    amount_add(&slab->cell[block->context].freed, size);
    if (block->birth != slab->tick) {
        uint32_t age = slab->tick > block->birth ? slab->tick - block->birth : 0;
        cell_add(&slab->tag[block->tag].lifetime[age_row(age)], 1);
        count_settled(slab, block, -(uint64_t)1, -(uint64_t)size);
    }
    count_net(slab, block->tag, -(uint64_t)size);
}

/* ---- which context ---- */

/* The tag that the site itself asks for. */
static unsigned tag_of_site(uintptr_t caller)
{
    if (options.tags != TAGS_BY_MODULE)
        return TAG_UNTAGGED;
    char name[SNAPSHOT_NAME];
    return tag_intern(name, module_name(caller, name));
}

static unsigned context_make(struct slab *slab, uint64_t key, uintptr_t caller, unsigned log)
{
    unsigned context = context_last_resort(log);
    if (lock_take(&lock_books, track_self()) == LOCK_TAKEN) {
        unsigned scope = key_tag(key);
        context = context_intern(key, scope != 0 ? scope : tag_of_site(caller));
        slab_limit(slab);
        lock_release(&lock_books);
    }
    return context;
}

/* The header word for a block of this size from this site. */
static uint64_t word_for(struct slab *slab, uintptr_t caller, size_t size)
{
    unsigned log = size_class(size);
    uint64_t key = context_key(caller, log, 0) | slab->scope;
    const struct slab_site *site = slab_recall(slab, key);
    if (site != NULL)
        return site->word;
    unsigned context = context_find(key);
    if (context == 0) {
        /* The shared slab's user holds the lock already. */
        if (slab == &slab_shared)
            context = context_intern(key, slab->scope != 0 ? TAG_OTHER : tag_of_site(caller));
        else
            context = context_make(slab, key, caller, log);
    }
    uint64_t word = block_word(context_tag(context), context);
    if (context >= SIZE_CLASSES) /* else a last resort, for this once */
        slab_remember(slab, key, word);
    return word;
}

/* ---- failing ---- */

static void count_failure(uintptr_t caller)
{
    struct books books = books_open();
    uint64_t word = word_for(books.slab, caller, 0);
    cell_add(&books.slab->tag[(uint16_t)word].failures, 1);
    books_close(&books);
}

static void *refuse(uintptr_t caller)
{
    if (lifecycle_up() && lifecycle_tracks())
        count_failure(caller);
    errno = ENOMEM;
    return NULL;
}

/* The C++ library's own operator new of that form: it calls the new_handler, tries again, throws. A library that
 * was loaded without making its names global is asked for by name. */
static void *new_by_library(size_t size, unsigned shape, bool throws, const void *nothrow)
{
    struct real *cxx = &real;
    if (cxx->_Znwm == NULL)
        real_find_cxx();
    bool array = (shape & SHAPE_MADE) == MADE_NEW_ARRAY;
    size_t alignment = block_offset(shape & ~(unsigned)SHAPE_HUGE);
    if (cxx->_Znwm == NULL)
        return NULL; /* whoever calls operator new without a C++ library gets what malloc would say */
    if (shape >> SHAPE_ALIGN_SHIFT && !(shape & SHAPE_HUGE)) {
        if (throws)
            return (array ? cxx->_ZnamSt11align_val_t : cxx->_ZnwmSt11align_val_t)(size, alignment);
        return (array ? cxx->_ZnamSt11align_val_tRKSt9nothrow_t
                      : cxx->_ZnwmSt11align_val_tRKSt9nothrow_t)(size, alignment, nothrow);
    }
    if (throws)
        return (array ? cxx->_Znam : cxx->_Znwm)(size);
    return (array ? cxx->_ZnamRKSt9nothrow_t : cxx->_ZnwmRKSt9nothrow_t)(size, nothrow);
}

/* A block that the C++ library made through our malloc after all is counted again, as what it is. */
static void *remake(void *user, uintptr_t caller, unsigned shape);

/* The real allocator has no memory for it. */
static void *fail(size_t size, uintptr_t caller, unsigned shape)
{
    if ((shape & SHAPE_MADE) == MADE_MALLOC)
        return refuse(caller);
    refuse(caller);
    return remake(new_by_library(size, shape, true, NULL), caller, shape);
}

/* ---- allocating ---- */

/* A huge block is made as if at twice the usual alignment: its base then has room for its size. */
enum { HUGE_SHAPE = SHAPE_HUGE | 5 << SHAPE_ALIGN_SHIFT };
_Static_assert(1 << (HUGE_SHAPE >> SHAPE_ALIGN_SHIFT) == 2 * BLOCK_HEADER, "a header and room for a size");

static void fill_header(struct block *block, uint64_t word, size_t size, uint32_t birth, unsigned shape)
{
    block->birth = birth; /* NOLINT(clang-analyzer-core.NullDereference): no base is so low */
    block->size_low = (uint32_t)size;
    block->word = word | (uint64_t)shape << 32;
    if (UNLIKELY(block->shape & SHAPE_HUGE))
        *(size_t *)block_base(block) = size;
}

/* A block of the arena is never counted: the program did not ask for it. */
static void *from_arena(char *base, size_t size, unsigned shape)
{
    struct block *block = (struct block *)(base + block_offset(shape) - BLOCK_HEADER);
    fill_header(block, block_word(TAG_UNTAGGED, 0), size, 0, (shape & ~(unsigned)SHAPE_MADE) | SHAPE_BOOT);
    return block_user(block);
}

static void *book(char *base, size_t size, uintptr_t caller, unsigned shape)
{
    struct block *block = (struct block *)(base + block_offset(shape) - BLOCK_HEADER);
    struct books books = books_open();
    fill_header(block, word_for(books.slab, caller, size), size, books.slab->tick, shape);
    count_allocated(books.slab, block, size);
    books_close(&books);
    return block_user(block);
}

/* Not tracked: the block goes out as it is. operator new belongs to the C++ library then, whose forms call each
 * other, and a malloc that may not be ours. */
static void *pass_on(char *base, size_t size, unsigned shape)
{
    if ((shape & SHAPE_MADE) == MADE_MALLOC)
        return base;
    real.free(base);
    return new_by_library(size, shape, true, NULL);
}

void *track_allocated_slow(char *base, size_t size, uintptr_t caller, unsigned shape)
{
    if (UNLIKELY(real_from_arena(base)))
        return from_arena(base, size, shape);
    if (UNLIKELY(!lifecycle_tracks()))
        return pass_on(base, size, shape);
    if (UNLIKELY(base == NULL))
        return fail(size, caller, shape);
    return book(base, size, caller, shape);
}

/* The slab and its tick are in order; the site is not at home in the cache. */
void *track_allocated_missed(char *base, size_t size, uintptr_t caller, unsigned shape)
{
    struct slab *slab = track_slab;
    uint64_t key = context_key(caller, size_class(size), 0) | slab->scope;
    const struct slab_site *site = slab_recall(slab, key);
    if (site == NULL)
        return track_allocated_slow(base, size, caller, shape);
    return track_booked(slab, *site, base, size, slab->tick, shape);
}

void *track_allocated_peak(struct slab *slab, struct slab_tag *tag, void *user)
{
    slab_push(slab, (unsigned)(tag - slab->tag));
    return user;
}

static unsigned aligned_shape(size_t alignment, unsigned shape)
{
    return alignment > BLOCK_ALIGNMENT ? shape | log2_floor(alignment) << SHAPE_ALIGN_SHIFT : shape;
}

/* A real block of size plus room, counted as made at this alignment. */
static void *make_aligned(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    unsigned aligned = aligned_shape(alignment, shape);
    if (alignment > (size_t)PTRDIFF_MAX || size > (size_t)PTRDIFF_MAX - alignment)
        return fail(size, caller, aligned);
    if (size >= TRACK_HUGE)
        aligned |= SHAPE_HUGE;
    return track_allocated_slow(real.memalign(alignment, size + alignment), size, caller, aligned);
}

void *track_memalign(size_t alignment, size_t size, uintptr_t caller, unsigned shape)
{
    if (UNLIKELY(lifecycle_up() && !lifecycle_tracks()))
        return shape == MADE_MALLOC ? real.memalign(alignment, size)
                                    : pass_on(NULL, size, aligned_shape(alignment, shape));
    if (alignment > BLOCK_ALIGNMENT)
        return make_aligned(alignment, size, caller, shape);
    return track_malloc_for(size, caller, shape);
}

/* 16 bytes of alignment will do; the shape only says where the header is. */
void *track_allocate_huge(size_t size, uintptr_t caller, unsigned shape, bool zeroed)
{
    enum { ROOM = 2 * BLOCK_HEADER };
    if (UNLIKELY(lifecycle_up() && !lifecycle_tracks())) {
        if (shape != MADE_MALLOC)
            return pass_on(NULL, size, shape);
        return zeroed ? real.calloc(1, size) : real.malloc(size);
    }
    if (size > (size_t)PTRDIFF_MAX - ROOM)
        return fail(size, caller, shape);
    char *base = zeroed ? real.calloc(1, size + ROOM) : real.malloc(size + ROOM);
    return track_allocated_slow(base, size, caller, shape | HUGE_SHAPE);
}

void *track_memalign_rounded(size_t alignment, size_t size, uintptr_t caller)
{
    size_t rounded = BLOCK_ALIGNMENT;
    while (rounded < alignment && rounded <= SIZE_MAX / 4 + 1)
        rounded *= 2;
    if (rounded < alignment) {
        errno = EINVAL;
        return NULL;
    }
    return track_memalign(rounded, size, caller, MADE_MALLOC);
}

int track_posix_memalign(void **user, size_t alignment, size_t size, uintptr_t caller)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0)
        return EINVAL;
    int error = errno;
    void *block = track_memalign(alignment, size, caller, MADE_MALLOC);
    errno = error;
    if (block == NULL)
        return ENOMEM;
    *user = block;
    return 0;
}

void *track_pvalloc(size_t size, uintptr_t caller)
{
    size_t rounded;
    if (__builtin_add_overflow(size, PAGE_BYTES - 1, &rounded))
        return refuse(caller);
    return track_memalign(PAGE_BYTES, rounded & -(size_t)PAGE_BYTES, caller, MADE_MALLOC);
}

char *track_strndup(const char *string, size_t length, uintptr_t caller)
{
    if (UNLIKELY(lifecycle_up() && !lifecycle_tracks()))
        return real.strndup(string, length);
    char *copy = track_malloc_for(length + 1, caller, MADE_MALLOC);
    if (LIKELY(copy != NULL)) {
        memcpy(copy, string, length);
        copy[length] = '\0';
    }
    return copy;
}

/* The real allocator is asked first, so that a refusal does not throw. */
void *track_new_nothrow(size_t size, size_t alignment, uintptr_t caller, unsigned shape, const void *nothrow)
{
    if (UNLIKELY(lifecycle_up() && !lifecycle_tracks()) || alignment > BLOCK_ALIGNMENT || size >= TRACK_HUGE) {
        return remake(new_by_library(size, aligned_shape(alignment, shape), false, nothrow), caller, shape);
    }
    char *base = real.malloc(size + BLOCK_HEADER);
    if (UNLIKELY(base == NULL)) {
        refuse(caller);
        return remake(new_by_library(size, shape, false, nothrow), caller, shape);
    }
    return track_allocated(base, size, caller, shape);
}

void *track_calloc(size_t count, size_t size, uintptr_t caller)
{
    size_t bytes;
    if (UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
        return refuse(caller);
    if (UNLIKELY(bytes >= TRACK_HUGE))
        return track_allocate_huge(bytes, caller, MADE_MALLOC, true);
    if (bytes > TRACK_CALLOC_SMALL)
        return track_allocated(real.calloc(1, bytes + BLOCK_HEADER), bytes, caller, MADE_MALLOC);
    char *base = real.malloc(bytes + BLOCK_HEADER);
    if (LIKELY(base != NULL))
        memset(base, 0, bytes + BLOCK_HEADER);
    return track_allocated(base, bytes, caller, MADE_MALLOC);
}

/* ---- freeing ---- */

/* Takes a block out of the books, and marks it: nobody may take it for a live one again. */
static void unbook(struct block *block)
{
    struct books books = books_open();
    count_freed(books.slab, block, block_size(block));
    books_close(&books);
    block_wipe(block);
}

void track_free_slow(void *user)
{
    struct block *block = block_of(user);
    char *base = block_base(block);
    unbook(block);
    real.free(base);
}

/* The fast path's second half for blocks that have aged: no lock, no look-up, some adds more. */
void track_free_settled(void *user)
{
    struct block *block = block_of(user);
    count_freed(track_slab, block, block->size_low);
    block_wipe(block);
    real.free(block);
}

/* Counted already. */
void track_free_peak(void *user)
{
    struct block *block = block_of(user);
    slab_push(track_slab, block->tag);
    block_wipe(block);
    real.free(block);
}

/* operator delete belongs to the C++ library then, whose free is the program's. */
static void free_untracked(void *user, unsigned shape)
{
    bool array = (shape & SHAPE_MADE) == MADE_NEW_ARRAY;
    if ((shape & SHAPE_MADE) != MADE_MALLOC && real._ZdlPv != NULL)
        return (array ? real._ZdaPv : real._ZdlPv)(user);
    real.free(user);
}

void track_free_other(void *user, unsigned shape)
{
    struct block *block = block_of(user);
    if (block_is_ours(block) && block->shape & SHAPE_BOOT)
        return;
    if (UNLIKELY(!lifecycle_up()) || UNLIKELY(!lifecycle_tracks()))
        return free_untracked(user, shape);
    if (!block_is_ours(block))
        return real.free(odd_pointer(user, shape));
    if (block_made(block) != (shape & SHAPE_MADE) && !lifecycle_own_new)
        odd_mismatch(block, shape);
    track_free_slow(user);
}

void track_free_page_start(void *user, unsigned shape)
{
    if (user == NULL)
        return;
    if (!odd_has_header(user))
        return free_untracked(user, shape);
    track_free_other(user, shape);
}

/* ---- resizing: birth, tag and site stay, the difference is booked ---- */

static bool is_ours(const void *user)
{
    return odd_has_header(user) && block_is_ours(block_of(user));
}

/* The context of a block of another size from the same site, under the same tag. */
static unsigned context_resized(struct slab *slab, const struct block *block, unsigned log)
{
    uint64_t key = context_key(context_site(block->context), log, block->tag);
    unsigned context = context_find(key);
    if (context == 0 && slab == &slab_shared)
        context = context_intern(key, block->tag);
    else if (context == 0)
        context = context_make(slab, key, 0, log);
    return context_tag(context) == block->tag ? context : block->context;
}

static void count_resized(struct slab *slab, struct block *block, size_t from, size_t to)
{
    if (size_class(from) == size_class(to)) {
        cell_add(&slab->cell[block->context].allocated.bytes, to - from);
    } else {
        unsigned context = context_resized(slab, block, size_class(to));
        cell_sub(&slab->cell[block->context].allocated.blocks, 1);
        cell_sub(&slab->cell[block->context].allocated.bytes, from);
        amount_add(&slab->cell[context].allocated, to);
        block->context = (uint16_t)context;
    }
    if (block->birth != slab->tick)
        count_settled(slab, block, 0, to - from);
    cell_add(&slab->tag[block->tag].resizes, 1);
    count_net(slab, block->tag, to - from);
}

static void *rebook(struct block *block, size_t from, size_t to)
{
    struct books books = books_open();
    count_resized(books.slab, block, from, to);
    books_close(&books);
    return block_user(block);
}

/* What the program may have written: up to what malloc_usable_size told it. */
static size_t written(struct block *block)
{
    if (block->shape & SHAPE_BOOT)
        return block_size(block);
    return real.malloc_usable_size(block_base(block)) - block_offset(block->shape);
}

/* Into a new real block: for one whose base is not where realloc would look, or will not be. */
static void *resize_moving(struct block *block, size_t size, uintptr_t caller)
{
    size_t old = block_size(block);
    size_t kept = written(block);
    bool huge = size >= TRACK_HUGE;
    unsigned shape = block_made(block) | (huge ? HUGE_SHAPE : 0);
    size_t room = block_offset(shape);
    if (size > (size_t)PTRDIFF_MAX - room)
        return refuse(caller);
    char *base = real.malloc(size + room);
    if (base == NULL)
        return refuse(caller);
    struct block *moved = (struct block *)(base + room - BLOCK_HEADER);
    memcpy(block_user(moved), block_user(block), kept < size ? kept : size);
    if (block->shape & SHAPE_BOOT)
        return track_allocated_slow(base, size, caller, shape);
    fill_header(moved, block_word(block->tag, block->context), size, block->birth, shape);
    char *old_base = block_base(block);
    block_wipe(block);
    real.free(old_base);
    return rebook(moved, old, size);
}

/* The real block is resized where it is, and so may be mapped elsewhere without a copy. */
static void *resize_in_place(struct block *block, size_t size, uintptr_t caller)
{
    size_t old = block_size(block);
    size_t room = block_offset(block->shape);
    char *base = size <= (size_t)PTRDIFF_MAX - room ? real.realloc(block_base(block), size + room) : NULL;
    if (UNLIKELY(base == NULL))
        return refuse(caller);
    struct block *moved = (struct block *)(base + room - BLOCK_HEADER);
    fill_header(moved, moved->word, size, moved->birth, 0);
    return rebook(moved, old, size);
}

static void *resize(struct block *block, size_t size, uintptr_t caller)
{
    unsigned plain = SHAPE_MADE | (size >= TRACK_HUGE ? HUGE_SHAPE : 0);
    bool same_room = (block->shape & ~plain) == 0 && (block->shape & SHAPE_HUGE) == (plain & SHAPE_HUGE);
    return same_room ? resize_in_place(block, size, caller) : resize_moving(block, size, caller);
}

/* While the library comes up, blocks are the arena's, and then the next allocator's own. */
static void *resize_early(void *user, size_t size, uintptr_t caller)
{
    if (!block_is_ours(block_of(user)))
        return real.realloc(user, size);
    void *moved = track_malloc_for(size, caller, MADE_MALLOC);
    size_t old = block_size(block_of(user));
    if (moved != NULL)
        memcpy(moved, user, old < size ? old : size);
    return moved;
}

/* The usual case: a plain block of ours, of a thread whose slab and tick are in order. */
static bool resizes_plainly(const void *user, size_t size)
{
    return ((uintptr_t)user & (PAGE_BYTES - 1)) != 0 && block_of(user)->shape_check == BLOCK_LIVE(MADE_MALLOC) &&
           size - 1 < TRACK_HUGE - 1 && track_slab->tick == clock_tick();
}

static void *resize_plainly(struct block *block, size_t size, uintptr_t caller)
{
    size_t old = block->size_low;
    struct block *moved = real.realloc(block, size + BLOCK_HEADER);
    if (UNLIKELY(moved == NULL))
        return refuse(caller);
    moved->size_low = (uint32_t)size;
    count_resized(track_slab, moved, old, size);
    return block_user(moved);
}

void *track_realloc(void *user, size_t size, uintptr_t caller)
{
    if (LIKELY(resizes_plainly(user, size)))
        return resize_plainly(block_of(user), size, caller);
    if (user == NULL)
        return track_malloc_for(size, caller, MADE_MALLOC);
    if (UNLIKELY(!lifecycle_up()))
        return resize_early(user, size, caller);
    struct block *block = block_of(user);
    if (UNLIKELY(!is_ours(user)))
        return real.realloc(odd_pointer(user, ODD_REALLOC), size);
    if (UNLIKELY(size == 0) && real_realloc_zero_frees()) {
        track_free(user, block->shape & SHAPE_MADE);
        return NULL;
    }
    return resize(block, size, caller);
}

void *track_reallocarray(void *user, size_t count, size_t size, uintptr_t caller)
{
    size_t bytes;
    if (UNLIKELY(lifecycle_own_realloc))
        return real.reallocarray(user, count, size);
    if (UNLIKELY(__builtin_mul_overflow(count, size, &bytes)))
        return refuse(caller);
    return track_realloc(user, bytes, caller);
}

size_t track_usable_size(void *user)
{
    if (user == NULL)
        return 0;
    if (!is_ours(user))
        return real.malloc_usable_size(user);
    const struct block *block = block_of(user);
    if (block->shape & SHAPE_BOOT)
        return block_size(block);
    return real.malloc_usable_size(block_base(block)) - block_offset(block->shape);
}

static void *remake(void *user, uintptr_t caller, unsigned shape)
{
    if (user == NULL || !is_ours(user))
        return user;
    struct block *block = block_of(user);
    size_t size = block_size(block);
    unsigned kept = block->shape & ~(unsigned)SHAPE_MADE;
    struct books books = books_open();
    uncount_allocated(books.slab, block, size);
    fill_header(block, word_for(books.slab, caller, size), size, books.slab->tick, kept | (shape & SHAPE_MADE));
    count_allocated(books.slab, block, size);
    books_close(&books);
    return user;
}

/* ---- threads ---- */

void track_thread_ends(void)
{
    struct slab *slab = track_slab;
    thread.ended = true;
    if (!has_slab())
        return;
    track_slab = (struct slab *)no_slab;
    if (lock_take(&lock_books, track_self()) == LOCK_TAKEN) {
        slab_leave(slab);
        lock_release(&lock_books);
    }
}

void track_thread_named(uintptr_t owner, const char *name)
{
    if (lock_take(&lock_books, track_self()) != LOCK_TAKEN)
        return;
    struct slab *slab = slab_of(owner);
    if (slab != NULL)
        rename_thread(slab, name);
    lock_release(&lock_books);
}

void track_forked(void)
{
    struct slab *mine = has_slab() ? track_slab : NULL;
    if (lock_take(&lock_books, track_self()) != LOCK_TAKEN)
        return;
    slab_orphan(mine);
    if (mine != NULL)
        mine->tid = thread_id();
    lock_release(&lock_books);
}
