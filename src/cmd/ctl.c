/* `trackmalloc ctl`: asks a tracked process to do something. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cmd/segment/control.h"
#include "command.h"

static const struct verb {
    const char *name;
    enum segment_command command;
    unsigned words; /* behind it */
} verbs[] = {
    {"report", SEGMENT_REPORT, 0}, {"baseline", SEGMENT_BASELINE, 0}, {"pause", SEGMENT_PAUSE, 0},
    {"resume", SEGMENT_RESUME, 0}, {"set", SEGMENT_SET, 2},
};

enum { WORDS = 4 /* PID set NAME VALUE */ };

struct ctl_arguments {
    const char *directory;
    uint32_t pid;
    const struct verb *verb;
    const char *word[WORDS];
    unsigned words;
};

static void resolve_words(struct ctl_arguments *arguments, struct argp_state *state)
{
    char *end;
    errno = 0;
    unsigned long pid = strtoul(arguments->word[0], &end, 10);
    if (*end != '\0' || end == arguments->word[0] || errno != 0 || pid == 0 || pid > INT32_MAX)
        argp_error(state, "invalid process id '%s'", arguments->word[0]);
    arguments->pid = (uint32_t)pid;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(arguments->word[1], verbs[i].name) == 0)
            arguments->verb = &verbs[i];
    if (arguments->verb == NULL)
        argp_error(state, "invalid request '%s' (allowed: report, baseline, pause, resume, set)", arguments->word[1]);
    if (arguments->words != 2 + arguments->verb->words)
        argp_error(state, "'%s' takes %s", arguments->verb->name,
                   arguments->verb->words != 0 ? "NAME VALUE" : "no further arguments");
}

static error_t parse_ctl(int key, char *value, struct argp_state *state)
{
    struct ctl_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->directory;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->words == WORDS)
            return ARGP_ERR_UNKNOWN;
        arguments->word[arguments->words++] = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->words < 2)
            argp_usage(state);
        resolve_words(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{.argp = &arguments_directory}, {.argp = NULL}};

static int complain_of(const char *which, const struct ctl_arguments *arguments)
{
    char *places = find_looked(arguments->directory, arguments->pid);
    complain(which, "no such process is tracked, or it has hardly allocated yet: no segment of it is in %s", places);
    free(places);
    return STATUS_FAILED;
}

int ctl_run(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse_ctl,
        .children = common,
        .args_doc = "PID report|baseline|pause|resume\nPID set NAME VALUE",
        .doc = "Asks a tracked process to do something, and prints what it answers.\v"
               "report: one more report, where its reports go. baseline: growth is counted from now on. pause, resume: "
               "what is allocated in between is not counted. set: another value of an option, as in "
               "TRACKMALLOC_OPTIONS; not all can change in a process that runs.\n\n"
               "  trackmalloc ctl 1234 report\n"
               "  trackmalloc ctl 1234 set interval 60\n\n"
               "No signal is sent; the process looks four times a second."};
    struct ctl_arguments arguments = {.directory = NULL};
    struct found found;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    const char *which = arguments.word[0];
    if (!find_pid(arguments.directory, arguments.pid, &found))
        return complain_of(which, &arguments);
    if (found.state != PROCESS_LIVING && found.state != PROCESS_FAR)
        return complain(which, "this process has ended");
    struct control_answer answer = control_ask(&found, arguments.verb->command, arguments.word[2], arguments.word[3]);
    if (!answer.done)
        return complain(which, "%s", answer.text[0] != '\0' ? answer.text : "it would not");
    if (answer.text[0] != '\0')
        puts(answer.text);
    return STATUS_OK;
}
