/* The completion for bash: what it offers for a line that is being typed. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "place.h"

/* The offers for these words, of which the last is unfinished, in one line each; the caller frees the outcome. */
static struct outcome offers(const char *words)
{
    char script[1024];
    snprintf(script, sizeof script,
             ". \"$1\"; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _trackmalloc \"$2\";"
             " printf '%%s\\n' \"${COMPREPLY[@]}\"",
             words);
    return run_program(
        ARGV("/bin/bash", "-c", script, "bash", CMDTEST_TOP "/src/cmd/trackmalloc.bash", built("trackmalloc")));
}

static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
        if ((at == text || at[-1] == '\n') && at[length] == '\n')
            return true;
    return false;
}

/* All of `yes`, separated by blanks, and none of `no`. */
static void assert_offers(const char *words, const char *yes, const char *no)
{
    struct outcome outcome = offers(words);
    char *wanted = strdup(yes), *unwanted = strdup(no), *rest;
    assert_string_equal(outcome.err, "");
    for (char *word = strtok_r(wanted, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        if (!has_line(outcome.out, word))
            fail_msg("%s: no %s in\n%s", words, word, outcome.out);
    for (char *word = strtok_r(unwanted, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        if (has_line(outcome.out, word))
            fail_msg("%s: %s in\n%s", words, word, outcome.out);
    free(wanted);
    free(unwanted);
    outcome_free(&outcome);
}

static void commands_are_offered_first(void **state)
{
    (void)state;
    assert_offers("trackmalloc ''", "run ps show save ctl --help --version", "PID");
    assert_offers("trackmalloc s", "show save", "run ps ctl");
    assert_offers("trackmalloc nonsense", "", "run ps");
}

static void options_are_those_of_the_command(void **state)
{
    (void)state;
    assert_offers("trackmalloc run -", "-q --quiet --only --interval -O --option", "--gc --flat");
    assert_offers("trackmalloc ps --", "--gc --flat --dir", "-g --quiet");
    assert_offers("trackmalloc nonsense -", "", "--help");
}

static void a_program_has_words_of_its_own(void **state)
{
    (void)state;
    assert_offers("trackmalloc run -q tru", "true", "");
    assert_offers("trackmalloc run -- tru", "true", "");
    assert_offers("trackmalloc run -i 5 tru", "true", "");
    assert_offers("trackmalloc run true -", "", "--quiet -q");
    assert_offers("trackmalloc run -d /et", "/etc", "");
}

static void processes_are_offered_where_one_is_meant(void **state)
{
    char self[16];
    char both[32];
    (void)state;
    snprintf(self, sizeof self, "%d", (int)getpid());
    snprintf(both, sizeof both, "%s 5000001", self);
    place_leave((struct place){(uint32_t)getpid(), place_started(getpid()), 1, 1, "suite"});
    place_leave((struct place){PLACE_NOBODY + 1, 1, 1, 1, "dead"});
    assert_offers("trackmalloc show ''", both, "PID");
    assert_offers("trackmalloc show -n 5 ''", both, "PID");
    assert_offers("trackmalloc ctl ''", self, "5000001");
    assert_offers("trackmalloc ps ''", "", both);
}

static void requests_follow_the_process(void **state)
{
    (void)state;
    assert_offers("trackmalloc ctl 1 ''", "report baseline pause resume set", "interval");
    assert_offers("trackmalloc ctl -d /tmp 1 re", "report resume", "pause");
    assert_offers("trackmalloc ctl 1 set ''", "interval final top leaks keep", "report");
    assert_offers("trackmalloc ctl 1 report ''", "", "interval report");
    assert_offers("trackmalloc ctl ''", "report baseline pause resume set", "interval");
    assert_offers("trackmalloc ctl set ''", "interval final top leaks keep", "report");
    assert_offers("trackmalloc ctl -d /tmp report ''", "", "interval report set");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_offered_first),     cmocka_unit_test(options_are_those_of_the_command),
        cmocka_unit_test(a_program_has_words_of_its_own), cmocka_unit_test(processes_are_offered_where_one_is_meant),
        cmocka_unit_test(requests_follow_the_process),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
