/* `trackmalloc ctl`: asks a tracked process to do something. */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
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

struct asked {
    const char *directory;
    uint32_t pid;
    const struct verb *verb;
    const char *word[WORDS];
    unsigned words;
};

static void understand(struct asked *asked, struct argp_state *state)
{
    char *end;
    errno = 0;
    unsigned long pid = strtoul(asked->word[0], &end, 10);
    if (*end != '\0' || end == asked->word[0] || errno != 0 || pid == 0 || pid > INT32_MAX)
        argp_error(state, "'%s' is no process id", asked->word[0]);
    asked->pid = (uint32_t)pid;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(asked->word[1], verbs[i].name) == 0)
            asked->verb = &verbs[i];
    if (asked->verb == NULL)
        argp_error(state, "'%s' is none of report, baseline, pause, resume, set", asked->word[1]);
    if (asked->words != 2 + asked->verb->words)
        argp_error(state, "'%s' takes %s", asked->verb->name, asked->verb->words != 0 ? "NAME VALUE" : "no more words");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct asked *asked = state->input;
    switch (key) {
    case 'd':
        asked->directory = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (asked->words == WORDS)
            argp_usage(state);
        asked->word[asked->words++] = argument;
        return 0;
    case ARGP_KEY_END:
        if (asked->words < 2)
            argp_usage(state);
        understand(asked, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    ASK_DIRECTORY,
    {0},
};

static int complain_of(const char *which, const struct asked *asked)
{
    char *places = find_looked(asked->directory, asked->pid);
    complain(which, "no such process is tracked, or it has hardly allocated yet: no segment of it is in %s", places);
    free(places);
    return STATUS_FAILED;
}

int ctl_run(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse,
        .args_doc = "PID report|baseline|pause|resume\nPID set NAME VALUE",
        .doc = "Asks a tracked process to do something, and prints what it answers.\v"
               "report: one more report, where its reports go. baseline: growth is counted from now on. pause, resume: "
               "what is allocated in between is not counted. set: another value of an option, as in "
               "TRACKMALLOC_OPTIONS; not all can change in a process that runs.\n\n"
               "  trackmalloc ctl 1234 report\n"
               "  trackmalloc ctl 1234 set interval 60\n\n"
               "No signal is sent; the process looks four times a second."};
    struct asked asked = {.directory = NULL};
    struct found found;
    argp_parse(&argp, argc, argv, 0, NULL, &asked);
    const char *which = asked.word[0];
    if (!find_pid(asked.directory, asked.pid, &found))
        return complain_of(which, &asked);
    if (found.state != PROCESS_LIVING && found.state != PROCESS_FAR)
        return complain(which, "this process has ended");
    struct control_answer answer = control_ask(&found, asked.verb->command, asked.word[2], asked.word[3]);
    if (!answer.done)
        return complain(which, "%s", answer.text[0] != '\0' ? answer.text : "it would not");
    if (answer.text[0] != '\0')
        puts(answer.text);
    return STATUS_OK;
}
