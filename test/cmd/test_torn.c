/* A snapshot is whole, however fast it is read and whenever its writer stops. */
#include "segments.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- a process at work, readers at full speed ---- */

enum { READERS = 2, SNAPSHOTS = 8 };

struct reader {
    const char *path;
    uint64_t until; /* so many have been written */
    unsigned read, bad;
    const char *why;
};

static bool sums_hold(const struct snapshot *snapshot)
{
    uint64_t tags = 0, sizes = 0, made = 0;
    for (uint32_t i = 0; i < snapshot->tags; i++) {
        tags += snapshot_tags(snapshot)[i].counts.live.bytes;
        made += snapshot_tags(snapshot)[i].counts.allocated.blocks;
    }
    for (uint32_t i = 0; i < SNAPSHOT_SIZE_CLASSES; i++)
        sizes += snapshot->sizes[i].bytes;
    return tags == snapshot->total.live.bytes && sizes == tags && made == snapshot->total.allocated.blocks;
}

/* Not in the thread of the test: no assertion. */
static void *read_on(void *argument)
{
    struct reader *reader = argument;
    struct loaded loaded;
    uint64_t last = 0;
    do {
        if (!load_file(reader->path, &loaded, &reader->why)) {
            reader->bad++;
            return NULL;
        }
        reader->read++;
        reader->bad += !sums_hold(loaded.snapshot) || loaded.head.written < last;
        last = loaded.head.written;
        loaded_free(&loaded);
    } while (last < reader->until && reader->bad == 0);
    return NULL;
}

static void a_reader_at_full_speed_sees_whole_snapshots(void **state)
{
    (void)state;
    struct target target = target_start(QUIET, ARGV(built("test/cmd/programs/churns")));
    struct reader reader[READERS];
    pthread_t thread[READERS];
    const char *path = segment_of(target.pid);
    watch(path, 250);
    for (unsigned i = 0; i < READERS; i++) {
        reader[i] = (struct reader){.path = path, .until = SNAPSHOTS};
        assert_int_equal(pthread_create(&thread[i], NULL, read_on, &reader[i]), 0);
    }
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(thread[i], NULL);
    for (unsigned i = 0; i < READERS; i++)
        if (reader[i].bad != 0 || reader[i].read < 100)
            fail_msg("%u of %u snapshots were torn (%s)", reader[i].bad, reader[i].read, reader[i].why);
    char holds[64];
    strcpy(holds, told(&target, "rest"));
    struct loaded loaded = taken_now(path);
    assert_holds(loaded.snapshot, "churns", holds);
    loaded_free(&loaded);
    assert_int_equal(target_end(&target, 0), 0);
}

/* ---- a writer of this test's own ---- */

static char image[SEGMENT_BUFFERS_AT + 2 * SEGMENT_BUFFER_MOST];

/* A process's file, read after it was killed. */
static struct segment *real_image(size_t *bytes)
{
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    told(&target, "keep 300 30");
    struct loaded loaded = taken_now(path); /* now both buffers hold one */
    loaded_free(&loaded);
    target_end(&target, SIGKILL);
    char *file = file_read(path, bytes);
    assert_true(*bytes <= sizeof image);
    memcpy(image, file, *bytes);
    free(file);
    unlink(path);
    return (struct segment *)image;
}

static char *buffer_of(struct segment *head, uint64_t number)
{
    return image + SEGMENT_BUFFERS_AT + number % SEGMENT_BUFFERS * head->buffer_bytes;
}

static const char *why_not(size_t bytes)
{
    struct loaded loaded;
    const char *why = NULL;
    file_write(in_scratch("stopped"), image, bytes);
    if (load_file(in_scratch("stopped"), &loaded, &why))
        loaded_free(&loaded);
    return why != NULL ? why : "it is whole";
}

static void a_writer_that_stops_in_the_middle_leaves_the_one_before(void **state)
{
    size_t bytes;
    struct segment *head = real_image(&bytes);
    (void)state;
    assert_true(head->written >= 2 && head->writing == head->written);
    assert_string_equal(why_not(bytes), "it is whole");
    head->writing++; /* it had begun with the other buffer */
    memset(buffer_of(head, head->writing), 0xa5, head->buffer_bytes);
    assert_string_equal(why_not(bytes), "it is whole");
    struct loaded loaded = taken(in_scratch("stopped"));
    assert_holds(loaded.snapshot, "obeys", "300 9000");
    loaded_free(&loaded);
    head->writing++; /* and came around while this one was read */
    assert_string_equal(why_not(bytes), "it changes faster than it can be read");
    head->writing = head->written;
    memset(buffer_of(head, head->written), 0xa5, head->buffer_bytes);
    assert_string_not_equal(why_not(bytes), "it is whole");
}

static atomic_bool stop;

/* As the library writes, but without a moment's rest: snapshot n has n in each word that can have one. */
static void *write_without_rest(void *argument)
{
    int file = *(int *)argument;
    struct segment *head = (struct segment *)image;
    size_t bytes = ((struct snapshot *)buffer_of(head, head->written))->bytes;
    struct snapshot *snapshot = malloc(bytes);
    memcpy(snapshot, buffer_of(head, head->written), bytes);
    struct snapshot_tag *tag = (struct snapshot_tag *)((char *)snapshot + snapshot->tags_at);
    for (uint64_t n = head->written + 1; !stop; n++) {
        snapshot->uptime_ms = snapshot->own_cpu_us = snapshot->memory.major_faults = n;
        for (uint32_t i = 0; i < snapshot->tags; i++)
            tag[i].counts.resizes = n;
        off_t at = SEGMENT_BUFFERS_AT + (off_t)(n % SEGMENT_BUFFERS * head->buffer_bytes);
        bool written = pwrite(file, &n, sizeof n, offsetof(struct segment, writing)) == sizeof n &&
                       pwrite(file, snapshot, bytes, at) == (ssize_t)bytes &&
                       pwrite(file, &n, sizeof n, offsetof(struct segment, written)) == sizeof n;
        if (!written)
            break;
    }
    free(snapshot);
    return NULL;
}

/* It is whole, or the reader says that it could not get a whole one. */
static void a_writer_without_rest_is_noticed(void **state)
{
    size_t bytes;
    pthread_t thread;
    unsigned whole = 0;
    const char *path = in_scratch("restless");
    real_image(&bytes);
    (void)state;
    file_write(path, image, bytes);
    int file = open(path, O_RDWR | O_CLOEXEC);
    stop = false;
    assert_int_equal(pthread_create(&thread, NULL, write_without_rest, &file), 0);
    uint64_t torn = 0;
    for (unsigned i = 0; i < 3000; i++) {
        struct loaded loaded;
        const char *why = NULL;
        if (!load_file(path, &loaded, &why)) {
            torn += strcmp(why, "it changes faster than it can be read") != 0;
            continue;
        }
        const struct snapshot *snapshot = loaded.snapshot;
        uint64_t n = loaded.head.written;
        bool same = snapshot->uptime_ms == n && snapshot->own_cpu_us == n && snapshot->memory.major_faults == n;
        for (uint32_t row = 0; row < snapshot->tags; row++)
            same &= snapshot_tags(snapshot)[row].counts.resizes == n;
        torn += !same && n > ((struct segment *)image)->written;
        whole++;
        loaded_free(&loaded);
    }
    stop = true;
    pthread_join(thread, NULL);
    close(file);
    assert_int_equal(torn, 0);
    assert_true(whole > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reader_at_full_speed_sees_whole_snapshots),
        cmocka_unit_test(a_writer_that_stops_in_the_middle_leaves_the_one_before),
        cmocka_unit_test(a_writer_without_rest_is_noticed),
    };
    return side_by_side(tests, sizeof tests / sizeof tests[0], harness_setup, harness_teardown);
}
