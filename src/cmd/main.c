/* trackmalloc: looks at tracked processes from outside. */
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "trackmalloc.h"

static const struct command {
    const char *name;
    command_run *run;
    const char *arguments;
    const char *summary;
} commands[] = {
#define COMMAND_ROW(name, arguments, summary) {#name, name##_run, arguments, summary},
    COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

enum { COUNT = sizeof commands / sizeof *commands };

/* NULL: there is none of that name. */
static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

static void print_usage(FILE *to)
{
    fputs("Usage: trackmalloc COMMAND [OPTION...] [ARGUMENT...]\n"
          "Tells which component of a program holds how much heap, how old it is, who allocated it, and whether it "
          "grows.\n"
          "\n",
          to);
    for (size_t i = 0; i < COUNT; i++)
        fprintf(to, "  %-7s %-24s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
    fputs("\n`trackmalloc COMMAND --help` tells more of each. Exit status: 0, 1 it failed, 2 it was called wrongly.\n",
          to);
}

static int run_command(const struct command *command, int argc, char **argv)
{
    argv[0] = xasprintf("trackmalloc %s", command->name); /* what argp calls us */
    int status = command->run(argc, argv);
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == STATUS_OK)
        status = report_error("cannot write all of it to standard output");
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
        return print_usage(stdout), STATUS_OK;
    const struct command *command = find_command(name);
    if (command != NULL)
        return run_command(command, argc - 1, argv + 1);
    if (name[0] != '\0')
        report_error("unknown command '%s'; `trackmalloc --help` lists them", name);
    else
        print_usage(stderr);
    return STATUS_USAGE;
}
