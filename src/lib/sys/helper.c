#include "helper.h"

#include "clock.h"
#include "glibc.h"
#include "sys.h"

enum { STACK_BYTES = 32 * 1024, CLOSE_UNSHARED = 2 /* CLOSE_RANGE_UNSHARE */ };

struct helper_task {
    void (*work)(void *);
    void *argument;
    unsigned kept; /* descriptors, from 0 */
    bool done;
};

static SPARSE _Alignas(PAGE_BYTES) char stack[STACK_BYTES];
static uint32_t running;

/* Where there is no way to give them up (Linux before 5.9), only a process of several threads does not mind: there
 * nobody can tell which number comes next. */
static void helper_main(void *from)
{
    struct helper_task *helper_task = from;
    if (!sys_filtered() && sys3(SYS_close_range, helper_task->kept, ~0u, CLOSE_UNSHARED) != 0 && __libc_single_threaded)
        return;
    helper_task->work(helper_task->argument);
    helper_task->done = true;
}

static bool run_task(struct helper_task helper_task, struct lock_owner self)
{
    if (!lock_owner_is_reporter(self)) {
        helper_task.work(helper_task.argument);
        return true;
    }
    /* A filter from before our time may kill for close_range, which few programs call: there the thread gets a copy of
     * them all. That keeps open what the program closes meanwhile, for a moment. */
    enum sys_descriptors descriptors = sys_filtered() ? SYS_COPIED_DESCRIPTORS : SYS_SHARED_DESCRIPTORS;
    long tid = sys_thread_start(helper_main, &helper_task, &running, stack + STACK_BYTES, descriptors);
    if (tid < 0)
        return false;
    sys_thread_wait(clock_area.now.pid, (uint32_t)tid, &running);
    return helper_task.done;
}

bool helper_run(void (*work)(void *), void *argument, struct lock_owner self)
{
    return run_task((struct helper_task){.work = work, .argument = argument}, self);
}

bool helper_run_with_stderr(void (*work)(void *), void *argument, struct lock_owner self)
{
    return run_task((struct helper_task){.work = work, .argument = argument, .kept = 3}, self);
}
