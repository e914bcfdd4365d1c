/* `trackmalloc run`: starts a program with the library in it, and becomes that program. */
#ifndef TM_RUN_H
#define TM_RUN_H

#include "command.h"

/* Returns only where the program could not be started: 127, there is no such program; 126, it cannot be run; else as
 * all subcommands do. */
command_run run_run;

#endif
