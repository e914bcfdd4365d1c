#include "rule_pattern.h"

#include <string.h>

bool rule_text_is_readable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127)
            return false;
    return length > 0;
}

static bool contains(const char *text, size_t length, char c)
{
    return memchr(text, c, length) != NULL;
}

/* MODULE!FUNCTION, or a bare name of the kind that is given. */
static bool parse_place(struct rule *rule, const char *text, size_t length, enum rule_kind bare)
{
    const char *mark = memchr(text, '!', length);
    size_t module = mark != NULL ? (size_t)(mark - text) : 0;
    size_t name = mark != NULL ? module + 1 : 0;
    if (contains(text, length, '/') || name >= length)
        return false;
    rule->kind = mark != NULL ? RULE_FUNCTION : bare;
    struct rule_part part = {(uint8_t)name, (uint8_t)(length - name)};
    if (rule->kind == RULE_MODULE)
        rule->module = part;
    else
        rule->name = part;
    if (mark != NULL)
        rule->module = (struct rule_part){0, (uint8_t)module};
    return true;
}

bool rule_parse_pattern(struct rule *rule, const char *text, size_t length, enum rule_kind bare)
{
    static const char thread[] = "thread/";
    enum { THREAD = sizeof thread - 1 };
    *rule = (struct rule){.kind = bare};
    if (length >= RULE_PATTERN || !rule_text_is_readable(text, length))
        return false;
    memcpy(rule->pattern, text, length);
    if (bare == RULE_FUNCTION || length < THREAD || memcmp(text, thread, THREAD) != 0)
        return parse_place(rule, text, length, bare);
    rule->kind = RULE_THREAD;
    rule->name = (struct rule_part){THREAD, (uint8_t)(length - THREAD)};
    return length > THREAD;
}
