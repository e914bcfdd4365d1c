/* Foreign bytes: whatever a file holds, a command says one line of it or shows it, and nothing that could steer a
 * terminal. (What stands in a snapshot: test_check.c.) */
#include "harness.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "cmd/segment/find.h"
#include "cmd/segment/load.h"
#include "place.h"
#include "snapshot/check.h"
#include "story.h"

static struct snapshot *shop(void)
{
    struct story *story = story_new();
    struct snapshot *snapshot = story_lay_out(story);
    free(story);
    return snapshot;
}

#define ROW(table, index) (&((struct snapshot_##table *)((char *)snapshot + snapshot->table##s_at))[index])

/* ---- the file ---- */

static void assert_unreadable(const char *path, const char *words)
{
    struct loaded loaded;
    const char *why = NULL;
    assert_false(load_file(path, &loaded, &why));
    assert_null(loaded.snapshot);
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", why, words);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    size_t length;
    struct snapshot *snapshot = shop();
    const char *path = in_scratch("cut");
    (void)state;
    segment_write(path, snapshot);
    char *bytes = file_read(path, &length);
    size_t needed = SEGMENT_BUFFERS_AT + snapshot->bytes;
    for (size_t keep = 0; keep < needed; keep += keep < 600 || needed - keep < 600 ? 1 : 13) {
        file_write(path, bytes, keep);
        assert_unreadable(path, "it is cut short");
    }
    file_write(path, bytes, needed);
    struct outcome outcome = run_command("show", path);
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    free(bytes);
    free(snapshot);
}

static void write_shop(const char *path)
{
    struct snapshot *snapshot = shop();
    segment_write(path, snapshot);
    free(snapshot);
}

/* One change to the head of a segment that was good. */
#define ASSERT_BAD_HEAD(change, words)                           \
    do {                                                         \
        const char *path = in_scratch("head");                   \
        size_t length;                                           \
        write_shop(path);                                        \
        struct segment *head = (void *)file_read(path, &length); \
        change;                                                  \
        file_write(path, head, length);                          \
        assert_unreadable(path, words);                          \
        free(head);                                              \
    } while (0)

static void a_head_that_lies_is_refused(void **state)
{
    (void)state;
    ASSERT_BAD_HEAD(head->magic[7] = '\r', "it is no snapshot of trackmalloc");
    ASSERT_BAD_HEAD(head->version++, "newer");
    ASSERT_BAD_HEAD(head->version--, "older");
    ASSERT_BAD_HEAD(head->written = 0, "there is no snapshot in it yet");
    ASSERT_BAD_HEAD(head->buffer_bytes = 0, "its size makes no sense");
    ASSERT_BAD_HEAD(head->buffer_bytes = sizeof(struct snapshot), "its size makes no sense");
    ASSERT_BAD_HEAD(head->buffer_bytes = SEGMENT_BUFFER_MOST + 1, "its size makes no sense");
    ASSERT_BAD_HEAD(head->buffer_bytes = UINT32_MAX, "its size makes no sense");
    ASSERT_BAD_HEAD(head->written = head->writing = 3, "there is no snapshot in it"); /* the other buffer, all zero */
    ASSERT_BAD_HEAD(head->written = UINT64_MAX, "it changes faster than it can be read");
    ASSERT_BAD_HEAD(head->writing = UINT64_MAX, "it changes faster than it can be read");
}

static void what_is_no_snapshot_is_refused(void **state)
{
    static const char zeros[3 * SEGMENT_PAGE];
    const char *path = in_scratch("odd");
    (void)state;
    file_write(path, zeros, sizeof zeros);
    assert_unreadable(path, "it is no snapshot of trackmalloc");
    file_write(path, "", 0);
    assert_unreadable(path, "it is cut short");
    assert_unreadable("/bin/sh", "it is no snapshot of trackmalloc");
    assert_unreadable("/dev/zero", "it is no regular file");
    assert_unreadable("/dev/tty", ""); /* no terminal, or no file */
    assert_unreadable(scratch(), "it is no regular file");
    assert_unreadable(in_scratch("not there"), "No such file");
    assert_unreadable("", "No such file");
    assert_int_equal(mkfifo(in_scratch("fifo"), 0600), 0);
    assert_unreadable(in_scratch("fifo"), "it is no regular file");
    assert_int_equal(symlink("loop", in_scratch("loop")), 0);
    assert_unreadable(in_scratch("loop"), "symbolic links");
}

static void a_file_that_may_not_be_read_is_refused(void **state)
{
    const uid_t self = geteuid();
    (void)state;
    file_write(in_scratch("shut"), "", 0);
    assert_int_equal(chmod(in_scratch("shut"), 0), 0);
    if (self == 0) /* who may read all */
        assert_int_equal(seteuid(65534), 0);
    assert_unreadable(in_scratch("shut"), "Permission denied");
    assert_int_equal(seteuid(self), 0);
}

static void a_link_to_a_snapshot_is_read(void **state)
{
    struct snapshot *snapshot = shop();
    struct loaded loaded;
    const char *why;
    (void)state;
    segment_write(in_scratch("real"), snapshot);
    assert_int_equal(symlink(in_scratch("real"), in_scratch("link")), 0);
    assert_true(load_file(in_scratch("link"), &loaded, &why));
    assert_memory_equal(loaded.snapshot, snapshot, snapshot->bytes);
    loaded_free(&loaded);
    free(snapshot);
}

/* ---- a file that changes under the reader ---- */

/* Publishes without end, as segment.h says; a snapshot's uptime and all its points' say which it is. */
static void publish_for_ever(const char *path, struct snapshot *snapshot)
{
    int file = open(path, O_RDWR | O_CLOEXEC);
    struct segment head;
    if (pread(file, &head, sizeof head, 0) != sizeof head)
        _exit(1);
    for (uint64_t n = head.written + 1;; n++) {
        off_t at = SEGMENT_BUFFERS_AT + (off_t)(n % SEGMENT_BUFFERS) * head.buffer_bytes;
        snapshot->uptime_ms = n;
        for (uint32_t i = 0; i < snapshot->points; i++)
            ROW(point, i)->uptime_ms = n;
        head.writing = n;
        if (pwrite(file, &head, sizeof head, 0) < 0 || pwrite(file, snapshot, snapshot->bytes, at) < 0)
            _exit(1);
        head.written = n;
        if (pwrite(file, &head, sizeof head, 0) < 0)
            _exit(1);
        nanosleep(&(struct timespec){0, 20000}, NULL);
    }
}

static void a_snapshot_is_never_torn(void **state)
{
    struct snapshot *snapshot = shop();
    const char *path = in_scratch("busy");
    unsigned whole = 0;
    (void)state;
    segment_write(path, snapshot);
    pid_t writer = fork();
    if (writer == 0)
        publish_for_ever(path, snapshot);
    for (int i = 0; i < 2000; i++) {
        struct loaded loaded;
        const char *why = NULL;
        if (!load_file(path, &loaded, &why)) {
            assert_string_equal(why, "it changes faster than it can be read");
            continue;
        }
        if (loaded.snapshot->uptime_ms != snapshot->uptime_ms) /* not the first */
            for (uint32_t row = 0; row < loaded.snapshot->points; row++)
                assert_int_equal(snapshot_points(loaded.snapshot)[row].uptime_ms, loaded.snapshot->uptime_ms);
        loaded_free(&loaded);
        whole++;
    }
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    assert_true(whole > 0);
    free(snapshot);
}

static void cut_for_ever(const char *path, const char *bytes, size_t length)
{
    for (size_t keep = 0;; keep = keep * 7 % (length + 1) + 1) {
        int file = open(path, O_RDWR | O_CLOEXEC);
        if (ftruncate(file, (off_t)keep) != 0 || pwrite(file, bytes, length, 0) < 0)
            _exit(1);
        close(file);
    }
}

static void a_file_that_is_cut_meanwhile_harms_nobody(void **state)
{
    struct snapshot *snapshot = shop();
    const char *path = in_scratch("shrinking");
    size_t length;
    (void)state;
    segment_write(path, snapshot);
    char *bytes = file_read(path, &length);
    pid_t writer = fork();
    if (writer == 0)
        cut_for_ever(path, bytes, length);
    for (int i = 0; i < 2000; i++) {
        struct loaded loaded;
        const char *why = NULL;
        if (load_file(path, &loaded, &why)) {
            assert_null(snapshot_check(loaded.snapshot, loaded.snapshot->bytes));
            loaded_free(&loaded);
        }
    }
    kill(writer, SIGKILL);
    waitpid(writer, NULL, 0);
    free(bytes);
    free(snapshot);
}

/* ---- names ---- */

static void nothing_steers_the_terminal(void **state)
{
    static const char hostile[] = "\x1b[2J\x9b"
                                  "31m\r\xc2\x9b\xe2\x80\xae"
                                  "evil";
    struct snapshot *snapshot = shop();
    (void)state;
    strcpy(snapshot->program, hostile);
    strcpy(ROW(tag, 0)->name, hostile);
    strcpy(ROW(thread, 0)->name, hostile);
    strcpy(ROW(site, 0)->name, hostile);
    memcpy((char *)snapshot + snapshot->names_at + 1, hostile, 19); /* into the names of some frames */
    segment_write(in_scratch("hostile"), snapshot);
    struct outcome outcome = run_command("show", in_scratch("hostile"));
    assert_int_equal(outcome.status, 0);
    assert_non_null(strstr(outcome.out, "evil"));
    for (const char *c = outcome.out; *c != '\0'; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7F));
    assert_int_equal(strlen(outcome.out), outcome.out_bytes);
    outcome_free(&outcome);
    free(snapshot);
}

static void nor_does_a_complaint(void **state)
{
    struct outcome outcome = run_command("show", "no/\x1b[31mfile\n\xc2\x9b");
    (void)state;
    assert_refused(&outcome, 1, "no/?[31mfile??: No such file");
}

static void text_is_cleaned_within_its_room(void **state)
{
    char clean[8];
    (void)state;
    assert_int_equal(clean_text("a\xc3\xa4 b", clean, sizeof clean), 5);
    assert_string_equal(clean, "a\xc3\xa4 b");
    assert_int_equal(clean_text("a\xc3\xa4", clean, 3), 1); /* never half a character */
    assert_string_equal(clean, "a");
    assert_int_equal(clean_text("\xff\xc3", clean, sizeof clean), 2);
    assert_string_equal(clean, "??");
    assert_int_equal(clean_text("abcdefghij", clean, sizeof clean), 7);
    assert_int_equal(clean_text("abc", clean, 1), 0);
    assert_string_equal(clean, "");
    strcpy(clean, "\xe2\x80\xae"
                  "bc\x01");
    assert_int_equal(clean_text(clean, clean, sizeof clean), 4);
    assert_string_equal(clean, "?bc?");
}

/* ---- where segments are ---- */

static void a_pid_is_found_by_its_file(void **state)
{
    struct snapshot *snapshot = shop();
    struct found found;
    (void)state;
    segment_write(place_of(999999, 77), snapshot);
    segment_write(place_of(999999, 88), snapshot);
    file_write(in_segments("999999-99x"), "", 0);
    assert_true(find_pid(NULL, 999999, &found));
    assert_int_equal(found.started_ticks, 88); /* the one that died last */
    assert_int_equal(found.state, PROCESS_DEAD);
    struct outcome outcome = run_command("show", "999999");
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    outcome = run_command("show", "--dir", scratch(), "999999");
    assert_refused(&outcome, 1, "process 999999 does not exist");
    struct stat first;
    assert_int_equal(stat("/proc/1", &first), 0);
    bool strange = geteuid() != 0 && first.st_uid != geteuid();
    outcome = run_command("show", "1");
    assert_refused(&outcome, 1, strange ? "process 1 is another user's" : "process 1 is not tracked");
    free(snapshot);
}

static void odd_names_are_no_segments(void **state)
{
    static const char *const names[] = {"0-1",          "-5-1", "5",    "5-",      "5-1-",
                                        "05-1",         "5-01", " 5-1", "5-1-2-3", "4294967301-1",
                                        "4294967295-0", "5-1 ", "x5-1"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        file_write(in_segments(names[i]), "", 0);
    struct found_list list = find_all(segments());
    for (size_t i = 0; i < list.rows; i++)
        for (size_t name = 0; name < sizeof names / sizeof *names; name++)
            assert_string_not_equal(list.row[i].path, in_segments(names[name]));
    found_free(&list);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_segments(names[i]));
}

static void a_directory_that_others_write_to_is_not_believed(void **state)
{
    struct snapshot *snapshot = shop();
    const char *directory = in_scratch("open");
    (void)state;
    assert_int_equal(mkdir(directory, 0700), 0);
    segment_write(in_scratch("open/4242-1"), snapshot);
    assert_int_equal(chmod(directory, 0770), 0);
    struct outcome outcome = run_command("show", "--dir", directory, "4242");
    assert_int_equal(outcome.status, 1);
    assert_int_equal(outcome.out_bytes, 0);
    assert_non_null(strstr(outcome.err, "others may write to it"));
    outcome_free(&outcome);
    assert_int_equal(symlink(segments(), in_scratch("elsewhere")), 0);
    outcome = run_command("show", "--dir", in_scratch("elsewhere"), "999999");
    assert_int_equal(outcome.status, 1);
    outcome_free(&outcome);
    free(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_head_that_lies_is_refused),
        cmocka_unit_test(what_is_no_snapshot_is_refused),
        cmocka_unit_test(a_file_that_may_not_be_read_is_refused),
        cmocka_unit_test(a_link_to_a_snapshot_is_read),
        cmocka_unit_test(a_snapshot_is_never_torn),
        cmocka_unit_test(a_file_that_is_cut_meanwhile_harms_nobody),
        cmocka_unit_test(nothing_steers_the_terminal),
        cmocka_unit_test(nor_does_a_complaint),
        cmocka_unit_test(text_is_cleaned_within_its_room),
        cmocka_unit_test(a_pid_is_found_by_its_file),
        cmocka_unit_test(odd_names_are_no_segments),
        cmocka_unit_test(a_directory_that_others_write_to_is_not_believed),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
