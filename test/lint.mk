# make lint: the form (.clang-format), what clang-tidy finds (.clang-tidy), what cppcheck finds, and whether the folders of
# src/lib keep their order (test/rooms). All are run, also when one complains. `make format` gives the files the form.

LINT_FORMAT   := $(shell find src include test -name '*.[ch]' | LC_ALL=C sort)
LINT_SOURCES  := $(shell find src -name '*.c' | LC_ALL=C sort)

# constParameter: takes what inline assembly and __atomic builtins write for something that is only read.
# unreadVariable: does not see who reads an option's field by its offset; gcc tells the plain cases.
LINT_CPPCHECK := --quiet --error-exitcode=1 --enable=warning,performance,portability,style --inline-suppr \
                 --suppress=constParameter --suppress=unreadVariable \
                 --language=c --std=c11 -D__x86_64__ -D__linux__ -D__GNUC__=12

.PHONY: lint format
lint: $(CMD_PROFILE).c ## clang-format, clang-tidy, cppcheck, and the order of the folders of src/lib
	@status=0; \
	echo "== clang-format"; clang-format --dry-run -Werror $(LINT_FORMAT) || status=1; \
	echo "== clang-tidy"; printf '%s\n' $(LINT_SOURCES) | \
	    xargs -P "$$(nproc)" -I FILE clang-tidy --quiet FILE -- $(CPPFLAGS) -I$(BUILD)/cmd $(STD) $(WARN) || status=1; \
	echo "== rooms"; test/rooms || status=1; \
	echo "== cppcheck"; cppcheck $(LINT_CPPCHECK) $(CPPFLAGS) $(filter -D%,$(STD)) src include || status=1; \
	exit $$status

format: ## gives the sources the form of .clang-format
	clang-format -i $(LINT_FORMAT)
