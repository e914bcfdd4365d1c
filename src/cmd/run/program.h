/* The program that a command line names: its file, and whether a library can be preloaded into it. */
#ifndef TM_PROGRAM_H
#define TM_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

enum program_fate {
    PROGRAM_TRACKED,   /* as far as can be told */
    PROGRAM_UNTRACKED, /* it runs as if the library were not there; what it starts may be tracked */
    PROGRAM_BREAKS     /* it would not start with the library */
};

struct program {
    char path[PATH_MAX];
    bool needs_shell; /* a text that names no interpreter: /bin/sh reads it, as shells do */
    enum program_fate fate;
    char why[PATH_MAX + 128]; /* unless tracked */
};

/* Looks for it as execvp does: by PATH, unless there is a slash in its name. 0, or an errno: it cannot be run. */
int program_find(const char *name, struct program *program);

/* Finds out its fate, through up to four scripts that interpret one another, and whether it needs the shell. */
void program_look(struct program *program);

#endif
