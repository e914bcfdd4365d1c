/* Libraries that are loaded, allocate, and are unloaded.
 *
 *   unloading replaced     another one comes to the same place; two threads had allocated from the first
 *   unloading rounds       one of them 10,000 times; says by how much resident memory grew in the last 9,000
 *   unloading busy         300 times, while a thread allocates elsewhere
 *   unloading crowd        four threads, each of which loads one of two libraries again and again
 *   unloading destructor   one that allocates while it is unloaded, five times
 *   unloading leak         one that leaks, and is gone at the end
 *   unloading null|unopened|twice|nonsense   dlclose of what is no handle, or no more */
#include "../plugins/ledger.h"
#include "blocks.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

typedef void *maker(size_t size);

static void *load(const char *library, const char *function, maker **make)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    MUST(handle != NULL);
    *make = (maker *)dlsym(handle, function);
    MUST(*make != NULL);
    return handle;
}

__attribute__((noinline)) void make_many(maker *make, unsigned blocks);
void make_many(maker *make, unsigned blocks)
{
    for (unsigned i = 0; i < blocks; i++)
        MUST(hide(make(64)) != NULL);
}

/* ---- another library at the same place ---- */

static maker *shared_make;
static pthread_barrier_t turn;

static void *makes_twice(void *unused)
{
    make_many(shared_make, 200);
    pthread_barrier_wait(&turn);
    pthread_barrier_wait(&turn);
    make_many(shared_make, 70);
    return unused;
}

static void replaced(void)
{
    pthread_t thread;
    void *first = load("twin_a.so", "twin_a_make", &shared_make);
    maker *make_before = shared_make;
    uintptr_t base = ((struct link_map *)first)->l_addr;
    pthread_barrier_init(&turn, NULL, 2);
    MUST(pthread_create(&thread, NULL, makes_twice, NULL) == 0);
    make_many(shared_make, 100);
    pthread_barrier_wait(&turn);
    MUST(dlclose(first) == 0);
    void *second = load("twin_b.so", "twin_b_make", &shared_make);
    dprintf(1, "same_place=%d\n", ((struct link_map *)second)->l_addr == base && shared_make == make_before);
    make_many(shared_make, 30);
    pthread_barrier_wait(&turn);
    pthread_join(thread, NULL);
    MUST(dlclose(second) == 0);
    first = load("twin_a.so", "twin_a_make", &shared_make);
    make_many(shared_make, 5);
    MUST(dlclose(first) == 0);
}

/* ---- over and over ---- */

static size_t resident_kib(void)
{
    char text[4096];
    slurp("/proc/self/status", text, sizeof(text));
    const char *line = strstr(text, "VmRSS:");
    MUST(line != NULL);
    return strtoul(line + 6, NULL, 10);
}

static void round_of(unsigned blocks)
{
    maker *make;
    void *handle = load("twin_a.so", "twin_a_make", &make);
    for (unsigned i = 0; i < blocks; i++)
        free(make(64));
    MUST(dlclose(handle) == 0);
}

static void rounds(void)
{
    size_t before = 0;
    for (unsigned i = 0; i < 10000; i++) {
        if (i == 1000)
            before = resident_kib();
        round_of(3);
    }
    size_t after = resident_kib();
    dprintf(1, "grown_kib=%zu\n", after > before ? after - before : 0);
}

/* ---- meanwhile ---- */

static bool over;
static uint64_t made_meanwhile;

static void *works_elsewhere(void *unused)
{
    struct ledger_list *list = ledger_list();
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        ledger_add(list, 50, 100);
        ledger_resize(list, 700);
        ledger_drop(list, 50);
        made_meanwhile += 50;
    }
    return unused;
}

static void busy(void)
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, works_elsewhere, NULL) == 0);
    for (unsigned i = 0; i < 300; i++)
        round_of(4);
    __atomic_store_n(&over, true, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    dprintf(1, "meanwhile=%ju\n", (uintmax_t)made_meanwhile);
}

/* Which of them stands at one place at a moment is a matter of luck. */
static void *opens_in_turn(void *argument)
{
    static const char *const libraries[] = {"twin_a.so", "twin_b.so"}, *const functions[] = {"twin_a_make",
                                                                                             "twin_b_make"};
    for (unsigned i = 0; i < 500; i++) {
        unsigned which = (i / 3 + (unsigned)(uintptr_t)argument) % 2;
        maker *make;
        void *handle = load(libraries[which], functions[which], &make);
        for (unsigned n = 0; n < 5; n++)
            free(make(64));
        MUST(dlclose(handle) == 0);
    }
    return NULL;
}

static void crowd(void)
{
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        MUST(pthread_create(&threads[i], NULL, opens_in_turn, (void *)i) == 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void destructor(void)
{
    for (unsigned i = 0; i < 5; i++) {
        void *handle = dlopen("last_words.so", RTLD_NOW);
        MUST(handle != NULL && dlclose(handle) == 0);
    }
}

static void leak(void)
{
    maker *make;
    void *handle = load("twin_a.so", "twin_a_make", &make);
    make_many(make, 1000);
    nap(600);
    make_many(make, 1000);
    MUST(dlclose(handle) == 0);
    nap(600);
}

/* ---- what is no handle ---- */

static void bad_handle(const char *kind)
{
    static char nothing[4096];
    maker *make;
    void *handle = NULL;
    if (strcmp(kind, "unopened") == 0)
        handle = nothing;
    else if (strcmp(kind, "nonsense") == 0)
        handle = (void *)0x1234567;
    else if (strcmp(kind, "twice") == 0) {
        handle = load("twin_a.so", "twin_a_make", &make);
        MUST(dlopen("twin_a.so", RTLD_NOW | RTLD_NODELETE) == handle);
        MUST(dlclose(handle) == 0 && dlclose(handle) == 0);
    }
    free(block(100));
    int result = dlclose(handle);
    const char *error = dlerror();
    dprintf(1, "dlclose %d: %s\n", result, error != NULL ? error : "no error");
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    const char *what = argv[1];
    if (strcmp(what, "replaced") == 0)
        replaced();
    else if (strcmp(what, "rounds") == 0)
        rounds();
    else if (strcmp(what, "busy") == 0)
        busy();
    else if (strcmp(what, "crowd") == 0)
        crowd();
    else if (strcmp(what, "destructor") == 0)
        destructor();
    else if (strcmp(what, "leak") == 0)
        leak();
    else
        bad_handle(what);
    return 0;
}
