#include "thread.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "lib/account/scope.h"
#include "lib/account/tag.h"
#include "lib/code/rule.h"
#include "lib/config/log.h"
#include "lib/config/options.h"
#include "lib/config/state.h"
#include "lib/sys/clock.h"
#include "lib/sys/helper.h"
#include "lib/sys/lock.h"
#include "lib/sys/sys.h"

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

struct lock_owner thread_self(void)
{
    return (struct lock_owner){(uintptr_t)&thread};
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
    if (thread.ended || thread.entered || !slab_may_be_had(tick))
        return;
    thread.entered = true;
    if (lock_take(&lock_accounting, thread_self()) == LOCK_TAKEN) {
        struct slab *slab = slab_take(thread_id(), (uintptr_t)pthread_self(), tick);
        if (slab != NULL) {
            name_thread(slab);
            thread_slab = slab;
        }
        lock_release(&lock_accounting);
    }
    thread.entered = false;
    if (thread_has_slab())
        state_events.thread_began();
}

void thread_ends(void)
{
    struct slab *slab = thread_slab;
    thread.ended = true;
    if (!thread_has_slab())
        return;
    thread_slab = (struct slab *)thread_no_slab;
    if (lock_take(&lock_accounting, thread_self()) == LOCK_TAKEN) {
        slab_leave(slab);
        lock_release(&lock_accounting);
    }
}

void thread_named(uintptr_t owner, const char *name)
{
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return;
    struct slab *slab = slab_of(owner);
    if (slab != NULL)
        rename_thread(slab, name);
    lock_release(&lock_accounting);
}

/* ---- the names, read again ---- */

/* Of the slabs that a report shows, whose owners may change meanwhile. */
static struct {
    unsigned count;
    struct {
        struct slab *slab;
        uint32_t tid;
        char name[THREAD_NAME];
    } thread[THREAD_ROWS];
} reread SPARSE;

static void list_threads(void)
{
    reread.count = 0;
    for (struct slab *slab = slab_first(); slab != NULL && reread.count < THREAD_ROWS; slab = slab->next)
        if (slab->tid != 0) {
            reread.thread[reread.count].slab = slab;
            reread.thread[reread.count++].tid = slab->tid;
        }
}

/* What is in the file ends with a line end. Empty: it could not be read. */
static void read_name(uint32_t tid, char name[THREAD_NAME])
{
    struct log_line path = {.length = 0};
    log_text(&path, "/proc/self/task/");
    log_number(&path, tid);
    log_text(&path, "/comm");
    path.text[path.length] = '\0';
    name[0] = '\0';
    long file = sys4(SYS_openat, AT_FDCWD, path.text, O_RDONLY | O_CLOEXEC, 0);
    if (file < 0)
        return;
    long length = sys3(SYS_read, file, name, THREAD_NAME);
    name[length > 0 ? length - 1 : 0] = '\0';
    sys1(SYS_close, file);
}

static void read_thread_names(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < reread.count; i++)
        read_name(reread.thread[i].tid, reread.thread[i].name);
}

static void take_names(void)
{
    for (unsigned i = 0; i < reread.count; i++) {
        struct slab *slab = reread.thread[i].slab;
        const char *name = reread.thread[i].name;
        if (slab->tid != reread.thread[i].tid || name[0] == '\0')
            continue;
        scope_base_again(slab);
        if (strncmp(slab->name, name, THREAD_NAME) != 0)
            rename_thread(slab, name);
    }
}

/* A thousand names take as long as all else of a report: where one follows the other closely they are left alone. */
static bool read_just_now(struct lock_owner self)
{
    enum { READ_EVERY_MS = 1000 };
    static uint64_t last_ms;
    uint64_t now_ms = clock_uptime_ms();
    if (lock_owner_is_reporter(self) && last_ms != 0 && now_ms - last_ms < READ_EVERY_MS)
        return true;
    last_ms = now_ms;
    return false;
}

void thread_read_names(struct lock_owner self)
{
    if (log_is_sandboxed() || read_just_now(self) || lock_take(&lock_accounting, self) != LOCK_TAKEN)
        return;
    list_threads();
    lock_release(&lock_accounting);
    if (!helper_run(read_thread_names, NULL, self) || lock_take(&lock_accounting, self) != LOCK_TAKEN)
        return;
    take_names();
    lock_release(&lock_accounting);
}

void thread_forked(void)
{
    struct slab *mine = thread_has_slab() ? thread_slab : NULL;
    if (lock_take(&lock_accounting, thread_self()) != LOCK_TAKEN)
        return;
    slab_orphan(mine);
    if (mine != NULL) {
        mine->tid = thread_id();
        slab_refresh_sites(mine); /* another thread may have been about to retract the tick */
    }
    lock_release(&lock_accounting);
}
