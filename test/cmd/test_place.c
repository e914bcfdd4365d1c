/* Where segments are: whose directories are good enough, who sweeps them, and what a full or meddled-with file does. */
#include "place.h"
#include "segments.h"

#include <sys/mount.h>

static const char *obeys_path(void)
{
    return built("test/cmd/programs/obeys");
}

/* All that the program said on stderr; the caller frees it. */
static char *said(const struct target *target)
{
    char name[32];
    snprintf(name, sizeof name, "%d.err", (int)target->pid);
    return file_read(in_scratch(name), NULL);
}

/* in_scratch, for the whole of a test. */
static const char *place(const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", scratch(), name);
    return path;
}

static const char *with_dir(const char *directory)
{
    static char options[1024];
    snprintf(options, sizeof options, QUIET ",dir=%s", directory);
    return options;
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

/* ---- good and bad places ---- */

static void a_directory_is_made_and_modes_are_the_owners(void **state)
{
    (void)state;
    const mode_t masks[] = {0, 022, 0777};
    for (unsigned i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        char name[32];
        snprintf(name, sizeof name, "made-%o", masks[i]);
        const char *directory = place(name);
        mode_t before = umask(masks[i]);
        struct target target = target_start(with_dir(directory), ARGV(obeys_path()));
        umask(before);
        const char *path = segment_in(directory, target.pid);
        assert_int_equal(mode_of(directory), 0700);
        assert_int_equal(mode_of(path), 0600);
        assert_int_equal(target_end(&target, 0), 0);
        assert_int_equal(files_in(directory), 0);
    }
}

/* The program runs on, ends well, and one line says which directory it was; nothing is in it. */
static void refused(const char *directory, const char *words)
{
    struct target target = target_start(with_dir(directory), ARGV(obeys_path()));
    assert_string_equal(told(&target, "keep 3 7"), "3 21");
    assert_int_equal(target_end(&target, 0), 0);
    char *text = said(&target);
    char *line = strstr(text, "trackmalloc: dir: ");
    if (line != text || strchr(line, '\n')[1] != '\0' || strstr(line, words) == NULL)
        fail_msg("%s: %s", directory, text);
    free(text);
    assert_int_equal(files_in(directory), 0);
}

static void a_place_that_is_not_ours_alone_is_refused(void **state)
{
    (void)state;
    const char *words = "there can be no segment file in ";
    const char *open = place("open-to-all");
    assert_int_equal(mkdir(open, 0700) | chmod(open, 0777), 0);
    refused(open, words);
    assert_int_equal(chmod(open, 0770), 0);
    refused(open, words);
    assert_int_equal(chmod(open, 0700), 0);
    const char *link = place("link");
    assert_int_equal(symlink(open, link), 0);
    refused(link, words);
    file_write(in_scratch("plain"), "", 0);
    refused(in_scratch("plain"), words);
    refused(in_scratch("not/there"), words);
    refused("/proc/none", words);
    if (geteuid() == 0) {
        assert_int_equal(chown(open, 65534, 65534), 0);
        refused(open, words);
    }
}

static void a_relative_place_is_told_at_start(void **state)
{
    char directory[512];
    (void)state;
    assert_non_null(getcwd(directory, sizeof directory));
    assert_int_equal(chdir(scratch()), 0);
    refused("segments-here", "segments-here is no absolute path; there is no segment file");
    /* A forked child must not make it either. */
    struct target target = target_start("dir=segments-here,output=none,interval=0.1", ARGV(obeys_path()));
    told(&target, "fork");
    pause_ms(300);
    told(&target, "keep 1 1");
    pause_ms(600);
    assert_int_equal(access("segments-here", F_OK), -1);
    target_tell(&target, "leave exit");
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(chdir(directory), 0);
}

/* ---- the standard place ---- */

static void set_runtime(const char *directory)
{
    assert_int_equal(directory != NULL ? setenv("XDG_RUNTIME_DIR", directory, 1) : unsetenv("XDG_RUNTIME_DIR"), 0);
}

/* Where the runtime directory is none, the file is in /dev/shm. */
static void in_shared_memory(const char *runtime)
{
    char place[64];
    snprintf(place, sizeof place, "/dev/shm/trackmalloc-%u", (unsigned)geteuid());
    set_runtime(runtime);
    struct target target = obeys_start(QUIET);
    set_runtime(scratch());
    const char *path = segment_in(place, target.pid);
    assert_int_equal(mode_of(place), 0700);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(access(path, F_OK), -1);
    rmdir(place); /* unless others have theirs there */
}

static void without_a_runtime_directory_it_is_in_shared_memory(void **state)
{
    (void)state;
    in_shared_memory(NULL);
    in_shared_memory("");
    in_shared_memory("relative/path");
    in_shared_memory(in_scratch("nowhere"));
    const char *open = place("open-runtime");
    assert_int_equal(mkdir(open, 0700) | chmod(open, 0777), 0);
    in_shared_memory(open);
    assert_int_equal(files_in(open), 0);
}

/* A sudo that keeps the environment: root's runtime directory is not the other's. */
static void another_users_runtime_directory_is_left_alone(void **state)
{
    (void)state;
    struct stat shared;
    if (geteuid() != 0 || stat("/dev/shm", &shared) != 0 || (shared.st_mode & S_IWOTH) == 0)
        skip(); /* an empty folder, as under a changed root, is no place for others */
    const char *place = "/dev/shm/trackmalloc-65534";
    rmdir(place);
    assert_int_equal(chmod(scratch(), 0755), 0);
    build_for_all();
    struct target target = target_start(
        QUIET, ARGV("/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", obeys_path()));
    for (int ms = 0; files_in(place) == 0 && ms < SEGMENTS_WAIT_MS; ms += SEGMENTS_STEP_MS)
        pause_ms(SEGMENTS_STEP_MS);
    struct stat status;
    assert_int_equal(lstat(place, &status), 0);
    assert_int_equal(status.st_uid, 65534);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(files_in(place), 0);
    assert_int_equal(rmdir(place), 0);
    assert_int_equal(chmod(scratch(), 0700), 0);
}

/* There, anybody is 65534, and would make a directory that is then not the real one's. */
static void a_user_namespaces_number_is_nobodys_outside(void **state)
{
    (void)state;
    const char *place = "/dev/shm/trackmalloc-65534";
    if (geteuid() == 65534)
        skip(); /* it is his own */
    rmdir(place);
    set_runtime(NULL);
    struct target target = target_start(QUIET, ARGV("/usr/bin/unshare", "--user", obeys_path()));
    set_runtime(scratch());
    if (strcmp(told(&target, "keep 1 1"), "1 1") != 0)
        skip(); /* not everybody may make one */
    pause_ms(500);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(access(place, F_OK), -1);
}

/* ---- what is in the way ---- */

/* Fills what is left. */
static void fill(const char *path)
{
    static char block[4096];
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (write(file, block, sizeof block) == sizeof block)
        ;
    close(file);
}

/* A small one, mounted at *place; false: only root may. */
static bool mount_small(const char *name, const char **small)
{
    *small = place(name);
    assert_int_equal(mkdir(*small, 0700), 0);
    return geteuid() == 0 && mount("none", *small, "tmpfs", 0, "size=1m,mode=0700") == 0;
}

static void on_a_full_file_system_the_program_lives_on(void **state)
{
    (void)state;
    const char *small;
    if (!mount_small("small", &small))
        skip();
    char directory[600], filler[600];
    snprintf(directory, sizeof directory, "%s/there", small);
    snprintf(filler, sizeof filler, "%s/filler", small);

    struct target target = target_start(with_dir(directory), ARGV(obeys_path()));
    const char *path = segment_in(directory, target.pid);
    assert_int_equal(ask(path, SEGMENT_SET, "top", "9").result, 0); /* the control page is there */
    fill(filler);
    told(&target, "keep 10 100");
    assert_string_equal(ask(path, SEGMENT_PUBLISH, "", "").text, "the snapshot could not be published");
    struct loaded loaded = taken(path); /* the one before it */
    assert_int_equal(loaded.head.written, 1);
    assert_sums_at_rest(loaded.snapshot);
    loaded_free(&loaded);
    assert_int_equal(unlink(filler), 0);
    loaded = taken_now(path);
    assert_holds(loaded.snapshot, "obeys", "10 1000");
    loaded_free(&loaded);
    fill(filler); /* both buffers have their pages now */
    told(&target, "keep 10 100");
    loaded = taken_now(path);
    assert_holds(loaded.snapshot, "obeys", "20 2000");
    loaded_free(&loaded);
    assert_int_equal(target_end(&target, 0), 0);

    fill(filler);
    target = target_start(with_dir(directory), ARGV(obeys_path()));
    pause_ms(600);
    assert_string_equal(told(&target, "keep 5 5"), "5 25");
    assert_int_equal(files_in(directory), 0);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(umount2(small, MNT_DETACH), 0);
}

/* Cut, removed, replaced: no SIGBUS, and what is not ours is not removed at the end. */
static void who_meddles_with_the_file_harms_nobody(void **state)
{
    (void)state;
    struct target target = obeys_start(QUIET);
    const char *path = segment_of(target.pid);
    watch(path, 250);
    assert_int_equal(truncate(path, 0), 0);
    pause_ms(600);
    assert_string_equal(told(&target, "keep 1 10"), "1 10");
    assert_int_equal(truncate(path, SEGMENT_BUFFERS_AT + 100), 0);
    watch(path, 250);
    pause_ms(600);
    assert_string_equal(told(&target, "keep 1 10"), "2 20");
    assert_int_equal(unlink(path), 0);
    file_write(path, "another", 7);
    assert_int_equal(target_end(&target, 0), 0);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(unlink(path), 0);
}

/* ---- sweeping ---- */

enum { NO_PID = 1 << 23 /* beyond all that the kernel gives */, DEAD_MOST = 64 };

/* An old file by that name: the larger the number, the younger. */
static void leave_file(const char *directory, const char *name, unsigned age)
{
    const char path[] = "%s/%s";
    char where[1024];
    snprintf(where, sizeof where, path, directory, name);
    file_write(where, "x", 1);
    const struct timespec times[2] = {{1000000000, 1000 * age}, {1000000000, 1000 * age}};
    assert_int_equal(utimensat(AT_FDCWD, where, times, 0), 0);
}

static bool is_there(const char *directory, const char *name)
{
    char where[1024];
    snprintf(where, sizeof where, "%s/%s", directory, name);
    return access(where, F_OK) == 0;
}

static void of_the_dead_the_youngest_stay(void **state)
{
    (void)state;
    const char *directory = place("swept");
    const char *const others[] = {"notes.txt", "8388609",       "8388609-",      "8388609-1x",
                                  "x-1",       "-1-2",          "8388609-1-2-3", "8388609-1-12345",
                                  "0-1",       "99999999999-1", "8388609-1.tms", "8388609 -1"};
    assert_int_equal(mkdir(directory, 0700), 0);
    for (unsigned i = 0; i < 100; i++) {
        leave_file(directory, place_name(NO_PID + (i * 37) % 100, i), (i * 37) % 100);
        leave_file(directory, place_name((uint32_t)getpid(), i), 0); /* of a process that lives */
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        leave_file(directory, others[i], 0);

    struct target target = target_start(with_dir(directory), ARGV(obeys_path()));
    segment_in(directory, target.pid);
    target_end(&target, SIGKILL);
    for (unsigned i = 0; i < 100; i++) {
        unsigned age = (i * 37) % 100;
        const char *name = place_name(NO_PID + age, i);
        if (is_there(directory, name) != (age >= 100 - (DEAD_MOST - 1)))
            fail_msg("the file of age %u %s there", age, is_there(directory, name) ? "is" : "is not");
        assert_true(is_there(directory, place_name((uint32_t)getpid(), i)));
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        if (!is_there(directory, others[i]))
            fail_msg("%s was swept", others[i]);
    assert_int_equal(files_in(directory), DEAD_MOST + 100 + sizeof others / sizeof others[0]);
}

enum { CRASHES = 100, AT_ONCE = 50 };

static void fifty_processes_at_once_and_a_hundred_crashes(void **state)
{
    (void)state;
    const char *directory = place("crashes");
    struct target target[AT_ONCE];
    char count[16], holds[32];
    for (unsigned died = 0; died < CRASHES; died += AT_ONCE) {
        for (unsigned i = 0; i < AT_ONCE; i++) {
            snprintf(count, sizeof count, "%u", i + 1);
            target[i] = target_start(with_dir(directory), ARGV(obeys_path(), count, "40"));
        }
        for (unsigned i = 0; i < AT_ONCE; i++) {
            struct loaded loaded = taken(segment_in(directory, target[i].pid));
            snprintf(holds, sizeof holds, "%u %u", i + 1, 40 * (i + 1));
            assert_holds(loaded.snapshot, "obeys", holds);
            loaded_free(&loaded);
        }
        for (unsigned i = 0; i < AT_ONCE; i++)
            target_end(&target[i], SIGKILL);
    }
    struct target last = target_start(with_dir(directory), ARGV(obeys_path()));
    segment_in(directory, last.pid);
    target_end(&last, SIGKILL);
    assert_int_equal(files_in(directory), DEAD_MOST);
    for (unsigned i = 0; i < AT_ONCE; i++) { /* the youngest */
        struct found found;
        assert_true(find_pid(directory, (uint32_t)target[i].pid, &found));
        assert_int_equal(found.state, PROCESS_DEAD);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_is_made_and_modes_are_the_owners),
        cmocka_unit_test(a_place_that_is_not_ours_alone_is_refused),
        cmocka_unit_test(a_relative_place_is_told_at_start),
        cmocka_unit_test(without_a_runtime_directory_it_is_in_shared_memory),
        cmocka_unit_test(another_users_runtime_directory_is_left_alone),
        cmocka_unit_test(a_user_namespaces_number_is_nobodys_outside),
        cmocka_unit_test(on_a_full_file_system_the_program_lives_on),
        cmocka_unit_test(who_meddles_with_the_file_harms_nobody),
        cmocka_unit_test(of_the_dead_the_youngest_stay),
        cmocka_unit_test(fifty_processes_at_once_and_a_hundred_crashes),
    };
    return side_by_side(tests, sizeof tests / sizeof tests[0], harness_setup, harness_teardown);
}
