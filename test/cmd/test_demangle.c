/* Names as they were written in C++, Rust and D. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/symbols/demangle.h"

static void names_are_demangled(void **state)
{
    static const char *const names[][2] = {
        {"_ZN4shop5ShelfIdE5stockEi", "shop::Shelf<double>::stock(int)"},
        {"_ZNKSt6vectorIiSaIiEE4sizeEv", "std::vector<int, std::allocator<int> >::size() const"},
        {"_Z3addii.constprop.0", "add(int, int) [clone .constprop.0]"},
        {"_RNvC6_123foo3bar", "123foo::bar"},
        {"_RNvMs_NtCs1234_7mycrate3fooNtB4_3Bar3new", "<mycrate::foo::Bar>::new"},
        {"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE", "core::fmt::Formatter::pad"},
        {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
         "<Test + 'static as foo::Bar<Test>>::bar"},
        {"_D4shop5Shelf5stockMFiZv", "shop.Shelf.stock(int)"},
        {"_D4core4stdc5errnoQgFZi", "core.stdc.errno.errno()"},
        {"_Dmain", "D main"},
        {"_Dnone", NULL},
        {"main", NULL},
        {"_Z", NULL},
        {"_R", NULL},
        {"", NULL},
        {"_ZN4shop", NULL},
        {"?stock@Shelf@@QEAAXH@Z", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *name = demangle(names[i][0]);
        if (names[i][1] == NULL)
            assert_null(name);
        else if (name == NULL || strcmp(name, names[i][1]) != 0)
            fail_msg("%s is %s, not %s", names[i][0], name != NULL ? name : "nothing", names[i][1]);
        free(name);
    }
}

/* A name of a hundred bytes, each of whose parameters is two of what was said before: some 2^parameters ints. */
static char *doubled(unsigned parameters)
{
    static char name[1024];
    const char *digit = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    strcpy(name, "_Z1f1aIiiES_IS0_S0_E");
    for (unsigned i = 1; i < parameters; i++)
        snprintf(name + strlen(name), sizeof name - strlen(name), "S_IS%c_S%c_E", digit[i], digit[i]);
    return demangle(name);
}

/* The same in D: each parameter is a function of the one before, twice. */
static char *doubled_in_d(unsigned parameters)
{
    static char name[1024];
    strcpy(name, "_D1fFPFiiZi");
    for (unsigned i = 1; i < parameters; i++)
        strcat(name, i == 1 ? "PFQiQkZi" : "PFQkQmZi");
    strcat(name, "Zv");
    return demangle(name);
}

static void in_d_it_is_left_too(void **state)
{
    char *name = doubled_in_d(2);
    (void)state;
    assert_string_equal(name,
                        "f(int(int, int) function, int(int(int, int) function, int(int, int) function) function)");
    free(name);
    for (unsigned i = 0; i < 8; i++)
        assert_null(doubled_in_d(64));
    name = doubled_in_d(2);
    assert_non_null(name);
    free(name);
}

static void a_name_that_would_never_end_is_left(void **state)
{
    (void)state;
    char *name = doubled(2);
    assert_string_equal(name, "f(a<int, int>, a<a<int, int>, a<int, int> >, "
                              "a<a<a<int, int>, a<int, int> >, a<a<int, int>, a<int, int> > >)");
    free(name);
    assert_null(doubled(34));
    name = doubled(1); /* the next one is none the worse */
    assert_string_equal(name, "f(a<int, int>, a<a<int, int>, a<int, int> >)");
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_demangled),
        cmocka_unit_test(in_d_it_is_left_too),
        cmocka_unit_test(a_name_that_would_never_end_is_left),
    };
    return cmocka_run_group_tests(tests, harness_setup, harness_teardown);
}
