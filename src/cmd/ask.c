#include "ask.h"

#include <stdlib.h>
#include <string.h>

unsigned ask_rows(struct argp_state *state, const char *argument)
{
    unsigned long rows = strspn(argument, "0123456789") == strlen(argument) ? strtoul(argument, NULL, 10) : 0;
    if (rows < 1 || rows > ASK_ROWS_MOST)
        argp_error(state, "--top: '%s' is no number from 1 to %d", argument, ASK_ROWS_MOST);
    return (unsigned)rows;
}

error_t ask_source(int key, char *argument, struct argp_state *state, struct ask_source *source)
{
    switch (key) {
    case 'd':
        source->directory = argument;
        return 0;
    case ARGP_KEY_ARG:
        if (source->which != NULL)
            argp_usage(state);
        source->which = argument;
        return 0;
    case ARGP_KEY_END:
        if (source->which == NULL)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
