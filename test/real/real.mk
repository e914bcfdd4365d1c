# Programs that nobody here wrote, bare and tracked; the library as an object file; the project's own commands.
#
# `make real-quick` is a part of `make check`. `make real` is the whole: some ninety programs of Debian's, each in three
# ways, in half an hour; it writes doc/compatibility.md. Some of them: REAL="--only '^git|nginx'"; another library:
# REAL_LIB=FILE.

REAL_DIR    := test/real
REAL_OUT    := $(BUILD)/test/real
REAL_CFLAGS := $(STD) $(WARN) $(CFLAGS) $(CPPFLAGS) -DREAL_TOP='"$(CURDIR)"' -DREAL_BUILD='"$(abspath $(BUILD))"'
REAL_NAMES  := $(call suite_names,$(REAL_DIR))
REAL_SUITES := $(REAL_NAMES:%=$(REAL_OUT)/test_%)
REAL_LIB    ?= $(LIB)
PYTHON      ?= /usr/bin/python3

.PHONY: real real-quick real-build
real-build: $(REAL_SUITES) $(REAL_OUT)/library

real-quick: $(LIB) real-build ## programs that nobody here wrote, the library as a file, the project's own commands
	@$(RUN_SUITES) $(REAL_SUITES)

$(call suites,$(REAL_NAMES),$(REAL_OUT),$(LIB) $(REAL_OUT)/library)

real: setup-real $(filter $(LIB),$(REAL_LIB)) ## some ninety programs of Debian's, bare and tracked; writes doc/compatibility.md
	@$(PYTHON) -B $(REAL_DIR)/compat --library $(REAL_LIB) --document doc/compatibility.md $(REAL)

$(REAL_OUT)/test_library: src/lib/next/functions.h

$(REAL_OUT)/test_%: $(REAL_DIR)/test_%.c $(PRELOAD_HARNESS) test/preload/harness.h $(REAL_DIR)/real.mk
	@mkdir -p $(@D)
	$(CC) $(REAL_CFLAGS) $(filter %.c %.o,$^) -lcmocka -lm -o $@

$(REAL_OUT)/library: $(REAL_DIR)/programs/library.cc $(REAL_DIR)/real.mk
	@mkdir -p $(@D)
	$(CXX) -std=gnu++17 $(WARN) $(CFLAGS) -pthread $< -o $@
