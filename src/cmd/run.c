/* `trackmalloc run`: starts a program with the library in it, and becomes that program. */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "cmd/run/filter.h"
#include "cmd/run/program.h"
#include "command.h"

/* As a shell answers for what it cannot start (POSIX, Shell Command Language 2.8.2). */
enum { STATUS_NOT_RUNNABLE = 126, STATUS_NOT_FOUND = 127 };

struct run_arguments {
    char *options; /* for the library: NAME=VALUE,NAME=VALUE */
    char **command;
};

/* ---- the words ---- */

static void add_option(struct run_arguments *arguments, const char *name, const char *value)
{
    char *before = arguments->options;
    arguments->options = xasprintf("%s%s%s=%s", before, before[0] != '\0' ? "," : "", name, value);
    free(before);
}

static void add_pair(struct run_arguments *arguments, const char *pair, struct argp_state *state)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        arguments_invalid(state, "--option", pair, "NAME=VALUE");
    char *name = xasprintf("%.*s", (int)(equals - pair), pair);
    add_option(arguments, name, equals + 1);
    free(name);
}

/* The library takes no relative one: a program may go elsewhere before it makes its file. */
static void add_directory(struct run_arguments *arguments, const char *directory, struct argp_state *state)
{
    char *here = directory[0] == '/' ? xasprintf("%s", "") : getcwd(NULL, 0);
    if (here == NULL || strchr(here, ',') != NULL)
        arguments_invalid(state, "--dir", directory, "an absolute path");
    char *path = xasprintf("%s%s%s", here, directory[0] == '/' ? "" : "/", directory);
    add_option(arguments, "dir", path);
    free(path);
    free(here);
}

enum { KEY_ONLY = 256 };

static error_t parse_run(int key, char *argument, struct argp_state *state)
{
    struct run_arguments *arguments = state->input;
    const char *value = argument != NULL ? argument : "";
    /* The library splits at commas, and has no word for one. */
    if (key != ARGP_KEY_ARG && strchr(value, ',') != NULL)
        argp_error(
            state,
            "invalid value '%s' (a value cannot hold a comma; an option of several values is given several times)",
            value);
    switch (key) {
    case 'O':
        add_pair(arguments, value, state);
        return 0;
    case 'i':
        add_option(arguments, "interval", value);
        return 0;
    case 'o':
        add_option(arguments, "output", value);
        return 0;
    case 'q':
        add_option(arguments, "output", "none");
        return 0;
    case 's':
        add_option(arguments, "stacks", value[0] != '\0' ? value : "512KiB");
        return 0;
    case 'l':
        add_option(arguments, "leaks", "on");
        return 0;
    case KEY_ONLY:
        add_option(arguments, "only", value);
        return 0;
    case 'k':
        add_option(arguments, "keep", "on");
        return 0;
    case 'd':
        add_directory(arguments, value, state);
        return 0;
    case ARGP_KEY_ARGS:
        arguments->command = state->argv + state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"interval", 'i', "SECONDS", 0, "from one report to the next (5)", 0},
    {"output", 'o', "FILE", 0, "append the reports to this file; %p is the process id, %n its name", 0},
    {"quiet", 'q', NULL, 0, "no reports: look with `trackmalloc top`", 0},
    {"stacks", 's', "SIZE|all", OPTION_ARG_OPTIONAL, "take a stack for each so many bytes allocated (512KiB)", 0},
    {"leaks", 'l', NULL, 0, "the last report lists what is still allocated", 0},
    {"only", KEY_ONLY, "GLOBS", 0, "track only programs whose names match; separated by ':'", 0},
    {"keep", 'k', NULL, 0, "the last snapshot stays after a clean exit too", 0},
    {"dir", 'd', "DIRECTORY", 0, "where the segments are kept", 0},
    {"option", 'O', "NAME=VALUE", 0, "any option of the library; may be given several times", 0},
    {0},
};

/* ---- the library ---- */

/* Beside ourselves, as it is built and as it is installed. NULL: a line has said why. */
static char *find_library(void)
{
    static const char *const folders[] = {"", "../lib/", "../lib/x86_64-linux-gnu/", "../lib64/"};
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    own[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(own, '/');
    if (slash == NULL) {
        report_error("cannot find libtrackmalloc.so: /proc does not say where this command is");
        return NULL;
    }
    slash[1] = '\0';
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = xasprintf("%s%slibtrackmalloc.so", own, folders[i]);
        char *whole = realpath(path, NULL);
        free(path);
        if (whole != NULL)
            return whole;
    }
    report_error("cannot find libtrackmalloc.so: it is neither in %s nor in the lib beside that", own);
    return NULL;
}

static bool can_preload(const char *library)
{
    if (access(library, R_OK) != 0)
        return report_error("cannot open %s: %s", library, strerror(errno)) == STATUS_OK;
    if (strpbrk(library, ": ") != NULL) /* where ld.so splits */
        return report_error("cannot preload %s: its path has a blank or a colon in it", library) == STATUS_OK;
    return true;
}

/* What the variable holds now is `before` or `behind`, and stays. */
static void extend_variable(const char *variable, const char *before, const char *separator, const char *behind)
{
    char *whole = before[0] != '\0' && behind[0] != '\0' ? xasprintf("%s%s%s", before, separator, behind)
                                                         : xasprintf("%s%s", before, behind);
    if (whole[0] != '\0')
        setenv(variable, whole, 1);
    free(whole);
}

static const char *value_of(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL ? value : "";
}

/* ---- the filter ---- */

/* Whether NAME=... stands in the options. */
static bool is_given(const char *options, const char *name)
{
    const size_t length = strlen(name);
    for (const char *at = options; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return true;
    }
    return false;
}

static void warn_of_filter(const struct filter *filter)
{
    const bool both = filter->kills[0] != '\0' && filter->refuses[0] != '\0';
    if (filter->kills[0] == '\0' && filter->refuses[0] == '\0')
        return;
    report_error("warning: the seccomp filter here %s%s%s%s%s: %s", filter->kills[0] != '\0' ? "kills for " : "",
                 filter->kills, both ? " and " : "", filter->refuses[0] != '\0' ? "refuses " : "", filter->refuses,
                 filter->allows_all ? "some figures may be missing"
                                    : "of the library, only what malloc needs is called");
}

/* The library cannot try what a filter does to it. Before all other options: whoever asked for something else comes
 * later, and whoever gave the answer himself is not arguments. */
static void set_filter_options(void)
{
    if (is_given(value_of("TRACKMALLOC_OPTIONS"), "filter"))
        return;
    struct filter filter = filter_look();
    warn_of_filter(&filter);
    if (filter.there && filter.allows_all)
        extend_variable("TRACKMALLOC_OPTIONS", "filter=trusted", ",", value_of("TRACKMALLOC_OPTIONS"));
    if (filter.there && filter.allows_segments)
        extend_variable("TRACKMALLOC_OPTIONS", "segment=on", ",", value_of("TRACKMALLOC_OPTIONS"));
    filter_free(&filter);
}

/* ---- the program ---- */

static int report_not_run(const char *name, int why)
{
    if (why == ENOENT)
        report_error("cannot run %s: there is no such program%s", name, strchr(name, '/') != NULL ? "" : " in PATH");
    else
        report_error("cannot run %s: %s", name, strerror(why));
    return why == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUNNABLE;
}

static int exec_program(const struct program *program, char **command)
{
    execv(program->path, command);
    if (errno != ENOEXEC || !program->needs_shell)
        return report_not_run(command[0], errno);
    size_t words = 0;
    while (command[words] != NULL)
        words++;
    char **behind_shell = must_allocate((words + 2) * sizeof *behind_shell);
    memcpy(behind_shell + 1, command, (words + 1) * sizeof *command);
    behind_shell[0] = (char *)_PATH_BSHELL;
    behind_shell[1] = (char *)program->path;
    execv(_PATH_BSHELL, behind_shell);
    free(behind_shell);
    return report_not_run(_PATH_BSHELL, errno);
}

static int start_program(const struct run_arguments *arguments, const char *library)
{
    struct program program;
    int why = program_find(arguments->command[0], &program);
    if (why != 0)
        return report_not_run(arguments->command[0], why);
    program_look(&program);
    if (program.fate != PROGRAM_TRACKED)
        report_error("warning: %s runs without being tracked: %s", arguments->command[0], program.why);
    if (program.fate != PROGRAM_BREAKS) {
        extend_variable("LD_PRELOAD", library, ":", value_of("LD_PRELOAD"));
        extend_variable("TRACKMALLOC_OPTIONS", value_of("TRACKMALLOC_OPTIONS"), ",", arguments->options);
        set_filter_options();
    }
    return exec_program(&program, arguments->command);
}

int run_run(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_run,
        .args_doc = "PROGRAM [ARGUMENT...]",
        .doc = "Runs a program with libtrackmalloc.so in it, and says beforehand why where it cannot be tracked.\v"
               "The program takes this command's place: its exit status and signals are its own. 127: there is no "
               "such program, 126: it cannot be run.\n\n"
               "  trackmalloc run -- ./server --port 80\n"
               "  trackmalloc run -i 60 -o /var/log/heap.%p -- ./server\n"
               "  trackmalloc run --quiet --stacks -- ./server\n"
               "  trackmalloc run -O 'rule=libssl*:tls' -O callers=off -- ./server\n\n"
               "What TRACKMALLOC_OPTIONS and LD_PRELOAD hold already is kept."};
    struct run_arguments arguments = {.options = xasprintf("%s", "")};
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
    char *library = find_library();
    int status = library != NULL && can_preload(library) ? start_program(&arguments, library) : STATUS_FAILED;
    free(library);
    free(arguments.options);
    return status;
}
