/* The table of objects when it is full: numbers stay right, and who has gone is still noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "objects.h"
#include "plugin.h"

static int start(void **state)
{
    objects_start(state);
    object_of((uintptr_t)&start, now); /* the program is the first in it */
    return 0;
}

static struct object invented(unsigned n, char path[64])
{
    snprintf(path, 64, "/invented/%u/lib%u.so", n, n);
    uintptr_t begin = 0x10000000000 + (uintptr_t)n * 0x100000;
    struct object object = {.begin = begin, .end = begin + 0x80000, .bias = begin, .path = path};
    object.identity.print = n + 1;
    return object;
}

static struct {
    uint32_t done;
    uint32_t wrong;
} reading;

static void *read_all(void *argument)
{
    (void)argument;
    uint32_t wrong = 0;
    while (!__atomic_load_n(&reading.done, __ATOMIC_ACQUIRE)) {
        unsigned count = object_count();
        for (unsigned i = 1; i < count; i++) {
            const struct object *object = object_get(i);
            wrong += object->path == NULL || strstr(object->path, object->name) == NULL || object->begin == 0;
            wrong += object_is_gone(object) && object->seen_ms == 0;
        }
    }
    __atomic_store_n(&reading.wrong, wrong, __ATOMIC_RELAXED);
    return NULL;
}

static void the_table_fills_while_it_is_read(void **state)
{
    (void)state;
    pthread_t reader;
    char path[64];
    assert_int_equal(pthread_create(&reader, NULL, read_all, NULL), 0);
    unsigned first = object_count();
    for (unsigned n = 0; n < 2 * OBJECTS_MAX; n++) {
        struct object object = invented(n, path);
        unsigned number = object_record(&object, ++now);
        assert_int_equal(number, first + n < OBJECT_OTHER ? first + n : OBJECT_OTHER);
    }
    __atomic_store_n(&reading.done, 1, __ATOMIC_RELEASE);
    pthread_join(reader, NULL);
    assert_int_equal(reading.wrong, 0);
    assert_int_equal(object_count(), OBJECT_OTHER);
    assert_false(object_is_gone(object_get(object_of((uintptr_t)&start, ++now))));
    assert_int_equal(object_get(object_of((uintptr_t)&start, ++now))->times, 1); /* nor was it ever */
    for (unsigned n = 0; first + n < OBJECT_OTHER; n++) {
        struct object object = invented(n, path);
        assert_string_equal(object_get(first + n)->path, path);
        assert_false(object_is_gone(object_get(first + n)));
        assert_int_equal(object_record(&object, ++now), first + n);
    }
}

/* Paths of 1,000 bytes, in a child: the text is full before the table. */
static void a_path_without_room_is_cut_to_its_base_name(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        unsigned wrong = 0;
        for (unsigned n = 0; n < 500; n++) {
            char path[1024];
            memset(path, '/', sizeof path);
            snprintf(path + 1000, sizeof path - 1000, "%u/lib.so", n);
            struct object object = {.begin = 0x1000 + n * 0x1000, .end = 0x2000 + n * 0x1000, .path = path};
            unsigned number = object_record(&object, ++now);
            wrong += number == OBJECT_OTHER || strcmp(object_get(number)->name, "lib.so") != 0;
            wrong += strcmp(object_get(number)->path, n < 200   ? path
                                                      : n > 300 ? "lib.so"
                                                                : object_get(number)->path) != 0;
            wrong += object_record(&object, ++now) != number;
        }
        _exit(wrong != 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_full_table_still_learns_who_is_gone(void **state)
{
    (void)state;
    char path[64];
    struct object object = invented(3, path);
    unsigned number = object_record(&object, ++now);
    object.identity.print = 999999;
    object.begin += 0x40000;
    assert_int_equal(object_record(&object, ++now), OBJECT_OTHER);
    assert_int_equal(object_get(number)->gone_ms, now);
    void *handle = load(PLUGIN_B);
    unsigned known = object_of((uintptr_t)&start, ++now);
    assert_true(object_get(known)->is_program);
    unload(handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_without_room_is_cut_to_its_base_name),
        cmocka_unit_test(the_table_fills_while_it_is_read),
        cmocka_unit_test(a_full_table_still_learns_who_is_gone),
    };
    return cmocka_run_group_tests_name("object_table", tests, start, NULL);
}
