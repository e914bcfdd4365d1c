/* run: the program is what it was, but with the library in it; and what is said where that cannot be. */
#include "harness.h"

#include <elf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- helpers ---- */

static const char *executable(const char *name, const void *bytes, size_t length, mode_t mode)
{
    const char *path = in_scratch(name);
    file_write(path, bytes, length);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static const char *script(const char *name, const char *text)
{
    return executable(name, text, strlen(text), 0755);
}

static const char *copy(const char *from, const char *name, mode_t mode)
{
    size_t length;
    char *bytes = file_read(from, &length);
    const char *path = executable(name, bytes, length, mode);
    free(bytes);
    return path;
}

/* Status, stdout, and words in the one line on stderr; "": there is none. */
static void assert_outcome(struct outcome outcome, int status, const char *out, const char *line)
{
    bool told = line[0] == '\0' ? outcome.err[0] == '\0' : strstr(outcome.err, line) != NULL;
    if (outcome.status != status || strcmp(outcome.out, out) != 0 || !told)
        fail_msg("not %d, \"%s\" and \"%s\" but: %d\n%.300s%.300s", status, out, line, outcome.status, outcome.out,
                 outcome.err);
    outcome_free(&outcome);
}

/* ---- the program is itself ---- */

static void its_exit_status_is_the_programs(void **state)
{
    (void)state;
    assert_outcome(run_command("run", "-q", "--", "/bin/sh", "-c", "exit 42"), 42, "", "");
    assert_outcome(run_command("run", "-q", "sh", "-c", "exit 0"), 0, "", "");
}

static void a_signal_kills_the_program_and_nobody_else(void **state)
{
    (void)state;
    assert_outcome(run_command("run", "-q", "--", "sh", "-c", "kill -KILL $$"), 128 + 9, "", "");
    assert_outcome(run_command("run", "-q", "--", "sh", "-c", "kill -TERM $$"), 128 + 15, "", "");
}

static void no_process_stays_between(void **state)
{
    char parent[32];
    (void)state;
    snprintf(parent, sizeof parent, "%d\n", (int)getpid());
    assert_outcome(run_command("run", "-q", "sh", "-c", "echo $PPID"), 0, parent, "");
}

static void what_follows_the_program_is_its_own(void **state)
{
    (void)state;
    assert_outcome(run_command("run", "-q", "echo", "--help", "-q", "--"), 0, "--help -q --\n", "");
    assert_outcome(run_command("run", "-q", "--", "echo", "--", "a,b"), 0, "-- a,b\n", "");
}

/* ---- the environment ---- */

static void the_library_is_first_and_the_others_stay(void **state)
{
    char expected[PATH_MAX];
    (void)state;
    char *library = realpath(built("libtrackmalloc.so"), NULL);
    assert_non_null(library);
    snprintf(expected, sizeof expected, "%s\n", library);
    assert_outcome(run_command("run", "-q", "sh", "-c", "echo $LD_PRELOAD"), 0, expected, "");
    snprintf(expected, sizeof expected, "%s:libc.so.6\n", library);
    setenv("LD_PRELOAD", "libc.so.6", 1);
    assert_outcome(run_command("run", "-q", "sh", "-c", "echo $LD_PRELOAD"), 0, expected, "");
    unsetenv("LD_PRELOAD");
    free(library);
}

static void options_follow_what_the_variable_held(void **state)
{
    (void)state;
    setenv("TRACKMALLOC_OPTIONS", "output=none,rule=a*:b", 1);
    assert_outcome(
        run_command("run", "-i", "7", "-O", "top=3", "--only=s*:t*", "sh", "-c", "echo $TRACKMALLOC_OPTIONS"), 0,
        "output=none,rule=a*:b,interval=7,top=3,only=s*:t*\n", "");
    assert_outcome(run_command("run", "sh", "-c", "echo $TRACKMALLOC_OPTIONS"), 0, "output=none,rule=a*:b\n", "");
    unsetenv("TRACKMALLOC_OPTIONS");
    assert_outcome(run_command("run", "-q", "-s", "-l", "sh", "-c", "echo $TRACKMALLOC_OPTIONS"), 0,
                   "output=none,stacks=512KiB,leaks=on\n", "");
    assert_outcome(run_command("run", "-q", "-sall", "sh", "-c", "echo $TRACKMALLOC_OPTIONS"), 0,
                   "output=none,stacks=all\n", "");
}

/* Under a filter that kills for these, separated by commas: what the library would be told, and what is said. */
static void assert_filtered(const char *numbers, const char *option, const char *options, const char *words)
{
    const char *const sandboxes = built("test/cmd/programs/sandboxes");
    const char *const command = built("trackmalloc");
    const char *const program = built("test/cmd/programs/unlinked");
    struct outcome outcome =
        run_program(ARGV(sandboxes, numbers, command, "run", "-q", "-O", option, program, "options"));
    if (words == NULL)
        assert_null(strstr(outcome.err, "seccomp"));
    assert_outcome(outcome, 0, options, words != NULL ? words : "linked statically");
}

/* There, the library itself does not try. */
static void under_a_filter_segments_are_asked_for_where_it_allows_them(void **state)
{
    (void)state;
    char number[16];
    snprintf(number, sizeof number, "%d", SYS_process_vm_writev);
    assert_filtered(
        number, "top=3", "segment=on,output=none,top=3\n",
        "trackmalloc: warning: the seccomp filter here kills for process_vm_writev: of the library, only what "
        "malloc needs is called\n");
    snprintf(number, sizeof number, "%d", SYS_ftruncate);
    assert_filtered(number, "top=3", "output=none,top=3\n", "kills for ftruncate: of the library");
}

static void a_filter_that_kills_for_nothing_of_ours_is_trusted(void **state)
{
    char number[16];
    (void)state;
    snprintf(number, sizeof number, "%d", SYS_acct);
    assert_filtered(number, "top=3", "segment=on,filter=trusted,output=none,top=3\n", NULL);
}

/* Whoever knows need not ask. */
static void a_filter_of_which_is_told_is_not_tried(void **state)
{
    char number[16];
    (void)state;
    snprintf(number, sizeof number, "%d", SYS_statx);
    assert_filtered(number, "filter=careful", "output=none,filter=careful\n", NULL);
    setenv("TRACKMALLOC_OPTIONS", "top=7,filter=trusted", 1);
    assert_filtered(number, "top=3", "top=7,filter=trusted,output=none,top=3\n", NULL);
    unsetenv("TRACKMALLOC_OPTIONS");
}

/* What the library's sources call and the command's list lacks, but for the end of a thread. */
static void every_call_of_the_library_is_tried(void **state)
{
    (void)state;
    struct outcome outcome =
        run_program(ARGV("/bin/sh", "-c",
                         "cd " CMDTEST_TOP " && "
                         "grep -rhoE 'sys[0-9]\\(SYS_[a-z0-9_]+' src/lib | sed 's/.*SYS_//' | sort -u | "
                         "while read -r name; do grep -q \"NAMED($name)\" src/cmd/run/filter.c || echo $name; done"));
    assert_outcome(outcome, 0, "", "");
}

static void what_a_filter_kills_for_is_named(void **state)
{
    char numbers[64];
    (void)state;
    snprintf(numbers, sizeof numbers, "%d,%d,%d,%d", SYS_statx, SYS_getrusage, SYS_sendto, SYS_sched_yield);
    assert_filtered(numbers, "top=3", "output=none,top=3\n",
                    "the seccomp filter here kills for getrusage, statx, sendto, sched_yield: of the library");
}

/* With an error, as container runtimes do. */
static void what_a_filter_refuses_is_named(void **state)
{
    char numbers[64];
    (void)state;
    snprintf(numbers, sizeof numbers, "-%d,-%d", SYS_process_vm_readv, SYS_statx);
    assert_filtered(numbers, "top=3", "segment=on,filter=trusted,output=none,top=3\n",
                    "the seccomp filter here refuses statx, process_vm_readv: some figures may be missing\n");
    snprintf(numbers, sizeof numbers, "%d,-%d", SYS_process_vm_readv, SYS_statx);
    assert_filtered(numbers, "top=3", "segment=on,output=none,top=3\n",
                    "the seccomp filter here kills for process_vm_readv and refuses statx: of the library");
}

static void the_report_is_kept_in_a_file(void **state)
{
    (void)state;
    assert_outcome(run_command("run", "-o", in_scratch("kept.%n"), "perl", "-e", "print 1"), 0, "1", "");
    char *text = file_read(in_scratch("kept.perl"), NULL);
    assert_non_null(strstr(text, "trackmalloc: perl["));
    free(text);
}

static void a_directory_is_named_from_the_root(void **state)
{
    char here[PATH_MAX];
    char expected[PATH_MAX + 64];
    (void)state;
    assert_non_null(getcwd(here, sizeof here));
    snprintf(expected, sizeof expected, "output=none,segment=off,dir=%s/some\n", here);
    assert_outcome(run_command("run", "-q", "-O", "segment=off", "-d", "some", "sh", "-c", "echo $TRACKMALLOC_OPTIONS"),
                   0, expected, "");
    assert_outcome(run_command("run", "-q", "-O", "segment=off", "-d", "/a", "sh", "-c", "echo $TRACKMALLOC_OPTIONS"),
                   0, "output=none,segment=off,dir=/a\n", "");
}

/* ---- wrong words ---- */

static void assert_usage(struct outcome outcome, const char *words)
{
    if (outcome.status != 2 || outcome.out_bytes != 0 || strstr(outcome.err, words) == NULL)
        fail_msg("not refused with \"%s\" but: %d\n%.300s%.300s", words, outcome.status, outcome.out, outcome.err);
    outcome_free(&outcome);
}

static void values_that_cannot_be_are_refused(void **state)
{
    (void)state;
    assert_usage(run_command("run", "-O", "rule=a:b,c:d", "true"),
                 "invalid value 'rule=a:b,c:d' (a value cannot hold a comma");
    assert_usage(run_command("run", "-o", "a,b", "true"), "invalid value 'a,b' (a value cannot hold a comma");
    assert_usage(run_command("run", "--interval=1,leaks=on", "true"), "a value cannot hold a comma");
    assert_usage(run_command("run", "-O", "leaks", "true"),
                 "invalid value 'leaks' for option '--option' (allowed: NAME=VALUE)");
    assert_usage(run_command("run", "-O", "=x", "true"),
                 "invalid value '=x' for option '--option' (allowed: NAME=VALUE)");
    assert_usage(run_command("run"), "Usage:");
    assert_usage(run_command("run", "--"), "Usage:");
    assert_usage(run_command("run", "--nonsense", "true"), "nonsense");
}

/* ---- what is not there, or no program ---- */

static void what_cannot_be_run_is_told_as_shells_do(void **state)
{
    struct outcome outcome;
    (void)state;
    outcome = run_command("run", "no-such-program-at-all");
    assert_refused(&outcome, 127, "cannot run no-such-program-at-all: there is no such program in PATH");
    outcome = run_command("run", "");
    assert_refused(&outcome, 127, "there is no such program");
    outcome = run_command("run", "./no/such");
    assert_refused(&outcome, 127, "cannot run ./no/such: there is no such program");
    outcome = run_command("run", "/etc/passwd");
    assert_refused(&outcome, 126, "cannot run /etc/passwd: Permission denied");
    outcome = run_command("run", scratch());
    assert_refused(&outcome, 126, ": Is a directory");
    outcome = run_command("run", "/etc/passwd/x");
    assert_refused(&outcome, 126, ": Not a directory");
}

static void the_path_is_searched_as_shells_do(void **state)
{
    char path[2 * PATH_MAX];
    struct outcome outcome;
    (void)state;
    const char *before = getenv("PATH");
    assert_non_null(before);
    char *kept = strdup(before);
    mkdir(in_scratch("first"), 0700);
    mkdir(in_scratch("second"), 0700);
    executable("first/tool", "#!/bin/sh\necho first\n", 21, 0644);
    snprintf(path, sizeof path, "%s:/nowhere:%s", in_scratch("first"), in_scratch("second"));
    setenv("PATH", path, 1);
    outcome = run_command("run", "-q", "tool");
    assert_refused(&outcome, 126, "tool: Permission denied");
    script("second/tool", "#!/bin/sh\necho second\n");
    assert_outcome(run_command("run", "-q", "tool"), 0, "second\n", "");
    unsetenv("PATH");
    assert_outcome(run_command("run", "-q", "sh", "-c", "echo standard"), 0, "standard\n", "");
    setenv("PATH", kept, 1);
    free(kept);
}

/* ---- what cannot be tracked ---- */

static void a_static_program_runs_after_a_warning(void **state)
{
    (void)state;
    assert_outcome(run_command("run", "-q", built("test/cmd/programs/unlinked"), "7"), 7, "it ran\n",
                   "runs without being tracked: it is linked statically\n");
}

static void a_foreign_machine_is_named_before_it_fails(void **state)
{
    Elf32_Ehdr small = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT}, .e_machine = EM_386};
    Elf64_Ehdr other = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_machine = EM_AARCH64};
    Elf64_Ehdr turned = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2MSB, EV_CURRENT},
                         .e_machine = EM_S390 << 8 & 0xffff};
    (void)state;
    assert_outcome(run_command("run", "-q", executable("small", &small, sizeof small, 0755)), 126, "",
                   "runs without being tracked: it is a 32-bit program\n");
    assert_outcome(run_command("run", "-q", executable("other", &other, sizeof other, 0755)), 126, "",
                   "it is made for another kind of processor\n");
    assert_outcome(run_command("run", "-q", executable("turned", &turned, sizeof turned, 0755)), 126, "",
                   "it is made for another kind of processor\n");
}

/* What is beyond the end, or the count of parts, is nobody's: it must end, and say what the kernel says. */
static void a_lying_elf_head_does_no_harm(void **state)
{
    Elf64_Ehdr head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                       .e_machine = EM_X86_64,
                       .e_phoff = UINT64_MAX - 8,
                       .e_phentsize = 65535,
                       .e_phnum = 65535};
    (void)state;
    assert_outcome(run_command("run", "-q", executable("liar", &head, sizeof head, 0755)), 126, "",
                   "it is linked statically\n");
    assert_outcome(run_command("run", "-q", executable("stump", &head, 20, 0755)), 126, "",
                   "it is no program that this system knows\n");
}

static void privileges_are_told_only_where_they_count(void **state)
{
    struct statvfs mount;
    (void)state;
    const char *mine = copy("/bin/true", "mine", 04755);
    assert_outcome(run_command("run", "-q", mine), 0, "", "");
    assert_int_equal(statvfs(scratch(), &mount), 0);
    if (geteuid() != 0 || (mount.f_flag & ST_NOSUID) != 0)
        skip();
    const char *others = copy("/bin/true", "others", 0755);
    assert_int_equal(chown(others, 1, 0), 0);
    assert_int_equal(chmod(others, 04755), 0);
    assert_outcome(run_command("run", "-q", others), 0, "", "runs without being tracked: it is setuid\n");
    assert_int_equal(chown(others, 0, 1), 0);
    assert_int_equal(chmod(others, 02755), 0);
    assert_outcome(run_command("run", "-q", others), 0, "", "it is setgid\n");
    assert_int_equal(chmod(others, 02745), 0); /* mandatory locking's old sign, no privilege */
    assert_outcome(run_command("run", "-q", others), 0, "", "");
}

static void another_c_library_is_left_alone(void **state)
{
    static const char ours[] = "/lib64/ld-linux-x86-64.so.2", theirs[] = "/lib/ld-other-x86_64.so.1";
    size_t length;
    (void)state;
    char *bytes = file_read("/bin/true", &length);
    char *loader = memmem(bytes, length, ours, sizeof ours);
    if (loader == NULL)
        skip();
    memcpy(loader, theirs, sizeof theirs);
    const char *path = executable("elsewhere", bytes, length, 0755);
    assert_outcome(run_command("run", "-q", path), 127, "", "it is made for another C library\n");
    free(bytes);
}

/* Each of the compilers that is there; what it makes runs only where its own malloc is the first. */
static void sanitized(const char *compiler, const char *library)
{
    char command[4096], line[256];
    const char *program = in_scratch("sanitized");
    unlink(program);
    snprintf(command, sizeof command,
             "echo '#include <stdlib.h>\nint main(void) { free(malloc(7)); return 7; }' > %s.c && "
             "%s %s.c -o %s 2> /dev/null",
             program, compiler, program, program);
    if (system(command) != 0 || access(program, X_OK) != 0) {
        print_message("skipped: no %s\n", compiler);
        return;
    }
    snprintf(line, sizeof line, "runs without being tracked: it is made for a sanitizer, %s", library);
    assert_outcome(run_command("run", "-q", program), 7, "", line);
}

static void a_sanitizers_malloc_comes_first(void **state)
{
    (void)state;
    sanitized("gcc -fsanitize=address", "libasan.so.");
    sanitized("gcc -fsanitize=thread", "libtsan.so.");
    sanitized("gcc -fsanitize=leak", "liblsan.so.");
    sanitized("clang -fsanitize=address -shared-libasan "
              "-Wl,-rpath=$(dirname $(clang -print-file-name=libclang_rt.asan-x86_64.so))",
              "libclang_rt.asan");
    assert_outcome(run_command("run", "-q", "/bin/true"), 0, "", "");
}

static void the_loader_is_no_static_program(void **state)
{
    (void)state;
    if (access("/lib64/ld-linux-x86-64.so.2", X_OK) != 0)
        skip();
    assert_outcome(run_command("run", "-q", "/lib64/ld-linux-x86-64.so.2", "/bin/echo", "x"), 0, "x\n", "");
}

/* ---- scripts ---- */

static void scripts_are_followed_to_their_interpreters(void **state)
{
    char text[2 * PATH_MAX];
    (void)state;
    snprintf(text, sizeof text, "#! %s\n", script("one", "#!/bin/sh\necho one \"$@\"\n"));
    snprintf(text, sizeof text, "#!%s x\n", script("two", text));
    const char *three = script("three", text);
    struct outcome outcome = run_command("run", "-q", three, "y");
    assert_int_equal(outcome.status, 0);
    assert_string_equal(outcome.err, "");
    assert_int_equal(strncmp(outcome.out, "one ", 4), 0);
    outcome_free(&outcome);

    const char *unlinked = built("test/cmd/programs/unlinked");
    snprintf(text, sizeof text, "#!%s 3\n", unlinked);
    snprintf(text, sizeof text, "#!%s\n", script("inner", text));
    const char *outer = script("outer", text);
    snprintf(text, sizeof text, "its interpreter %s is linked statically\n", unlinked);
    if (strlen(unlinked) > 200) /* more than the kernel reads of the line */
        skip();
    assert_outcome(run_command("run", "-q", outer), 3, "it ran\n", text);
}

static void an_interpreter_that_is_not_there_is_named(void **state)
{
    (void)state;
    assert_outcome(run_command("run", "-q", script("lost", "#!/no/such/thing -x\n")), 127, "",
                   "its interpreter /no/such/thing is not there\n");
}

static void a_script_of_too_many_scripts_is_refused(void **state)
{
    char name[32], text[PATH_MAX];
    const char *path = script("chain0", "#!/bin/sh\n");
    (void)state;
    for (int i = 1; i < 8; i++) {
        snprintf(text, sizeof text, "#!%s\n", path);
        snprintf(name, sizeof name, "chain%d", i);
        path = script(name, text);
    }
    assert_outcome(run_command("run", "-q", path), 126, "", "a script of scripts");
    snprintf(text, sizeof text, "#!%s\n", in_scratch("itself"));
    assert_outcome(run_command("run", "-q", script("itself", text)), 126, "", "a script of scripts");
}

static void a_text_without_an_interpreter_is_the_shells(void **state)
{
    (void)state;
    assert_outcome(run_command("run", "-q", script("plain", "echo plain \"$1\"; exit 5\n"), "y"), 5, "plain y\n", "");
    assert_outcome(run_command("run", "-q", script("bare", "#!\necho bare\n")), 0, "bare\n", "");
    assert_outcome(run_command("run", "-q", script("empty", "")), 0, "", "");
    assert_outcome(run_command("run", "-q", executable("picture", "GIF\0\1\2\3", 7, 0755)), 126, "",
                   "it is no program that this system knows\n");
}

/* ---- where the library is ---- */

static void install(const char *folder, const char *library)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/bin", folder);
    mkdir(in_scratch(folder), 0700);
    mkdir(in_scratch(path), 0700);
    snprintf(path, sizeof path, "%s/bin/trackmalloc", folder);
    copy(built("trackmalloc"), path, 0755);
    if (library == NULL)
        return;
    snprintf(path, sizeof path, "%s/lib", folder);
    mkdir(in_scratch(path), 0700);
    snprintf(path, sizeof path, "%s/lib/x86_64-linux-gnu", folder);
    mkdir(in_scratch(path), 0700);
    snprintf(path, sizeof path, "%s/%s", folder, library);
    copy(built("libtrackmalloc.so"), path, 0644);
}

static void the_library_is_found_where_it_is_installed(void **state)
{
    char expected[2 * PATH_MAX];
    (void)state;
    static const char *const places[][2] = {{"a", "bin/libtrackmalloc.so"},
                                            {"b", "lib/libtrackmalloc.so"},
                                            {"c", "lib/x86_64-linux-gnu/libtrackmalloc.so"}};
    for (size_t i = 0; i < 3; i++) {
        install(places[i][0], places[i][1]);
        snprintf(expected, sizeof expected, "%s/%s/%s\n", scratch(), places[i][0], places[i][1]);
        const char *command = in_scratch(i == 0   ? "a/bin/trackmalloc"
                                         : i == 1 ? "b/bin/trackmalloc"
                                                  : "c/bin/trackmalloc");
        assert_outcome(run_program(ARGV(command, "run", "-q", "sh", "-c", "echo $LD_PRELOAD")), 0, expected, "");
    }
}

static void without_a_library_nothing_runs(void **state)
{
    struct outcome outcome;
    (void)state;
    install("alone", NULL);
    outcome = run_program(ARGV(in_scratch("alone/bin/trackmalloc"), "run", "echo", "x"));
    assert_refused(&outcome, 1, "cannot find libtrackmalloc.so: it is neither in ");
    install("two words", "lib/libtrackmalloc.so");
    outcome = run_program(ARGV(in_scratch("two words/bin/trackmalloc"), "run", "echo", "x"));
    assert_refused(&outcome, 1, "its path has a blank or a colon in it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_exit_status_is_the_programs),
        cmocka_unit_test(a_signal_kills_the_program_and_nobody_else),
        cmocka_unit_test(no_process_stays_between),
        cmocka_unit_test(what_follows_the_program_is_its_own),
        cmocka_unit_test(the_library_is_first_and_the_others_stay),
        cmocka_unit_test(options_follow_what_the_variable_held),
        cmocka_unit_test(under_a_filter_segments_are_asked_for_where_it_allows_them),
        cmocka_unit_test(a_filter_that_kills_for_nothing_of_ours_is_trusted),
        cmocka_unit_test(a_filter_of_which_is_told_is_not_tried),
        cmocka_unit_test(every_call_of_the_library_is_tried),
        cmocka_unit_test(what_a_filter_kills_for_is_named),
        cmocka_unit_test(what_a_filter_refuses_is_named),
        cmocka_unit_test(the_report_is_kept_in_a_file),
        cmocka_unit_test(a_directory_is_named_from_the_root),
        cmocka_unit_test(values_that_cannot_be_are_refused),
        cmocka_unit_test(what_cannot_be_run_is_told_as_shells_do),
        cmocka_unit_test(the_path_is_searched_as_shells_do),
        cmocka_unit_test(a_static_program_runs_after_a_warning),
        cmocka_unit_test(a_foreign_machine_is_named_before_it_fails),
        cmocka_unit_test(a_lying_elf_head_does_no_harm),
        cmocka_unit_test(privileges_are_told_only_where_they_count),
        cmocka_unit_test(another_c_library_is_left_alone),
        cmocka_unit_test(a_sanitizers_malloc_comes_first),
        cmocka_unit_test(the_loader_is_no_static_program),
        cmocka_unit_test(scripts_are_followed_to_their_interpreters),
        cmocka_unit_test(an_interpreter_that_is_not_there_is_named),
        cmocka_unit_test(a_script_of_too_many_scripts_is_refused),
        cmocka_unit_test(a_text_without_an_interpreter_is_the_shells),
        cmocka_unit_test(the_library_is_found_where_it_is_installed),
        cmocka_unit_test(without_a_library_nothing_runs),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
