#include "full.h"

#include "log.h"

uint32_t full_pending;
uint32_t full_logged;

static const char *const texts[FULL_TABLES] = {
    [FULL_SITES] = "call sites: further ones are counted by their tags alone",
    [FULL_CONTEXTS] = "call sites by tag and size: further ones are counted by tag and size alone",
    [FULL_OBJECTS] = "loaded objects: call sites in further ones are counted by their tags alone",
    [FULL_FUNCTIONS] = "functions that rules match: further ones are counted as if none did",
    [FULL_STACKS] = "stacks: further ones are counted as one, (truncated)",
    [FULL_SLABS] =
        ("counters of single threads, for an address space that is limited: further threads share, are slower, "
         "and in no scope"),
};

void full_log(void)
{
    uint32_t noted = word_read(&full_pending);
    uint32_t news = noted & ~__atomic_fetch_or(&full_logged, noted, __ATOMIC_RELAXED);
    for (; news != 0; news &= news - 1) {
        struct log_line line;
        log_begin(&line);
        log_text(&line, "full: ");
        log_text(&line, texts[__builtin_ctz(news)]);
        log_text(&line, " (told once)");
        log_say(&line);
    }
}
