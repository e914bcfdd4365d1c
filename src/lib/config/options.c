#include "options.h"

#include <string.h>

#include "glob.h"
#include "snapshot/writer.h"

enum kind { KIND_SECONDS, KIND_NUMBER, KIND_CHOICE, KIND_TEXT, KIND_PERIOD, KIND_LIST };

struct option {
    const char *name;
    enum kind kind;
    enum { FIXED, CHANGEABLE } change; /* while the program runs: only one whose value is read anew each time */
    const char *standard;              /* the default, as a user would write it */
    const char *allowed;               /* as the complaint and the manual say it; the words of a choice, in order */
    const char *help;
    size_t field;
    uint64_t least, most;
};

#define FIELD(name) offsetof(struct options, name)

static const struct option table[] = {
    {"interval", KIND_SECONDS, CHANGEABLE, "5", "0.1 to 86400, or 0: none", "seconds from one report to the next",
     FIELD(interval_ms), 100, 86400000},
    {"output", KIND_TEXT, FIXED, "stderr", "stderr, none, or a path",
     "where reports go; %p is the process id, %n its name", FIELD(output), 1, OPTION_TEXT - 1},
    {"final", KIND_CHOICE, CHANGEABLE, "on", "off|on", "one more report when the program exits", FIELD(final), 0, 0},
    {"only", KIND_TEXT, FIXED, "", "globs, separated by ':'", "track only programs whose file name matches",
     FIELD(only), 0, OPTION_TEXT - 1},
    {"top", KIND_NUMBER, CHANGEABLE, "20", "1 to 4096", "rows in a table", FIELD(top), 1, 4096},
    {"tags", KIND_CHOICE, FIXED, "module", "module|thread|none", "what tags a block by itself", FIELD(tags), 0, 0},
    {"callers", KIND_CHOICE, FIXED, "on", "off|on", "tell call sites apart", FIELD(callers), 0, 0},
    {"stacks", KIND_PERIOD, FIXED, "off", "off, all, or 1KiB to 1GiB",
     "whose stacks are taken: one block in so many bytes", FIELD(stacks), 1 << 10, 1 << 30},
    {.name = "skip",
     .kind = KIND_LIST,
     .standard = "",
     .allowed = "[MODULE!]FUNCTION, as globs; 64 at most",
     .help = "wrappers: their callers are counted instead; may be several"},
    {.name = "rule",
     .kind = KIND_LIST,
     .standard = "",
     .allowed = "MODULE:TAG, [MODULE]!FUNCTION:TAG or thread/NAME:TAG, as globs; 64 at most",
     .help = "what else tags a block; may be given several times"},
    {.name = "alarm",
     .kind = KIND_LIST,
     .standard = "",
     .allowed = "TAG>SIZE[<SIZE], TAG+SIZE[/TIME] or block>SIZE; TAG: or process; 16 at most",
     .help = "what is worth a report at once; may be given several times"},
    {.name = "features",
     .kind = KIND_LIST,
     .standard = "",
     .allowed = "date, threads, counts, changes, blocks, malloc_info, malloc_stats, mallinfo, vm or all; -NAME: off",
     .help = "what is told, one by one; may be several"},
    {"leaks", KIND_CHOICE, CHANGEABLE, "off", "off|on", "the exit report lists what is still allocated", FIELD(leaks),
     0, 0},
    {"segment", KIND_CHOICE, FIXED, "auto", "off|auto|on",
     "a file that the command `trackmalloc` reads, also after death", FIELD(segment), 0, 0},
    {"dir", KIND_TEXT, FIXED, "", "an absolute path", "where that file is; else the runtime directory or /dev/shm",
     FIELD(dir), 0, OPTION_TEXT - 1},
    {"keep", KIND_CHOICE, CHANGEABLE, "off", "off|on", "that file stays when the program exits by itself", FIELD(keep),
     0, 0},
    {"filter", KIND_CHOICE, FIXED, "auto", "careful|trusted|auto",
     "whether a seccomp filter from before the start is feared", FIELD(filter), 0, 0},
    {"help", KIND_CHOICE, FIXED, "off", "off|on", "print this list at start", FIELD(help), 0, 0},
};

struct options options;

/* Who takes the values of a list, by its place in the table. */
static struct options_list lists[ARRAY_LENGTH(table)];

/* ---- help ---- */

static void put_padded(struct writer *text, const char *string, size_t width)
{
    const size_t length = strlen(string);
    writer_text(text, string);
    writer_fill(text, ' ', length < width ? width - length : 0);
}

size_t options_help(char *out, size_t capacity)
{
    struct writer text = {out, capacity, 0};
    writer_text(&text, "TRACKMALLOC_OPTIONS=\"name=value,name=value\"\n");
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        writer_text(&text, "  ");
        put_padded(&text, table[i].name, 10);
        put_padded(&text, table[i].help, 62);
        writer_text(&text, table[i].allowed);
        if (table[i].standard[0] != '\0') {
            writer_text(&text, " (default ");
            writer_text(&text, table[i].standard);
            writer_text(&text, ")");
        }
        writer_text(&text, "\n");
    }
    return text.length;
}

/* ---- the table ---- */

static const struct option *option_find(const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
        if (strlen(table[i].name) == length && memcmp(table[i].name, name, length) == 0)
            return &table[i];
    return NULL;
}

void options_register(const char *name, struct options_list list)
{
    lists[option_find(name, strlen(name)) - table] = list;
}

static bool add_to_list(const struct option *option, const char *value, size_t length)
{
    const struct options_list *list = &lists[option - table];
    return list->add != NULL && list->add(value, length);
}

/* ---- values ---- */

/* Thousandths, exactly: "2", "0.25". A fourth decimal is too fine to mean anything here. */
static bool parse_thousandths(const char *value, size_t length, uint64_t *thousandths)
{
    uint64_t number = 0;
    unsigned decimals = 0;
    bool point = false;
    bool digit = false;
    for (size_t i = 0; i < length; i++) {
        if (value[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (value[i] < '0' || value[i] > '9' || number > UINT64_MAX / 100000 || (point && ++decimals > 3))
            return false;
        number = number * 10 + (uint64_t)(value[i] - '0');
        digit = true;
    }
    for (; decimals < 3; decimals++)
        number *= 10;
    *thousandths = number;
    return digit;
}

static bool parse_number(const struct option *option, const char *value, size_t length, uint64_t *number)
{
    if (!parse_thousandths(value, length, number))
        return false;
    if (option->kind == KIND_NUMBER) {
        if (*number % 1000 != 0)
            return false;
        *number /= 1000;
    }
    bool none = option->kind == KIND_SECONDS && *number == 0;
    return none || (*number >= option->least && *number <= option->most);
}

/* The place of a word among "one|two|three". */
static bool parse_choice(const char *words, const char *value, size_t length, uint64_t *place)
{
    for (*place = 0;; ++*place) {
        size_t word = strcspn(words, "|");
        if (word == length && memcmp(words, value, length) == 0)
            return true;
        if (words[word] == '\0')
            return false;
        words += word + 1;
    }
}

/* By how many bits a unit shifts: "", "B", "K", "KiB" and so on; -1: it is none. */
static int parse_unit(const char *unit, size_t length)
{
    static const char units[] = "KMG";
    if (length == 0 || (length == 1 && *unit == 'B'))
        return 0;
    const char *known = memchr(units, *unit, sizeof units - 1);
    bool whole = length == 1 || (length == 3 && memcmp(unit + 1, "iB", 2) == 0);
    return known != NULL && whole ? 10 * (int)(known - units + 1) : -1;
}

bool options_bytes(const char *value, size_t length, uint64_t *bytes)
{
    size_t digits = 0;
    while (digits < length && (value[digits] == '.' || (value[digits] >= '0' && value[digits] <= '9')))
        digits++;
    int shift = parse_unit(value + digits, length - digits);
    if (shift < 0 || !parse_thousandths(value, digits, bytes) || *bytes > (uint64_t)1000 << (40 - shift))
        return false;
    *bytes = (*bytes << shift) / 1000;
    return true;
}

static bool parse_period(const struct option *option, const char *value, size_t length, uint64_t *period)
{
    if (parse_choice("off|all", value, length, period))
        return true;
    return options_bytes(value, length, period) && *period >= option->least && *period <= option->most;
}

static bool option_set(const struct option *option, const char *value, size_t length)
{
    void *field = (char *)&options + option->field;
    uint64_t number;
    switch (option->kind) {
    case KIND_TEXT:
        if (length < option->least || length > option->most)
            return false;
        memcpy(field, value, length);
        ((char *)field)[length] = '\0';
        return true;
    case KIND_LIST:
        return add_to_list(option, value, length);
    case KIND_PERIOD:
        if (!parse_period(option, value, length, &number))
            return false;
        break;
    case KIND_CHOICE:
        if (!parse_choice(option->allowed, value, length, &number))
            return false;
        break;
    default:
        if (!parse_number(option, value, length, &number))
            return false;
    }
    memcpy(field, &number, sizeof number);
    return true;
}

static void set_standard(const struct option *option)
{
    if (option->kind != KIND_LIST)
        option_set(option, option->standard, strlen(option->standard));
}

/* ---- the whole text ---- */

typedef void complain_function(const char *line, size_t length);

static void name_option(struct writer *out, const char *name, size_t length)
{
    enum { NAME_MOST = 64 };
    writer_text(out, "option '");
    writer_bytes(out, name, length < NAME_MOST ? length : NAME_MOST);
    writer_text(out, "'");
}

static void complain_of_option(complain_function *complain, const char *name, size_t length)
{
    char line[512];
    struct writer text = {line, sizeof line, 0};
    writer_text(&text, "unknown ");
    name_option(&text, name, length);
    writer_text(&text, "; there are:");
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++) {
        writer_text(&text, i == 0 ? " " : ", ");
        writer_text(&text, table[i].name);
    }
    complain(line, writer_kept(&text));
}

static void complain_of_value(complain_function *complain, const struct option *option, const char *value,
                              size_t length)
{
    enum { VALUE_MOST = 128 };
    char line[512];
    struct writer text = {line, sizeof line, 0};
    writer_text(&text, "invalid value '");
    writer_bytes(&text, value, length < VALUE_MOST ? length : VALUE_MOST);
    writer_text(&text, "' for ");
    name_option(&text, option->name, strlen(option->name));
    writer_text(&text, " (allowed: ");
    writer_text(&text, option->allowed);
    writer_text(&text, option->kind == KIND_LIST ? "); it is left out" : "); it stays ");
    if (option->kind != KIND_LIST)
        writer_text(&text, option->standard[0] != '\0' ? option->standard : "empty");
    complain(line, writer_kept(&text));
}

/* NAME=VALUE, or one value more of the list before it. Returns the list that the next value may belong to, or NULL. */
static const struct option *read_one(const char *text, size_t length, const struct option *list,
                                     complain_function *complain)
{
    const char *equals = memchr(text, '=', length);
    if (equals == NULL && list != NULL) {
        if (!option_set(list, text, length))
            complain_of_value(complain, list, text, length);
        return list;
    }
    size_t name = equals != NULL ? (size_t)(equals - text) : length;
    const char *value = equals != NULL ? equals + 1 : text + length;
    size_t value_length = length - (size_t)(value - text);
    const struct option *option = option_find(text, name);
    if (option == NULL) {
        complain_of_option(complain, text, name);
    } else if (!option_set(option, value, value_length)) {
        complain_of_value(complain, option, value, value_length);
        set_standard(option);
    }
    return option != NULL && option->kind == KIND_LIST ? option : NULL;
}

void options_read(const char *text, complain_function *complain)
{
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
        if (lists[i].clear != NULL)
            lists[i].clear();
    for (size_t i = 0; i < ARRAY_LENGTH(table); i++)
        set_standard(&table[i]);
    const struct option *list = NULL;
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        if (length > 0)
            list = read_one(text, length, list, complain);
        text += length + (text[length] == ',');
    }
}

/* ---- while the program runs ---- */

enum options_change options_change(const char *name, const char *value)
{
    const struct option *option = option_find(name, strlen(name));
    if (option == NULL)
        return OPTIONS_UNKNOWN;
    if (option->change == FIXED)
        return OPTIONS_FIXED;
    return option_set(option, value, strlen(value)) ? OPTIONS_CHANGED : OPTIONS_NOT_ALLOWED;
}

/* ---- globs ---- */

bool options_glob(const char *globs, const char *name)
{
    for (;;) {
        size_t length = strcspn(globs, ":");
        if (length > 0 && glob_match(globs, length, name, strlen(name)))
            return true;
        if (globs[length] == '\0')
            return false;
        globs += length + 1;
    }
}
