#include "thread.h"

#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "lifecycle.h"
#include "lock.h"
#include "log.h"
#include "options.h"
#include "rule.h"
#include "scope.h"
#include "sys.h"
#include "tag.h"

/* Only what the fast path reads of a slab before its tick test, and a depth that no scope is pushed to. */
_Alignas(CACHE_LINE) uint32_t thread_no_slab[CACHE_LINE / sizeof(uint32_t)] = {
    [offsetof(struct slab, tick) / sizeof(uint32_t)] = UINT32_MAX,
    [offsetof(struct slab, pushed) / sizeof(uint32_t)] = UINT32_MAX,
};

__thread struct slab *thread_slab __attribute__((tls_model("initial-exec"))) = (struct slab *)thread_no_slab;

static __thread struct {
    bool ended;   /* the slab is gone, and no other comes */
    bool entered; /* the slab is on its way */
} thread __attribute__((tls_model("initial-exec")));

__thread unsigned thread_nested __attribute__((tls_model("initial-exec")));

uintptr_t thread_self(void)
{
    return (uintptr_t)&thread;
}

/* A rule for its name gives all that a thread allocates a tag, or the name itself does. */
static void rename_thread(struct slab *slab, const char *name)
{
    slab_rename(slab, name);
    const char *tag = rule_for_thread(slab->name);
    if (tag == NULL && options.tags == TAGS_BY_THREAD)
        tag = slab->name;
    scope_base(slab, tag != NULL ? tag_intern(tag, strlen(tag)) : TAG_UNTAGGED);
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

void thread_take_slab(uint32_t tick)
{
    if (thread.ended || thread.entered)
        return;
    thread.entered = true;
    if (lock_take(&lock_books, thread_self()) == LOCK_TAKEN) {
        struct slab *slab = slab_take(thread_id(), (uintptr_t)pthread_self(), tick);
        if (slab != NULL) {
            name_thread(slab);
            thread_slab = slab;
        }
        lock_release(&lock_books);
    }
    thread.entered = false;
    if (thread_has_slab())
        lifecycle_thread_began();
}

void thread_ends(void)
{
    struct slab *slab = thread_slab;
    thread.ended = true;
    if (!thread_has_slab())
        return;
    thread_slab = (struct slab *)thread_no_slab;
    if (lock_take(&lock_books, thread_self()) == LOCK_TAKEN) {
        slab_leave(slab);
        lock_release(&lock_books);
    }
}

void thread_named(uintptr_t owner, const char *name)
{
    if (lock_take(&lock_books, thread_self()) != LOCK_TAKEN)
        return;
    struct slab *slab = slab_of(owner);
    if (slab != NULL)
        rename_thread(slab, name);
    lock_release(&lock_books);
}

void thread_forked(void)
{
    struct slab *mine = thread_has_slab() ? thread_slab : NULL;
    if (lock_take(&lock_books, thread_self()) != LOCK_TAKEN)
        return;
    slab_orphan(mine);
    if (mine != NULL)
        mine->tid = thread_id();
    lock_release(&lock_books);
}
