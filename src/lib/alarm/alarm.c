#include "alarm.h"

#include <string.h>

#include "lib/config/options.h"

/* ---- as written ---- */

bool alarm_is_good(const struct alarm_spec *spec)
{
    bool limits = spec->bytes > 0 && spec->bytes <= INT64_MAX && spec->within_ms <= UINT32_MAX;
    return limits && (spec->what != ALARM_LEVEL || (spec->until <= spec->bytes && spec->until > 0));
}

/* Seconds, minutes or hours. */
static bool parse_time(const char *text, size_t length, uint64_t *ms)
{
    uint64_t unit = 1000;
    if (length > 1 && (text[length - 1] == 's' || text[length - 1] == 'm' || text[length - 1] == 'h')) {
        unit = text[length - 1] == 's' ? 1000 : text[length - 1] == 'm' ? 60000 : 3600000;
        length--;
    }
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || number > UINT32_MAX)
            return false;
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *ms = number * unit;
    return length > 0 && number > 0;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && memcmp(text, word, length) == 0;
}

static bool parse_level(const char *text, size_t length, struct alarm_spec *spec)
{
    const char *end = memchr(text, '<', length);
    size_t begin = end != NULL ? (size_t)(end - text) : length;
    if (!options_bytes(text, begin, &spec->bytes))
        return false;
    spec->until = spec->bytes;
    return end == NULL || (spec->what == ALARM_LEVEL && options_bytes(end + 1, length - begin - 1, &spec->until));
}

static bool parse_change(const char *text, size_t length, struct alarm_spec *spec)
{
    const char *slash = memchr(text, '/', length);
    size_t size = slash != NULL ? (size_t)(slash - text) : length;
    return options_bytes(text, size, &spec->bytes) &&
           (slash == NULL || parse_time(slash + 1, length - size - 1, &spec->within_ms));
}

/* The last '>' or '+': a tag's name may have either. */
static size_t find_sign(const char *text, size_t length)
{
    while (length > 0 && text[length - 1] != '>' && text[length - 1] != '+')
        length--;
    return length;
}

bool alarm_parse(const char *text, size_t length, struct alarm_spec *spec)
{
    size_t behind = find_sign(text, length);
    if (behind < 2 || behind - 1 >= sizeof spec->name)
        return false;
    bool change = text[behind - 1] == '+';
    size_t name = behind - 1;
    *spec = (struct alarm_spec){.what = change ? ALARM_CHANGE : ALARM_LEVEL, .of = ALARM_OF_TAG};
    if (is_word(text, name, "process"))
        spec->of = ALARM_OF_PROCESS;
    else if (is_word(text, name, "block"))
        spec->what = ALARM_BLOCK;
    else
        memcpy(spec->name, text, name);
    if (change && spec->what == ALARM_BLOCK)
        return false;
    bool read =
        change ? parse_change(text + behind, length - behind, spec) : parse_level(text + behind, length - behind, spec);
    return read && alarm_is_good(spec);
}

static struct {
    unsigned count;
    struct alarm_spec spec[ALARM_OPTIONS];
} given;

void alarm_clear(void)
{
    given.count = 0;
}

bool alarm_add(const char *text, size_t length)
{
    if (given.count == ALARM_OPTIONS || !alarm_parse(text, length, &given.spec[given.count]))
        return false;
    given.count++;
    return true;
}

unsigned alarm_count(void)
{
    return given.count;
}

const struct alarm_spec *alarm_option(unsigned index)
{
    return &given.spec[index];
}

/* ---- values ---- */

static bool alarm_fires(struct alarm_state *state, uint64_t value, uint64_t now_ms, int64_t change,
                        struct alarm_event *event)
{
    *event = (struct alarm_event){.value = value, .change = change, .since_ms = now_ms - state->reported_ms};
    state->reported = value;
    state->reported_ms = now_ms;
    return true;
}

static bool look_level(const struct alarm_spec *spec, struct alarm_state *state, uint64_t value, uint64_t now_ms,
                       struct alarm_event *event)
{
    if (state->firing ? value >= spec->until : value < spec->bytes)
        return false;
    state->firing = !state->firing;
    alarm_fires(state, value, now_ms, (int64_t)(value - state->reported), event);
    event->over = !state->firing;
    return true;
}

static uint64_t slot_number(const struct alarm_spec *spec, uint64_t now_ms)
{
    uint64_t width = spec->within_ms / ALARM_SLOTS;
    return now_ms / (width != 0 ? width : 1);
}

static void see(struct alarm_state *state, uint64_t number, uint64_t value)
{
    struct alarm_slot *slot = &state->slot[number % ALARM_SLOTS];
    if (slot->number != number)
        *slot = (struct alarm_slot){number, value, value};
    slot->least = value < slot->least ? value : slot->least;
    slot->most = value > slot->most ? value : slot->most;
}

/* The greater of rise and fall since any moment of the window. */
static int64_t change_within(const struct alarm_state *state, uint64_t number, uint64_t value)
{
    uint64_t least = value;
    uint64_t most = value;
    for (unsigned i = 0; i < ALARM_SLOTS; i++) {
        const struct alarm_slot *slot = &state->slot[i];
        if (slot->number + ALARM_SLOTS <= number)
            continue;
        least = slot->least < least ? slot->least : least;
        most = slot->most > most ? slot->most : most;
    }
    return value - least >= most - value ? (int64_t)(value - least) : -(int64_t)(most - value);
}

/* From what was told on, all begins anew. */
static void forget(struct alarm_state *state, uint64_t number, uint64_t value)
{
    for (unsigned i = 0; i < ALARM_SLOTS; i++)
        state->slot[i] = (struct alarm_slot){number, value, value};
}

static bool look_change(const struct alarm_spec *spec, struct alarm_state *state, uint64_t value, uint64_t now_ms,
                        struct alarm_event *event)
{
    uint64_t number = slot_number(spec, now_ms);
    if (spec->within_ms != 0)
        see(state, number, value);
    int64_t change = spec->within_ms != 0 ? change_within(state, number, value) : (int64_t)(value - state->reported);
    if ((uint64_t)(change < 0 ? -change : change) < spec->bytes)
        return false;
    forget(state, number, value);
    return alarm_fires(state, value, now_ms, change, event);
}

void alarm_begin(const struct alarm_spec *spec, struct alarm_state *state, uint64_t value, uint64_t now_ms)
{
    state->seen = true;
    state->reported = value;
    state->reported_ms = now_ms;
    forget(state, slot_number(spec, now_ms), value);
}

bool alarm_look(const struct alarm_spec *spec, struct alarm_state *state, uint64_t value, uint64_t now_ms,
                struct alarm_event *event)
{
    if (!state->seen)
        alarm_begin(spec, state, value, now_ms);
    return spec->what == ALARM_LEVEL ? look_level(spec, state, value, now_ms, event)
                                     : look_change(spec, state, value, now_ms, event);
}
