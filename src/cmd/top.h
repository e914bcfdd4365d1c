/* `trackmalloc top`: a process's heap, live on the whole screen; or once, as text. */
#ifndef TM_TOP_H
#define TM_TOP_H

#include "command.h"

command_run top_run;

#endif
