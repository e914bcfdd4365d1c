# The command, run as people run it. test_NAME.c is a cmocka suite; programs/NAME.c(c) a program that it looks at,
# under the library. Suites are linked with all of the command but its main, for what is better asked of a function.
#
# What a suite needs beyond that stands in CMDTEST_CFLAGS_NAME, CMDTEST_LIBS_NAME and CMDTEST_NEEDS_NAME (files to build
# first); for a program in CMDTEST_PROGRAM_NAME (flags, libraries too).

CMDTEST_DIR      := test/cmd
CMDTEST_OUT      := $(BUILD)/test/cmd
CMDTEST_NAMES    := $(call suite_names,$(CMDTEST_DIR))
CMDTEST_SUITES   := $(CMDTEST_NAMES:%=$(CMDTEST_OUT)/test_%)
CMDTEST_PROGRAMS := $(patsubst $(CMDTEST_DIR)/programs/%.c,$(CMDTEST_OUT)/programs/%,$(wildcard $(CMDTEST_DIR)/programs/*.c))
CMDTEST_PROGRAMS += $(patsubst $(CMDTEST_DIR)/programs/%.cc,$(CMDTEST_OUT)/programs/%,$(wildcard $(CMDTEST_DIR)/programs/*.cc))
CMDTEST_OBJECTS  := $(patsubst $(CMDTEST_DIR)/%.c,$(CMDTEST_OUT)/%.o,$(filter-out $(CMDTEST_DIR)/test_%,$(wildcard $(CMDTEST_DIR)/*.c)))
CMDTEST_SHARED   := $(CMDTEST_OBJECTS) $(filter-out %/main.o,$(CMD_OBJECTS))
CMDTEST_CFLAGS   := $(CPPFLAGS) -I$(BUILD)/cmd $(STD) $(WARN) $(CFLAGS) $(SANITIZE) -DCMDTEST_TOP='"$(CURDIR)"'

CMDTEST_NEEDS_living      := $(PRELOAD_OUT)/twin_a.so
CMDTEST_PROGRAM_tagged    := -Iinclude
CMDTEST_PROGRAM_still     := -static
CMDTEST_PROGRAM_unlinked  := -static

.PHONY: cmd-test cmd-test-build
cmd-test-build: $(CMDTEST_SUITES) $(CMDTEST_PROGRAMS)

cmd-test: $(LIB) $(CMD) cmd-test-build ## the command, run as people run it
	@$(RUN_SUITES) $(CMDTEST_SUITES)

$(call suites,$(CMDTEST_NAMES),$(CMDTEST_OUT),$(LIB) $(CMD) $(CMDTEST_PROGRAMS))

$(CMDTEST_OBJECTS): $(CMDTEST_OUT)/%.o: $(CMDTEST_DIR)/%.c $(CMDTEST_DIR)/cmd-test.mk | $(CMD_PROFILE).c
	@mkdir -p $(@D)
	$(CC) $(CMDTEST_CFLAGS) -MMD -MP -c $< -o $@

$(CMDTEST_OUT)/test_%: $(CMDTEST_DIR)/test_%.c $(CMDTEST_SHARED) $(CMDTEST_DIR)/cmd-test.mk $$(CMDTEST_NEEDS_$$*) | $(CMD_PROFILE).c
	@mkdir -p $(@D)
	$(CC) $(CMDTEST_CFLAGS) $(CMDTEST_CFLAGS_$*) -MMD -MP $< $(CMDTEST_SHARED) $(CMD_LIBS) $(CMDTEST_LIBS_$*) -lcmocka -lm -o $@

# With names and lines, and every call a call: profiles are looked at for them.
$(CMDTEST_OUT)/programs/%: $(CMDTEST_DIR)/programs/%.c $(CMDTEST_DIR)/cmd-test.mk
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O1 -g -fno-builtin -fno-inline -fno-optimize-sibling-calls -rdynamic -pthread -MMD -MP $< \
	    $(CMDTEST_PROGRAM_$*) -o $@

$(CMDTEST_OUT)/programs/%: $(CMDTEST_DIR)/programs/%.cc $(CMDTEST_DIR)/cmd-test.mk
	@mkdir -p $(@D)
	$(CXX) -std=gnu++17 $(WARN) -O1 -g -fno-builtin -fno-inline -fno-optimize-sibling-calls -MMD -MP $< \
	    $(CMDTEST_PROGRAM_$*) -o $@

-include $(wildcard $(CMDTEST_OUT)/*.d $(CMDTEST_OUT)/programs/*.d)
