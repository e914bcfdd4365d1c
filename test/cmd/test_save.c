/* save: the file that it writes is read by all; nothing that is there is overwritten unasked. */
#include "harness.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/segment/load.h"
#include "place.h"
#include "story.h"

/* The shop's segment, in a folder where nothing else is and where we are now. */
static struct snapshot *shop_in(const char *folder, const char *program)
{
    struct story *story = story_new();
    memset(story->head.program, 0, sizeof story->head.program);
    strcpy(story->head.program, program);
    struct snapshot *snapshot = story_lay_out(story);
    free(story);
    segment_write(place_of(999999, 7), snapshot);
    assert_int_equal(mkdir(in_scratch(folder), 0700), 0);
    assert_int_equal(chdir(in_scratch(folder)), 0);
    return snapshot;
}

static unsigned files_here(void)
{
    unsigned files = 0;
    DIR *directory = opendir(".");
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        files += entry->d_name[0] != '.';
    closedir(directory);
    return files;
}

static void assert_saved(const char *path, const struct snapshot *snapshot)
{
    struct loaded loaded;
    struct stat status;
    const char *why;
    assert_true(load_file(path, &loaded, &why));
    assert_memory_equal(loaded.snapshot, snapshot, snapshot->bytes);
    assert_int_equal(loaded.head.pid, snapshot->pid);
    loaded_free(&loaded);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, SEGMENT_BUFFERS_AT + snapshot->bytes);
    assert_int_equal(files_here(), 1);
}

static void it_is_named_after_its_program(void **state)
{
    struct snapshot *snapshot = shop_in("usual", "shop");
    struct outcome outcome = run_command("save", "999999");
    (void)state;
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.out, "shop-4242-20261121T093626Z.tms\n");
    assert_string_equal(outcome.err, "");
    outcome_free(&outcome);
    assert_saved("shop-4242-20261121T093626Z.tms", snapshot);
    free(snapshot);
}

static void a_hostile_name_makes_no_hostile_file(void **state)
{
    struct snapshot *snapshot = shop_in("tamed", "../../-\x1b[2J x");
    struct outcome outcome = run_command("save", "999999");
    (void)state;
    assert_string_equal(outcome.out, "_._.._-__2J_x-4242-20261121T093626Z.tms\n");
    outcome_free(&outcome);
    assert_int_equal(files_here(), 1);
    free(snapshot);
}

static void any_date_makes_a_name(void **state)
{
    static const int64_t dates[] = {INT64_MIN, INT64_MAX, -1, 253402300800};
    struct snapshot *snapshot = shop_in("dates", "shop");
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        snapshot->wall_seconds = dates[i];
        segment_write(place_of(999999, 7), snapshot);
        struct outcome outcome = run_command("save", "-f", "999999");
        assert_int_equal(outcome.status, 0);
        assert_non_null(strstr(outcome.out, i == 2 ? "-19691231T235959Z.tms" : "-undated.tms"));
        outcome_free(&outcome);
    }
    free(snapshot);
}

static void what_is_there_is_kept(void **state)
{
    struct snapshot *snapshot = shop_in("kept", "shop");
    (void)state;
    file_write("mine", "my own", 6);
    struct outcome outcome = run_command("save", "999999", "-o", "mine");
    assert_refused(&outcome, 1, "cannot write mine: it exists already; --force overwrites it");
    char *bytes = file_read("mine", NULL);
    assert_string_equal(bytes, "my own");
    free(bytes);
    assert_int_equal(files_here(), 1);
    outcome = run_command("save", "999999", "-o", "mine", "--force");
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    assert_saved("mine", snapshot);
    free(snapshot);
}

static void what_is_no_file_is_not_replaced(void **state)
{
    free(shop_in("odd", "shop"));
    (void)state;
    assert_int_equal(mkdir("folder", 0700), 0);
    struct outcome outcome = run_command("save", "999999", "--force", "-o", "folder");
    assert_refused(&outcome, 1, "it exists and is no regular file");
    assert_int_equal(symlink("nowhere", "link"), 0);
    outcome = run_command("save", "999999", "--force", "-o", "link");
    assert_refused(&outcome, 1, "it exists and is no regular file");
    outcome = run_command("save", "999999", "--force", "-o", "/dev/null");
    assert_refused(&outcome, 1, "it exists and is no regular file");
    outcome = run_command("save", "999999", "-o", "no/such/folder");
    assert_refused(&outcome, 1, "no/such/folder: No such file or directory");
    assert_int_equal(files_here(), 2);
}

static void a_saved_one_is_saved_again(void **state)
{
    struct snapshot *snapshot = shop_in("again", "shop");
    struct outcome outcome = run_command("save", "999999", "-o", "first");
    (void)state;
    outcome_free(&outcome);
    outcome = run_command("save", "./first", "-o", "second");
    assert_int_equal(outcome.status, 0);
    outcome_free(&outcome);
    assert_int_equal(unlink("first"), 0);
    assert_saved("second", snapshot);
    free(snapshot);
}

static void wrong_words_are_usage(void **state)
{
    struct outcome outcome = run_command("save", "one", "two");
    (void)state;
    assert_int_equal(outcome.status, 2);
    assert_int_equal(outcome.out_bytes, 0);
    outcome_free(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_named_after_its_program),   cmocka_unit_test(a_hostile_name_makes_no_hostile_file),
        cmocka_unit_test(any_date_makes_a_name),           cmocka_unit_test(what_is_there_is_kept),
        cmocka_unit_test(what_is_no_file_is_not_replaced), cmocka_unit_test(a_saved_one_is_saved_again),
        cmocka_unit_test(wrong_words_are_usage),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
