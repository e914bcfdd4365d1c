/* Rules: what a call site, or a thread, is counted as by its name. Resolved once per object and site; an allocation
 * costs nothing more.
 *
 *     rule=PATTERN:TAG           several; the first that matches wins
 *         MODULE                 libssl*:tls                allocations of modules with that base name
 *         MODULE!FUNCTION        libxml2*!xmlParse*:parser  of these functions; as a report writes a call site
 *         !FUNCTION              !*Cache*:cache             in any module
 *         thread/THREAD          thread/io-*:network        of threads with that name
 *     skip=FUNCTION:FUNCTION     xmalloc:g_malloc*          also MODULE!FUNCTION: counted as its caller's
 *
 * Each NAME is a glob (glob.h). The tag is behind the last colon. A function's name is looked for in the object's
 * dynamic table and in the static one of its file; C++ names are there mangled (`*Parser*` does well enough). What a
 * compiler split from a function (xmalloc.part.0, xmalloc.cold) goes with it.
 *
 * `!` and no bare name, so that a function is never taken for a module; no parentheses, which a shell would want
 * quoted; and no base name holds a slash. */
#ifndef TM_RULE_H
#define TM_RULE_H

#include "lib/sys/base.h"

enum { RULES_MAX = 64, RULE_RANGES_MAX = 16384 };

/* ---- at start ---- */

void rule_clear(void); /* none, as before the first */

/* One rule more: PATTERN:TAG. False, and nothing has changed, when it is not written as above, is too long, holds
 * control characters, or there are RULES_MAX already. */
bool rule_add(const char *text, size_t length);

/* One or several functions to skip, separated by ':' or ','. False, and nothing has changed: as above. */
bool rule_skip(const char *text, size_t length);

/* ---- later ---- */

/* What must be asked at all. Any thread. */
bool rules_for_sites(void);
bool rules_skip(void);

struct rule_answer {
    const char *tag; /* by the first rule that matches; NULL: none does. Stays */
    bool skip;       /* its caller is to be counted instead */
};

/* What the rules say of a return address in an object (object.h); operator new is skipped without a rule for it, where
 * it is the object's own (operator_new.h). Under the accounting lock, in a thread of the program.
 *
 * The first time that it meets an object which a function pattern may concern, or an operator new of its own, it looks
 * through its symbols and opens its file, for which it takes a descriptor for a moment: 0.5 ms for libc, 20 ms for
 * libLLVM. Else it opens nothing. */
struct rule_answer rule_for_site(unsigned object, uintptr_t address);

/* The tag by the first thread rule that matches, or NULL. Any thread. */
const char *rule_for_thread(const char *name);

/* Functions that matched beyond RULE_RANGES_MAX: their sites are as if no rule matched. */
uint64_t rule_left_out(void);

#endif
