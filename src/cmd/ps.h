/* `trackmalloc ps`: who is tracked, and who was. */
#ifndef TM_PS_H
#define TM_PS_H

#include "command.h"

command_run ps_run;

#endif
