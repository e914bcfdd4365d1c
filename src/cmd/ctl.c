/* `trackmalloc ctl`: asks a tracked process to do something. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cmd/segment/control.h"
#include "cmd/segment/find.h"
#include "command.h"
#include "number.h"
#include "target.h"

static const struct request {
    const char *name;
    enum segment_command command;
    unsigned arguments; /* behind it */
} requests[] = {
    {"report", SEGMENT_REPORT, 0}, {"baseline", SEGMENT_BASELINE, 0}, {"pause", SEGMENT_PAUSE, 0},
    {"resume", SEGMENT_RESUME, 0}, {"set", SEGMENT_SET, 2},
};

enum { WORDS = 4 /* PID set NAME VALUE */ };

struct ctl_arguments {
    const char *directory;
    const char *word[WORDS];
    unsigned words;
    uint32_t pid; /* 0: of the only process that is running */
    const struct request *request;
    const char *const *of_request; /* the words behind it */
};

static uint32_t parse_pid(const struct argp_state *state, const char *word)
{
    uint32_t pid = number_read_pid(word);
    if (pid == 0)
        argp_error(state, "invalid process id '%s'", word);
    return pid;
}

static const struct request *find_request(const struct argp_state *state, const char *name)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (strcmp(name, requests[i].name) == 0)
            return &requests[i];
    argp_error(state, "invalid request '%s' (allowed: report, baseline, pause, resume, set)", name);
    return NULL;
}

static void resolve_words(struct ctl_arguments *arguments, struct argp_state *state)
{
    unsigned at = 0;
    if (arguments->words != 0 && number_is_digits(arguments->word[0]))
        arguments->pid = parse_pid(state, arguments->word[at++]);
    if (arguments->words == at)
        argp_usage(state);
    arguments->request = find_request(state, arguments->word[at++]);
    arguments->of_request = arguments->word + at;
    if (arguments->words - at != arguments->request->arguments)
        argp_error(state, "'%s' takes %s", arguments->request->name,
                   arguments->request->arguments != 0 ? "NAME VALUE" : "no further arguments");
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
        resolve_words(arguments, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child common[] = {{.argp = &arguments_directory}, {.argp = NULL}};

static bool report_not_found(const struct ctl_arguments *arguments)
{
    char *places = find_looked(arguments->directory, arguments->pid);
    report_error("process %u is not tracked, or it has hardly allocated yet: no segment of it is in %s", arguments->pid,
                 places);
    free(places);
    return false;
}

static bool find_target(const struct ctl_arguments *arguments, struct found *found)
{
    if (arguments->pid == 0)
        return target_find_only(arguments->directory, found);
    return find_pid(arguments->directory, arguments->pid, found) || report_not_found(arguments);
}

int ctl_run(int argc, char **argv)
{
    static const struct argp argp = {
        .parser = parse_ctl,
        .children = common,
        .args_doc = "[PID] report|baseline|pause|resume\n[PID] set NAME VALUE",
        .doc = "Asks a tracked process to do something, and prints what it answers. Without PID, the only one that "
               "is running.\v"
               "report: one more report, where its reports go. baseline: growth is counted from now on. pause, resume: "
               "what is allocated in between is not counted. set: another value of an option, as in "
               "TRACKMALLOC_OPTIONS; not all can change in a process that runs.\n\n"
               "  trackmalloc ctl 1234 report\n"
               "  trackmalloc ctl 1234 set interval 60\n\n"
               "No signal is sent; the process looks four times a second."};
    struct ctl_arguments arguments = {.pid = 0};
    struct found found;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!find_target(&arguments, &found))
        return STATUS_FAILED;
    if (found_has_ended(&found))
        return report_error("process %u has ended", found.pid);
    struct control_answer answer =
        control_ask(&found, arguments.request->command, arguments.of_request[0], arguments.of_request[1]);
    if (!answer.done)
        return report_error("process %u: %s", found.pid, answer.text[0] != '\0' ? answer.text : "it refused");
    if (answer.text[0] != '\0')
        puts(answer.text);
    return STATUS_OK;
}
