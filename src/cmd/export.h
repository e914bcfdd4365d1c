/* `trackmalloc export`: a snapshot in the formats that other tools read (export/formats.h). */
#ifndef TM_EXPORT_H
#define TM_EXPORT_H

#include "command.h"

command_run export_run;

#endif
