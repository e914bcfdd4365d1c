/* trackmalloc: looks at tracked processes from outside. */
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "ctl.h"
#include "diff.h"
#include "export.h"
#include "ps.h"
#include "run.h"
#include "save.h"
#include "serve.h"
#include "show.h"
#include "top.h"
#include "trackmalloc.h"

const struct command commands[] = {
    {"run", run_run, "PROGRAM [ARGUMENT...]", "runs a program with the library in it"},
    {"ps", ps_run, "", "the tracked processes, living and dead, as a tree"},
    {"top", top_run, "[PID|FILE]", "a process's heap, live on the whole screen"},
    {"show", show_run, "PID|FILE", "the report of a process, or of a snapshot that was kept"},
    {"diff", diff_run, "PID|FILE [PID|FILE]", "what grew from one to the other, or since some time ago"},
    {"save", save_run, "PID|FILE", "keeps a snapshot of a process in a file"},
    {"ctl", ctl_run, "PID COMMAND", "asks a process for a report, a baseline, a pause"},
    {"export", export_run, "PID|FILE", "a snapshot as JSON, CSV, a flame graph or metrics"},
    {"serve", serve_run, "", "all tracked processes over HTTP, for Prometheus and for browsers"},
    {NULL, NULL, NULL, NULL},
};

static void usage(FILE *to)
{
    fputs("Usage: trackmalloc COMMAND [OPTION...] [ARGUMENT...]\n"
          "Tells which component of a program holds how much heap, how old it is, who allocated it, and whether it "
          "grows.\n"
          "\n",
          to);
    for (const struct command *command = commands; command->name != NULL; command++)
        fprintf(to, "  %-7s %-24s %s\n", command->name, command->arguments, command->summary);
    fputs("\n`trackmalloc COMMAND --help` tells more of each. Exit status: 0, 1 it failed, 2 it was called wrongly.\n",
          to);
}

static int run(const struct command *command, int argc, char **argv)
{
    argv[0] = must_print("trackmalloc %s", command->name); /* what argp calls us */
    int status = command->run(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == STATUS_OK)
        status = complain("standard output", "it could not be written whole");
    free(argv[0]);
    return status;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    argp_err_exit_status = STATUS_USAGE;
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return puts("trackmalloc " TRACKMALLOC_VERSION) < 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return usage(stdout), STATUS_OK;
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(name, command->name) == 0)
            return run(command, argc - 1, argv + 1);
    if (name[0] != '\0')
        complain(name, "there is no such command; `trackmalloc --help` lists them");
    else
        usage(stderr);
    return STATUS_USAGE;
}
