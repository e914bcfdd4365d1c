#include "rule.h"

#include <string.h>
#include <sys/mman.h>

#include "lib/config/full.h"
#include "lib/config/glob.h"
#include "lib/objects/module.h"
#include "lib/objects/object.h"
#include "lib/objects/symtab.h"
#include "lib/sys/sys.h"
#include "operator_new.h"
#include "rule_pattern.h"
#include "snapshot/snapshot.h"

enum { NAMES_BYTES_MOST = 256 * 1024 * 1024, NAME_BYTES_MOST = 4096 };

/* Rules of one purpose; a set of them is a word of bits. */
struct rule_list {
    unsigned count;
    struct rule *rule; /* RULES_MAX of them */
};

_Static_assert(RULES_MAX == 64, "a bit for each");

/* A function that a rule's pattern matched. */
struct range {
    uint32_t begin, bytes; /* from the object's begin */
    uint16_t object;
    uint8_t rule;
    bool skip;
};

static SPARSE struct rule tag_rules[RULES_MAX];
static SPARSE struct rule skip_rules[RULES_MAX];
static struct rule_list tags = {0, tag_rules};
static struct rule_list skips = {0, skip_rules};

static struct {
    bool resolved[OBJECTS_MAX];
    bool new_asked[OBJECTS_MAX];  /* whether it exports an operator new */
    bool new_within[OBJECTS_MAX]; /* a C++ library may be within it */
    bool new_known[OBJECTS_MAX];  /* it has one, whose forms are all among the ranges */
    unsigned ranges;
    uint64_t left_out;
    struct range range[RULE_RANGES_MAX];
    struct symtab table; /* too large for a stack */
} rules SPARSE;

/* ---- reading them ---- */

bool rule_add(const char *text, size_t length)
{
    struct rule_list *list = &tags;
    const char *colon = memrchr(text, ':', length);
    if (colon == NULL || list->count == RULES_MAX)
        return false;
    struct rule *rule = &list->rule[list->count];
    size_t pattern = (size_t)(colon - text);
    size_t tag = length - pattern - 1;
    if (tag >= sizeof rule->tag || !rule_text_is_readable(colon + 1, tag) ||
        !rule_parse_pattern(rule, text, pattern, RULE_MODULE))
        return false;
    memcpy(rule->tag, colon + 1, tag);
    list->count++;
    return true;
}

bool rule_skip(const char *text, size_t length)
{
    struct rule_list *list = &skips;
    unsigned count = list->count;
    for (size_t at = 0; at <= length;) {
        size_t end = at;
        while (end < length && text[end] != ':' && text[end] != ',')
            end++;
        if (count == RULES_MAX || !rule_parse_pattern(&list->rule[count], text + at, end - at, RULE_FUNCTION))
            return false;
        count++;
        at = end + 1;
    }
    list->count = count;
    return true;
}

void rule_clear(void)
{
    if (tags.count + skips.count + rules.ranges == 0)
        return; /* as at start: touches nothing */
    tags.count = skips.count = 0;
    memset(rules.resolved, 0, sizeof rules.resolved);
    memset(rules.new_asked, 0, sizeof rules.new_asked); /* new_within with it */
    memset(rules.new_known, 0, sizeof rules.new_known);
    rules.ranges = 0;
    rules.left_out = 0;
}

static bool any_for_sites(const struct rule_list *list)
{
    for (unsigned i = 0; i < list->count; i++)
        if (list->rule[i].kind != RULE_THREAD)
            return true;
    return false;
}

bool rules_for_sites(void)
{
    return rules_skip() || any_for_sites(&tags);
}

bool rules_skip(void)
{
    return skips.count > 0;
}

uint64_t rule_left_out(void)
{
    return rules.left_out;
}

/* ---- matching names ---- */

static bool matches(const struct rule *rule, struct rule_part part, const char *name, size_t length)
{
    return part.length == 0 || glob_match(rule->pattern + part.at, part.length, name, length);
}

const char *rule_for_thread(const char *name)
{
    for (unsigned i = 0; i < tags.count; i++) {
        const struct rule *rule = &tags.rule[i];
        if (rule->kind == RULE_THREAD && matches(rule, rule->name, name, strlen(name)))
            return rule->tag;
    }
    return NULL;
}

/* The rules of a kind whose module pattern an object's name matches. */
static uint64_t rules_of(const struct rule_list *list, enum rule_kind kind, const char *module)
{
    uint64_t set = 0;
    size_t length = strlen(module);
    for (unsigned i = 0; i < list->count; i++)
        if (list->rule[i].kind == kind && matches(&list->rule[i], list->rule[i].module, module, length))
            set |= (uint64_t)1 << i;
    return set;
}

static size_t length_until(const char *name, size_t most, char end)
{
    size_t length = 0;
    while (length < most && name[length] != '\0' && name[length] != end)
        length++;
    return length;
}

/* The first rule of a set that a function's name matches, or -1. What the compiler split from a function has its name
 * and a dot: no name in C or C++ holds one. */
static int first_match(const struct rule_list *list, uint64_t set, const char *name)
{
    size_t length = length_until(name, NAME_BYTES_MOST, '@');
    size_t stem = length_until(name, length, '.');
    if (length == 0)
        return -1;
    for (; set != 0; set &= set - 1) {
        int i = __builtin_ctzll(set);
        const struct rule *rule = &list->rule[i];
        if (matches(rule, rule->name, name, length) ||
            (stem > 0 && stem < length && matches(rule, rule->name, name, stem)))
            return i;
    }
    return -1;
}

/* ---- the functions of an object ---- */

/* What is asked of one object. */
struct inquiry {
    const struct object *object;
    uint16_t number;
    uint64_t tags, skips; /* the rules that may concern it */
    bool news;            /* the forms of operator new */
};

static void keep_range(const struct inquiry *inquiry, const struct symbol *symbol, int rule, bool skip)
{
    const struct object *object = inquiry->object;
    uint64_t begin = symbol->value + object->bias - object->begin;
    if (rule < 0 || begin >= object->end - object->begin || begin > UINT32_MAX || symbol->bytes > UINT32_MAX)
        return;
    if (rules.ranges == RULE_RANGES_MAX) {
        rules.left_out++;
        full_record(FULL_FUNCTIONS);
        return;
    }
    rules.range[rules.ranges++] =
        (struct range){(uint32_t)begin, (uint32_t)symbol->bytes, inquiry->number, (uint8_t)rule, skip};
}

/* Names are in no order: they are read all at once. They end in a zero, whatever the object says. */
static char *read_symbol_names(const struct symtab *table)
{
    if (table->names_bytes > NAMES_BYTES_MOST) {
        full_record(FULL_FUNCTIONS);
        return NULL;
    }
    char *names = sys_memory(table->names_bytes + 1);
    if (names != NULL)
        image_read(&table->image, table->names, names, table->names_bytes);
    return names;
}

static void search(const struct inquiry *inquiry, struct symtab *table)
{
    char *names = read_symbol_names(table);
    if (names == NULL)
        return;
    struct symbol symbol;
    while (symtab_next(table, &symbol)) {
        if (symbol.bytes == 0)
            continue; /* nobody knows where it ends */
        const char *name = names + symbol.name;
        keep_range(inquiry, &symbol, first_match(&tags, inquiry->tags, name), false);
        keep_range(inquiry, &symbol, first_match(&skips, inquiry->skips, name), true);
        if (inquiry->news && operator_new_is_name(name))
            keep_range(inquiry, &symbol, 0, true);
    }
    sys2(SYS_munmap, names, table->names_bytes + 1);
}

/* The static table holds the dynamic one's functions too, unless someone has stripped it in part. */
static void resolve(const struct inquiry *inquiry)
{
    const struct object *object = inquiry->object;
    struct image image = object_image(object);
    struct image file;
    bool opened = object_open(object, &file);
    if (symtab_dynamic(&rules.table, &image, object->dynamic) ||
        (opened && symtab_section(&rules.table, &file, SHT_DYNSYM)))
        search(inquiry, &rules.table);
    if (opened && symtab_section(&rules.table, &file, SHT_SYMTAB))
        search(inquiry, &rules.table);
    if (opened)
        image_close(&file);
}

static void resolve_once(unsigned number, const struct object *object)
{
    if (rules.resolved[number])
        return;
    rules.resolved[number] = true;
    struct inquiry inquiry = {object, (uint16_t)number, rules_of(&tags, RULE_FUNCTION, object->name),
                              rules_of(&skips, RULE_FUNCTION, object->name), false};
    if ((inquiry.tags | inquiry.skips) != 0)
        resolve(&inquiry);
}

/* ---- operator new ---- */

static void resolve_new(unsigned number, const struct object *object)
{
    if (rules.new_known[number])
        return;
    rules.new_known[number] = true;
    resolve(&(struct inquiry){object, (uint16_t)number, 0, 0, true});
}

static bool exports_new(const struct object *object)
{
    return module_defines(object->dynamic, object->bias, "_Znwm") ||
           module_defines(object->dynamic, object->bias, "_Znam");
}

/* Whether a C++ library is within it: it raises exceptions by itself, by the unwinder of libgcc_s or its own. Where
 * there is none, code that looks like operator new is something else (Python's and liblzma's allocators retry as well).
 */
static bool has_cxx_within(const struct object *object)
{
    static const char *const asked[] = {"_Unwind_RaiseException", "_dl_find_object", "dl_iterate_phdr"};
    for (size_t i = 0; i < ARRAY_LENGTH(asked); i++)
        if (module_imports(object->dynamic, object->bias, asked[i]))
            return true;
    return false;
}

static void ask_once(unsigned number, const struct object *object)
{
    if (rules.new_asked[number])
        return;
    rules.new_asked[number] = true;
    rules.new_within[number] = has_cxx_within(object);
    if (exports_new(object))
        resolve_new(number, object);
}

/* What is exported has a name; what is not is known by its code, and then has the names of its other forms in the
 * file. What has no name there either is this one call. */
static void resolve_new_once(unsigned number, const struct object *object, uintptr_t address)
{
    struct image image = object_image(object);
    ask_once(number, object);
    if (!rules.new_within[number] || !operator_new_is_code(&image, address))
        return;
    resolve_new(number, object);
    struct symbol call = {address - 1 - object->bias, 1, 0};
    keep_range(&(struct inquiry){object, (uint16_t)number, 0, 0, true}, &call, 0, true);
}

/* ---- sites ---- */

/* By the rules that name the function; `tag` is the place of the first, or RULES_MAX. */
static struct rule_answer by_function(unsigned number, uintptr_t offset, unsigned *tag)
{
    struct rule_answer answer = {NULL, false};
    *tag = RULES_MAX;
    for (unsigned i = 0; i < rules.ranges; i++) {
        const struct range *range = &rules.range[i];
        if (range->object != number || offset < range->begin || offset - range->begin >= range->bytes)
            continue;
        if (range->skip)
            answer.skip = true;
        else if (range->rule < *tag)
            *tag = range->rule;
    }
    return answer;
}

struct rule_answer rule_for_site(unsigned number, uintptr_t address)
{
    const struct object *object = object_get(number);
    if (number >= OBJECTS_MAX)
        return (struct rule_answer){NULL, false};
    if (object->end != 0) {
        if (rules_for_sites())
            resolve_once(number, object);
        resolve_new_once(number, object, address);
    }
    unsigned tag;
    /* The byte before: the call may be the last of its function. */
    struct rule_answer answer = by_function(number, address - 1 - object->begin, &tag);
    uint64_t modules = rules_of(&tags, RULE_MODULE, object->name);
    unsigned first = modules != 0 ? (unsigned)__builtin_ctzll(modules) : RULES_MAX;
    if (first < tag)
        tag = first;
    if (tag < RULES_MAX)
        answer.tag = tags.rule[tag].tag;
    return answer;
}
