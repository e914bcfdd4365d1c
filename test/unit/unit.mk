# Unit tests: each test_NAME.c is a cmocka program of its own, linked with what UNIT_NAME lists.
#
# One more test: write test_NAME.c, and name below the sources that it tests (none when it tests a header), and
# flags of its own in UNIT_CFLAGS_NAME. UNIT_TSAN names those that run under ThreadSanitizer as well (sanitize.mk).

UNIT_SNAPSHOT := $(filter-out src/snapshot/check.c,$(wildcard src/snapshot/*.c))

UNIT_WRITER   := src/snapshot/writer.c
UNIT_FORMAT   := src/snapshot/format.c $(UNIT_WRITER)

UNIT_writer   := $(UNIT_WRITER)
UNIT_format   := $(UNIT_FORMAT)
UNIT_rank     := src/snapshot/rank.c
UNIT_text     := $(UNIT_SNAPSHOT) test/unit/sample.c
UNIT_parts    := $(UNIT_SNAPSHOT) test/unit/sample.c
UNIT_contract := $(UNIT_SNAPSHOT) test/unit/sample.c

UNIT_TSAN :=

include test/unit/lib.mk

# ---- the rules ----

UNIT_OUT   := $(BUILD)/test/unit
UNIT_NAMES := $(call suite_names,test/unit)
UNIT_FLAGS := $(CPPFLAGS) $(STD) $(WARN) $(CFLAGS) $(SANITIZE) -pthread -DUNIT_DIR='"$(CURDIR)/test/unit"'

.PHONY: unit unit-build
unit-build: $(UNIT_NAMES:%=$(UNIT_OUT)/test_%)
	@:

# Runs all there are, also when one does not build or fails.
unit: ## the modules of src/lib and src/snapshot, each linked with what it needs
	+@status=0; $(MAKE) --no-print-directory -k unit-build || status=1; \
	$(RUN_SUITES) $(UNIT_NAMES:%=$(UNIT_OUT)/test_%) || status=1; exit $$status

$(call suites,$(UNIT_NAMES),$(UNIT_OUT))

# An object for each test and source: a test may want it compiled in its own way. What no longer compiles is not
# run as it was before.
define unit_rule
$(UNIT_OUT)/test_$(1): $(patsubst %.c,$(UNIT_OUT)/$(1)/%.o,test/unit/test_$(1).c $(UNIT_$(1)))
	$$(CC) $$(UNIT_FLAGS) $$^ -lcmocka -lm -o $$@

$(UNIT_OUT)/$(1)/%.o: %.c test/unit/unit.mk
	@mkdir -p $$(@D); rm -f $(UNIT_OUT)/test_$(1)
	$$(CC) $$(UNIT_FLAGS) $$(UNIT_CFLAGS_$(1)) -MMD -MP -c $$< -o $$@

-include $(patsubst %.c,$(UNIT_OUT)/$(1)/%.d,test/unit/test_$(1).c $(UNIT_$(1)))
endef
$(foreach name,$(UNIT_NAMES),$(eval $(call unit_rule,$(name))))
