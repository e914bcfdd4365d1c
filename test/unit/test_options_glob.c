/* Lists of globs, as in option `only`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/config/options.h"
#include "random.h"

static void patterns(void **state)
{
    (void)state;
    static const struct {
        const char *globs, *name;
        bool matches;
    } cases[] = {
        {"", "sh", false},
        {"sh", "sh", true},
        {"sh", "bash", false},
        {"sh", "sh2", false},
        {"*", "sh", true},
        {"*", "", true},
        {"?", "", false},
        {"??", "sh", true},
        {"?h", "sh", true},
        {"*sh", "bash", true},
        {"*sh", "ssh-agent", false},
        {"s*t", "ssh-agent", true},
        {"a:b", "b", true},
        {"a:b", "a:b", false},
        {"a:", "", false},
        {":", "", false},
        {"::sh", "sh", true},
        {"a:*", "sh", true},
        {"python*", "python3.11", true},
        {"*a*b*c*", "xxaxxbxxc", true},
        {"*a*b*c*", "xxaxxcxxb", false},
        {"*aab", "aaab", true},
        {"**", "x", true},
        {"*?", "", false},
        {"*?", "x", true},
        {"a*", "b", false},
        {"[ab]", "a", false},
        {"\\*", "*", false},
        {"SH", "sh", false},
        {"*.*", "a", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (options_glob(cases[i].globs, cases[i].name) != cases[i].matches)
            fail_msg("'%s' against '%s'", cases[i].globs, cases[i].name);
}

/* What the two characters mean, without any cleverness. */
static bool reference_glob(const char *glob, const char *name)
{
    if (*glob == '\0')
        return *name == '\0';
    if (*glob == '*')
        return reference_glob(glob + 1, name) || (*name != '\0' && reference_glob(glob, name + 1));
    return *name != '\0' && (*glob == '?' || *glob == *name) && reference_glob(glob + 1, name + 1);
}

static void random_word(uint64_t *seed, const char *letters, char word[9])
{
    size_t length = random_below(seed, 9);
    for (size_t i = 0; i < length; i++)
        word[i] = letters[random_below(seed, strlen(letters))];
    word[length] = '\0';
}

static void patterns_against_their_meaning(void **state)
{
    (void)state;
    uint64_t seed = 8;
    unsigned matches = 0;
    for (unsigned round = 0; round < 200000; round++) {
        char first[9], second[9], name[9], globs[20];
        random_word(&seed, "ab*?", first);
        random_word(&seed, "ab*?", second);
        random_word(&seed, "ab", name);
        snprintf(globs, sizeof globs, "%s:%s", first, second);
        bool expected =
            (*first != '\0' && reference_glob(first, name)) || (*second != '\0' && reference_glob(second, name));
        if (options_glob(globs, name) != expected)
            fail_msg("'%s' against '%s'", globs, name);
        matches += expected;
    }
    assert_in_range(matches, 1000, 199000);
}

static void a_pattern_of_many_stars_ends(void **state)
{
    (void)state;
    assert_false(
        options_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns),
        cmocka_unit_test(patterns_against_their_meaning),
        cmocka_unit_test(a_pattern_of_many_stars_ends),
    };
    return cmocka_run_group_tests_name("options_glob", tests, NULL, NULL);
}
