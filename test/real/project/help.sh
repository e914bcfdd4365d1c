# `make help` tells of every target that is for people, and every suite can be run by its name.
. "$PROJECT/assert.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL

make -s -C "$TOP" BUILD="$BUILD" help > help 2> log
assert "make help ends well: $(cat log)" [ -s help ]
make -s -C "$TOP" BUILD="$BUILD" -npq help 2> /dev/null | sed -n 's/^\.PHONY: //p' | tr ' ' '\n' | sort > targets

# What others ask for is built, set up, or a suite.
grep -Ev '^(setup-.*|.*-build|bench-programs|test-.*)$' targets > people
assert "there are such targets" [ "$(wc -l < people)" -gt 20 ]
for target in $(cat people); do
    assert "make help tells of $target" grep -q "^    make $target  *[^ ]" help
done
assert "make help tells of nothing else" [ "$(grep -c '^    make ' help)" = "$(wc -l < people)" ]

for suite in "$TOP"/test/*/test_*.c; do
    name=${suite##*/test_}
    assert "test-${name%.c} runs $suite" grep -qx "test-${name%.c}" targets
done
assert "no two suites have one name" [ -z "$(ls "$TOP"/test/*/test_*.c | sed 's|.*/||' | sort | uniq -d)" ]
