/* The seccomp filters that were there before the process started. */
#ifndef TM_FILTER_H
#define TM_FILTER_H

#include "base.h"

/* Whether they are those of the whole container: its first process has as many. The filters of container runtimes
 * answer with errors; one that a service manager or a launcher has put on this process alone may kill. Makes only such
 * calls as the loader has made under the same filters; for a moment, it takes a descriptor. Once, at start. */
bool filter_is_of_container(void);

#endif
