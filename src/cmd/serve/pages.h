/* What `trackmalloc serve` answers: each page is one function, and all it knows is its request. */
#ifndef TM_PAGES_H
#define TM_PAGES_H

#include <stddef.h>

struct page_request {
    const char *directory; /* of the segments, or NULL */
    const char *path;
    const char *pid;    /* of the query, or NULL */
    const char *accept; /* the header, or NULL */
};

struct page {
    unsigned status; /* of HTTP */
    const char *type;
    char *body; /* the caller frees it */
    size_t length;
};

struct page page_answer(const struct page_request *request);

/* A few words, on a line. */
struct page page_error(unsigned status, const char *why);

#endif
