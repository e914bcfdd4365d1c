#include "whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diagnostics.h"

/* On the disk before it has its name: after a crash of the machine there is the old file or the new one. */
static bool write_through(FILE *to, whole_content *content, const void *from)
{
    return content(to, from) && fflush(to) == 0 && fsync(fileno(to)) == 0;
}

/* Gives the file its name, and takes it from another only where that is wanted. */
static bool rename_to(const char *temporary, const char *path, bool replace)
{
    if (replace)
        return rename(temporary, path) == 0;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL) /* else its file system knows no such thing */
        return false;
    errno = EEXIST;
    return access(path, F_OK) != 0 && rename(temporary, path) == 0;
}

int whole_file(const char *path, bool replace, whole_content *content, const void *from)
{
    struct stat there;
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return report_error("cannot write %s: it exists and is no regular file", path);
    char *temporary = xasprintf("%s.XXXXXX", path);
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    bool good = file != NULL && write_through(file, content, from) && rename_to(temporary, path, replace);
    int status = STATUS_OK;
    if (!good)
        status = report_error("cannot write %s: %s", path,
                              errno == EEXIST ? "it exists already; --force overwrites it" : strerror(errno));
    if (!good && descriptor >= 0)
        unlink(temporary);
    if (file != NULL)
        fclose(file);
    free(temporary);
    return status;
}
