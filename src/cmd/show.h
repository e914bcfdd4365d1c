/* `trackmalloc show`: the text report, at any time, without the process noticing. */
#ifndef TM_SHOW_H
#define TM_SHOW_H

#include "command.h"

command_run show_run;

#endif
