/* trackmalloc: what a program may ask of the library that it was preloaded with.
 *
 * A program includes this header and links with nothing. Preloaded, its calls reach the library; otherwise every
 * call is a no-op with the result that its description names. */
#ifndef TRACKMALLOC_H
#define TRACKMALLOC_H

#ifdef __cplusplus
extern "C" {
#endif

#define TRACKMALLOC_VERSION "0.1.0"

/* Writes a report (kind `request`) to an open descriptor, now, from this thread. It blocks for at most 0.2 s where
 * the descriptor is a pipe that nobody reads. Thread-safe; not from a signal handler.
 * Returns 0, or -1: the report was not written whole, or the process is not tracked. Without the library the
 * function's address is NULL; tm_report_now tells the two apart for you. */
int tm_report(int descriptor) __attribute__((weak));

/* tm_report where the library is there; else -1. */
static inline int tm_report_now(int descriptor)
{
    return tm_report ? tm_report(descriptor) : -1;
}

#ifdef __cplusplus
}
#endif

#endif
