#include "glob.h"

/* Without recursion: on a mismatch, the last star takes one byte more. */
bool glob_match(const char *glob, size_t glob_length, const char *name, size_t name_length)
{
    const char *glob_end = glob + glob_length;
    const char *name_end = name + name_length;
    const char *star = NULL;
    const char *retry = NULL;
    while (name < name_end) {
        if (glob < glob_end && *glob == '*') {
            star = ++glob;
            retry = name;
        } else if (glob < glob_end && (*glob == '?' || *glob == *name)) {
            glob++;
            name++;
        } else if (star != NULL) {
            glob = star;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (glob < glob_end && *glob == '*')
        glob++;
    return glob == glob_end;
}
