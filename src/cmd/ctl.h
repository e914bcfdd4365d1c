/* `trackmalloc ctl`: asks a tracked process to do something. */
#ifndef TM_CTL_H
#define TM_CTL_H

#include "command.h"

command_run ctl_run;

#endif
