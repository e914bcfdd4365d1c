#include "filter.h"

#include <string.h>

#include "kernel_text.h"

enum { STATUS_BYTES = 4096, UNKNOWN = 0 };

/* The number behind a name at the beginning of a line. */
static uint64_t number_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at != NULL ? kernel_text_number(at + strlen(name)) : UNKNOWN;
}

/* Linux 5.9 and later say how many there are. */
static uint64_t filters_of(const char *path, uint64_t *pid)
{
    char text[STATUS_BYTES];
    kernel_text_read(path, text, sizeof text);
    *pid = number_of(text, "\nPid:");
    return number_of(text, "\nSeccomp_filters:");
}

bool filter_is_of_container(void)
{
    uint64_t pid, first;
    uint64_t own = filters_of("/proc/self/status", &pid);
    return own != UNKNOWN && pid > 1 && own == filters_of("/proc/1/status", &first);
}
