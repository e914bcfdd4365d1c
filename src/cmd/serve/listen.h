/* Where a server listens, and by which names it may be called there. */
#ifndef TM_LISTEN_H
#define TM_LISTEN_H

#include <stdbool.h>

struct listening {
    int socket;
    bool loopback; /* only this machine reaches it */
    char url[128]; /* http://127.0.0.1:9787, with the port that it got */
};

/* ADDRESS:PORT, [ADDRESS]:PORT, or PORT alone, which is on 127.0.0.1; port 0 is any that is free.
 * false: a line has said why. */
bool listen_at(const char *where, struct listening *listening);

/* Whether a request's Host is this machine as it calls itself: a page from elsewhere whose name was made to lead here
 * (DNS rebinding) comes with that name. */
bool listen_is_local(const char *host);

#endif
