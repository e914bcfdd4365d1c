#include "maps.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/sys/sys.h"

enum { MAPS_BYTES = 8192 }; /* a line with the longest path */

static SPARSE char text[MAPS_BYTES];

static const char *hexadecimal(const char *digits, uintptr_t *number)
{
    *number = 0;
    for (;; digits++) {
        char digit = *digits;
        if (digit >= '0' && digit <= '9')
            *number = *number << 4 | (uintptr_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            *number = *number << 4 | (uintptr_t)(digit - 'a' + 10);
        else
            return digits;
    }
}

/* BEGIN-END PERMISSIONS OFFSET DEVICE INODE    PATH */
static bool line_holds(const char *line, uintptr_t address)
{
    uintptr_t begin;
    uintptr_t end;
    const char *dash = hexadecimal(line, &begin);
    if (*dash != '-')
        return false;
    hexadecimal(dash + 1, &end);
    return address >= begin && address < end;
}

/* Of the first whole lines among `length` bytes; *done: how many bytes those are. NULL: it is not among them. */
static const char *find_line(size_t length, uintptr_t address, size_t *done)
{
    char *end;
    *done = 0;
    while ((end = memchr(text + *done, '\n', length - *done)) != NULL) {
        const char *line = text + *done;
        *end = '\0';
        *done = (size_t)(end + 1 - text);
        if (line_holds(line, address))
            return line;
    }
    return NULL;
}

static const char *read_line(long maps, uintptr_t address)
{
    const char *line = NULL;
    size_t left = 0;
    while (line == NULL && left < MAPS_BYTES) {
        size_t done;
        long bytes = sys3(SYS_read, maps, text + left, MAPS_BYTES - left);
        if (bytes <= 0)
            break;
        left += (size_t)bytes;
        line = find_line(left, address, &done);
        if (line == NULL)
            memmove(text, text + done, left -= done);
    }
    return line;
}

bool maps_path(uintptr_t address, char *path, size_t space)
{
    long maps = sys3(SYS_open, "/proc/thread-self/maps", O_RDONLY | O_CLOEXEC, 0);
    if (maps < 0)
        return false;
    const char *line = read_line(maps, address);
    sys1(SYS_close, maps);
    const char *slash = line != NULL ? strchr(line, '/') : NULL;
    if (slash == NULL || strlen(slash) >= space)
        return false;
    memcpy(path, slash, strlen(slash) + 1);
    maps_unmark(path);
    return true;
}

void maps_unmark(char *path)
{
    static const char mark[] = " (deleted)";
    struct stat file = {0};
    size_t length = strlen(path);
    size_t most = sizeof mark - 1;
    if (length > most && strcmp(path + length - most, mark) == 0 && sys2(SYS_stat, path, &file) != 0)
        path[length - most] = '\0';
}
