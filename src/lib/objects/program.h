/* The program's own file.
 *
 * Several witnesses know it, and none is always right: /proc/self/exe is the loader where that was started by hand
 * (`ld-linux-x86-64.so.2 ./prog`), and there may be no /proc; the kernel's AT_EXECFN is the script where one was
 * started, and what glibc makes of argv[0] behind the loader; a file that is gone, or was never anywhere
 * (memfd_create), has a name with a mark behind it. */
#ifndef TM_PROGRAM_H
#define TM_PROGRAM_H

#include "lib/sys/base.h"
#include "snapshot/snapshot.h"

/* Once, at start: `address` is one in the executable as it is mapped. It takes a descriptor for a moment where
 * /proc/self/exe does not do. */
void program_find(uintptr_t address);

/* The absolute path; "" where nobody knows it. */
const char *program_path(void);

/* The path's last part, SNAPSHOT_NAME bytes; "(unknown)". */
const char *program_file(void);

/* The last part of the path that the program was called by, where that leads to the same file (redis-server is a link
 * to redis-check-rdb); else program_file. Of a script the kernel would name the script: it is the interpreter's name.
 */
const char *program_called(void);

#endif
