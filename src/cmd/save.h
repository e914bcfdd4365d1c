/* `trackmalloc save`: keeps a snapshot in a file, which every other subcommand reads. */
#ifndef TM_SAVE_H
#define TM_SAVE_H

#include "command.h"

command_run save_run;

#endif
