/* What another user is to run or load stands where he can reach it, also when the build folder is its owner's alone
 * (in root's home). */
#ifndef TM_TEST_FOR_ALL_H
#define TM_TEST_FOR_ALL_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies files of the build folder to the same places in another one, which is made. false: that failed. */
static inline bool copy_for_all(const char *build, const char *folder, const char *const *names)
{
    char command[16384];
    size_t length =
        (size_t)snprintf(command, sizeof command, "mkdir -p '%s' && cd '%s' && cp --parents", folder, build);
    for (; *names != NULL && length < sizeof command; names++)
        length += (size_t)snprintf(command + length, sizeof command - length, " '%s'", *names);
    if (length < sizeof command)
        length +=
            (size_t)snprintf(command + length, sizeof command - length, " '%s' && chmod -R a+rX '%s'", folder, folder);
    return length < sizeof command && system(command) == 0;
}

#endif
