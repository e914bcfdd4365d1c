/* Locks: one holder at a time, and a holder that asks again is told so. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/wait.h>

#include "lib/sys/lock.h"

enum { THREADS = 4, ROUNDS = 50000, WAITERS = 8, PATIENCE_S = 60 };

/* Who a thread is to a lock: an address of its own. */
#define THREAD(n) ((struct lock_owner){4096 * (uintptr_t)(n)})

static struct lock lock;

/* A lock that is never given back would keep the test for ever. */
static int begin(void **state)
{
    (void)state;
    lock = (struct lock){0};
    alarm(PATIENCE_S);
    return 0;
}

static int end(void **state)
{
    (void)state;
    alarm(0);
    return 0;
}

/* ---- one thread ---- */

static void taken_and_released(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(lock_take(&lock, THREAD(1)), LOCK_TAKEN);
        lock_release(&lock);
        assert_int_equal(lock_try(&lock, THREAD(2)), LOCK_TAKEN);
        lock_release(&lock);
    }
}

static void the_holder_is_told(void **state)
{
    (void)state;
    assert_int_equal(lock_take(&lock, THREAD(1)), LOCK_TAKEN);
    assert_int_equal(lock_take(&lock, THREAD(1)), LOCK_NESTED);
    assert_int_equal(lock_try(&lock, THREAD(1)), LOCK_NESTED);
    assert_int_equal(lock_try(&lock, THREAD(2)), LOCK_BUSY); /* being told changes nothing */
    lock_release(&lock);
    assert_int_equal(lock_try(&lock, THREAD(2)), LOCK_TAKEN);
    assert_int_equal(lock_try(&lock, THREAD(2)), LOCK_NESTED);
    assert_int_equal(lock_try(&lock, THREAD(1)), LOCK_BUSY);
    lock_release(&lock);
}

static void two_locks_are_apart(void **state)
{
    (void)state;
    struct lock other = {0};
    assert_int_equal(lock_take(&lock, THREAD(1)), LOCK_TAKEN);
    assert_int_equal(lock_take(&other, THREAD(1)), LOCK_TAKEN);
    lock_release(&lock);
    assert_int_equal(lock_try(&other, THREAD(1)), LOCK_NESTED);
    lock_release(&other);
}

static void reset_frees_whoever_held_it(void **state)
{
    (void)state;
    assert_int_equal(lock_take(&lock, THREAD(1)), LOCK_TAKEN);
    lock_reset(&lock);
    assert_int_equal(lock_try(&lock, THREAD(2)), LOCK_TAKEN);
    lock_reset(&lock);
    assert_int_equal(lock_take(&lock, THREAD(2)), LOCK_TAKEN);
    lock_release(&lock);
}

/* ---- a signal handler in the middle of our own rare work ---- */

static volatile unsigned long handled;

static void handle(int signal)
{
    (void)signal;
    handled++;
    if (lock_take(&lock, THREAD(1)) == LOCK_TAKEN)
        lock_release(&lock);
}

static void take_and_release_under_signals(void)
{
    enum { EVERY_NS = 30000, SIGNALS = 2000, ROUNDS_MOST = 3000000 };
    struct sigaction action = {.sa_handler = handle};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec often = {{0, EVERY_NS}, {0, EVERY_NS}};
    timer_t timer;
    sigaction(SIGUSR1, &action, NULL);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 || timer_settime(timer, 0, &often, NULL) != 0)
        _exit(1);
    for (unsigned long i = 0; i < ROUNDS_MOST && handled < SIGNALS; i++)
        if (lock_take(&lock, THREAD(1)) == LOCK_TAKEN)
            lock_release(&lock);
}

/* Wherever it comes, it is not left to wait for the thread that it has interrupted. */
static void a_handler_is_never_blocked(void **state)
{
    (void)state;
    enum { CHILD_PATIENCE_S = 10 };
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(CHILD_PATIENCE_S);
        take_and_release_under_signals();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- many ---- */

static struct {
    uint64_t sum; /* not atomic: the lock's word has to do */
    uint32_t inside;
    uint32_t intruded; /* how often somebody else was inside too */
    uint32_t busy;
} space;

static void enter(void)
{
    if (space.inside != 0)
        space.intruded++;
    space.inside = 1;
    space.sum++;
    if (space.sum % 64 == 0)
        usleep(1); /* so that others come to wait */
    space.inside = 0;
}

static void *come_and_go(void *self)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (i % 4 == 0) {
            while (lock_try(&lock, THREAD((uintptr_t)self)) != LOCK_TAKEN)
                __atomic_add_fetch(&space.busy, 1, __ATOMIC_RELAXED);
        } else if (lock_take(&lock, THREAD((uintptr_t)self)) != LOCK_TAKEN) {
            break;
        }
        if (lock_try(&lock, THREAD((uintptr_t)self)) != LOCK_NESTED)
            break;
        enter();
        lock_release(&lock);
    }
    return NULL;
}

static void one_at_a_time(void **state)
{
    (void)state;
    pthread_t thread[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, come_and_go, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(space.sum, (uint64_t)THREADS * ROUNDS);
    assert_int_equal(space.intruded, 0);
    assert_int_not_equal(space.busy, 0);
    assert_int_equal(lock_try(&lock, THREAD(1)), LOCK_TAKEN);
    lock_release(&lock);
}

/* ---- whoever waits is woken ---- */

static uint32_t waiting;
static uint32_t served;

static void *wait_once(void *self)
{
    __atomic_add_fetch(&waiting, 1, __ATOMIC_RELEASE);
    if (lock_take(&lock, THREAD((uintptr_t)self)) == LOCK_TAKEN) {
        served++;
        lock_release(&lock);
    }
    return NULL;
}

static void all_who_wait_are_served(void **state)
{
    (void)state;
    pthread_t thread[WAITERS];
    assert_int_equal(lock_take(&lock, THREAD(100)), LOCK_TAKEN);
    for (uintptr_t i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, wait_once, (void *)(i + 1)), 0);
    while (__atomic_load_n(&waiting, __ATOMIC_ACQUIRE) < WAITERS)
        usleep(1000);
    usleep(20000); /* by now they sleep */
    assert_int_equal(served, 0);
    lock_release(&lock);
    for (unsigned i = 0; i < WAITERS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(served, WAITERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(taken_and_released, begin, end),
        cmocka_unit_test_setup_teardown(the_holder_is_told, begin, end),
        cmocka_unit_test_setup_teardown(two_locks_are_apart, begin, end),
        cmocka_unit_test_setup_teardown(reset_frees_whoever_held_it, begin, end),
        cmocka_unit_test_setup_teardown(a_handler_is_never_blocked, begin, end),
        cmocka_unit_test_setup_teardown(one_at_a_time, begin, end),
        cmocka_unit_test_setup_teardown(all_who_wait_are_served, begin, end),
    };
    return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
