/* `trackmalloc diff`: what grew from one snapshot to another, or in one process since some time ago. */
#ifndef TM_DIFF_H
#define TM_DIFF_H

#include "command.h"

command_run diff_run;

#endif
