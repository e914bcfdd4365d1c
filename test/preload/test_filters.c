/* Filters from before our time, and the loader of another C library: the program goes on as bare (hazards 22, 35). */
#include "fast.h"

/* ---- one call is forbidden, and kills ---- */

enum { AT_ONCE = 4 };

static const char *const forbidden[] = {
    "statx",
    "stat",
    "lstat",
    "fstat",
    "readlink",
    "readlinkat",
    "ioctl",
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "getrusage",
    "tgkill",
    "tkill",
    "kill",
    "open",
    "fcntl",
    "sched_yield",
    "gettid",
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "clone",
    "clone3",
    "clones",
    "fork",
    "vfork",
    "close_range",
    "process_vm_readv",
    "process_vm_writev",
    "madvise",
    "mincore",
    "msync",
    "mremap",
    "prctl",
    "poll",
    "ppoll",
    "getcwd",
    "chdir",
    "fchdir",
    "pwritev2",
    "writev",
    "pwrite64",
    "preadv2",
    "rt_sigprocmask",
    "rt_sigaction",
    "rt_sigtimedwait",
    "rt_sigpending",
    "sigaltstack",
    "uname",
    "sysinfo",
    "getdents64",
    "memfd_create",
    "ftruncate",
    "fallocate",
    "fstatfs",
    "statfs",
    "mkdir",
    "unlink",
    "rename",
    "fchown",
    "fchmod",
    "umask",
    "lseek",
    "dup",
    "dup2",
    "dup3",
    "pipe2",
    "socket",
    "flock",
    "wait4",
    "unshare",
    "setns",
    "membarrier",
    "sched_getaffinity",
    "nanosleep",
    "getrlimit",
    "seccomp",
    "kcmp",
    "openat2",
    "faccessat",
    "timerfd_create",
    "eventfd2",
    "pidfd_open",
    "userfaultfd",
    "capget",
    "times",
    "time",
    "sched_setscheduler",
    "setpriority",
};

static const char *const works_arguments[] = {"700", "3", "a line of its own"};

static struct running *under_filter(const struct run_spec *spec, const char *call, const char *ms)
{
    return run_start(spec, ARGV("filtered", call, built("works"), ms, works_arguments[1], works_arguments[2]));
}

static bool ends_as_bare(const struct run *run)
{
    char *own = stream_without_reports(run->err);
    bool good = !run->timed_out && WIFEXITED(run->status) && WEXITSTATUS(run->status) == 3 &&
                strcmp(run->out, "worked\n") == 0 && strcmp(own, "a line of its own\n") == 0;
    free(own);
    return good;
}

/* Whether the program itself, and its loader, can do without the call; it need not take long to show. */
static bool can_do_without(const char *call)
{
    struct run run = run_finish(under_filter(&(struct run_spec){.bare = true}, call, "20"));
    bool good = ends_as_bare(&run);
    if (WIFEXITED(run.status) && WEXITSTATUS(run.status) >= 77)
        fail_run(&run, "the filter for %s", call);
    run_free(&run);
    return good;
}

/* So many calls at once; those that killed are added to the list. */
static void forbid_some(const struct run_spec *spec, const char *const *calls, unsigned count, char *killed)
{
    struct running *running[AT_ONCE];
    for (unsigned i = 0; i < count; i++)
        running[i] = under_filter(spec, calls[i], works_arguments[0]);
    for (unsigned i = 0; i < count; i++) {
        struct run run = run_finish(running[i]);
        if (!ends_as_bare(&run))
            sprintf(killed + strlen(killed), " %s (%#x%s)", calls[i], (unsigned)run.status,
                    run.timed_out ? ", timed out" : "");
        run_free(&run);
    }
}

/* Of all of them, every fourth. */
static void forbid_each(unsigned first, const struct run_spec *spec)
{
    const char *batch[AT_ONCE];
    char killed[4096] = "";
    unsigned filled = 0;
    for (unsigned i = first; i < LENGTH(forbidden); i += 4) {
        if (!can_do_without(forbidden[i])) {
            print_message("skipped: bare, it cannot do without %s\n", forbidden[i]);
            continue;
        }
        batch[filled++] = forbidden[i];
        if (filled == AT_ONCE) {
            forbid_some(spec, batch, filled, killed);
            filled = 0;
        }
    }
    forbid_some(spec, batch, filled, killed);
    if (killed[0] != '\0')
        fail_msg("with %s, it does not end as bare where these are forbidden:%s", spec->options, killed);
}

static const struct run_spec often = {.options = "interval=0.2"};

static void one_call_forbidden(void **state)
{
    (void)state;
    forbid_each(0, &often);
}

static void one_call_forbidden_of_the_second_quarter(void **state)
{
    (void)state;
    forbid_each(1, &often);
}

static void one_call_forbidden_of_the_third_quarter(void **state)
{
    (void)state;
    forbid_each(2, &often);
}

static void one_call_forbidden_of_the_fourth_quarter(void **state)
{
    (void)state;
    forbid_each(3, &often);
}

/* As many things as can be asked for; not segment=on, which asks for calls that a filter may forbid. */
static void one_call_forbidden_and_all_asked_for(void **state)
{
    (void)state;
    if (!is_torture()) {
        print_message("skipped: `make torture` does that\n");
        skip();
    }
    char options[1024];
    snprintf(options, sizeof(options), "%s",
             output_to("reports.%p", "interval=0.2,stacks=all,features=all,keep=on,leaks=on"));
    for (unsigned first = 0; first < 4; first++)
        forbid_each(first, &(struct run_spec){.options = options});
}

/* ---- all are forbidden but those that it makes itself ---- */

static void nothing_allowed_but_its_own(const char *options)
{
    if (!can_do_without("bare"))
        fail_msg("the filter allows too little");
    struct run run = run_finish(under_filter(&(struct run_spec){.options = options}, "bare", works_arguments[0]));
    if (!ends_as_bare(&run))
        fail_run(&run, "with %s, under a filter that allows what it calls itself", options);
    run_free(&run);
}

static void only_its_own_calls_allowed(void **state)
{
    (void)state;
    nothing_allowed_but_its_own("interval=0.2");
    nothing_allowed_but_its_own("interval=0.2,stacks=all");
    nothing_allowed_but_its_own(output_to("reports.%p", "interval=0.2,features=all,leaks=on"));
}

/* ---- the loader of another C library ---- */

static const char musl_text[] =
    "#include <pthread.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
    "static void *work(void *sum)\n{\n"
    "    for (unsigned i = 0; i < 10000; i++) {\n"
    "        char *p = malloc(1 + i % 3000);\n        memset(p, 1, 1 + i % 3000);\n"
    "        p = realloc(p, 4000);\n        *(unsigned *)sum += p[0];\n        free(p);\n    }\n"
    "    return sum;\n}\n"
    "int main(int argc, char **argv)\n{\n"
    "    pthread_t thread;\n    unsigned sum = 0;\n"
    "    if (argc > 1)\n        return execvp(argv[1], argv + 1);\n"
    "    pthread_create(&thread, NULL, work, &sum);\n    pthread_join(thread, NULL);\n"
    "    usleep(300000);\n    printf(\"musl: %u\\n\", sum);\n    return 9;\n}\n";

static const char *musl_program(void)
{
    char line[1024], source[512];
    const char *program = in_scratch("musl");
    snprintf(source, sizeof(source), "%s.c", program);
    FILE *file = fopen(source, "w");
    assert_non_null(file);
    fputs(musl_text, file);
    fclose(file);
    snprintf(line, sizeof(line), "musl-gcc -O1 %s -o %s > /dev/null 2>&1", source, program);
    if (system(line) != 0) {
        print_message("skipped: there is no musl-gcc\n");
        skip();
    }
    return program;
}

/* The shell is tracked, what it starts inherits LD_PRELOAD. */
static void musl_program_of_a_tracked_shell(void **state)
{
    (void)state;
    const char *program = musl_program();
    char line[1200];
    snprintf(line, sizeof(line), "'%s'; echo \"status $?\"; '%s' /bin/echo from musl on; '%s' /bin/sh -c '%s'; exit 3",
             program, program, program, program);
    const struct run_spec spec = {.options = "interval=0.1", .seconds = 10};
    struct run run = expect_same(&spec, ARGV("/bin/sh", "-c", line));
    assert_non_null(strstr(run.out, "musl: 10000\nstatus 9\nfrom musl on\nmusl: 10000\n"));
    bool shell = false, echo = false;
    for (int n = 0; report_next(run.err, ANYBODY, NULL, &n, &report);) {
        shell |= strcmp(reporter_name(&report), "sh") == 0; /* it leaves by _exit */
        echo |= strcmp(reporter_name(&report), "echo") == 0;
        assert_string_not_equal(reporter_name(&report), "musl");
    }
    assert_true(shell && echo);
    run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_forbidden),
        cmocka_unit_test(one_call_forbidden_of_the_second_quarter),
        cmocka_unit_test(one_call_forbidden_of_the_third_quarter),
        cmocka_unit_test(one_call_forbidden_of_the_fourth_quarter),
        cmocka_unit_test(one_call_forbidden_and_all_asked_for),
        cmocka_unit_test(only_its_own_calls_allowed),
        cmocka_unit_test(musl_program_of_a_tracked_shell),
    };
    return run_side_by_side(tests, LENGTH(tests));
}
