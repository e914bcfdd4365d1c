/* A file that is there whole or not at all: it is written under another name beside its own first. */
#ifndef TM_WHOLE_FILE_H
#define TM_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

/* Writes what the file is to hold. false: errno says why it could not. */
typedef bool whole_content(FILE *to, const void *from);

/* A file that is there already is replaced only where that is wanted, and nothing that is no regular file. Mode 0600:
 * it tells of a process's heap. A status; a line has said what went wrong, and then all is as it was before. */
int whole_file(const char *path, bool replace, whole_content *content, const void *from);

#endif
