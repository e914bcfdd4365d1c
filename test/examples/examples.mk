# Programs to learn the API from (include/trackmalloc.h alone, nothing linked), and test_examples.c, which runs each of
# them without the library and with it. `make examples` does both.

EXAMPLES_DIR      := test/examples
EXAMPLES_OUT      := $(BUILD)/test/examples
EXAMPLES_CFLAGS   := -std=gnu17 $(WARN) $(CFLAGS) -Iinclude -pthread
EXAMPLES_CXXFLAGS := -std=gnu++17 $(WARN) $(CFLAGS) -Iinclude -pthread
EXAMPLES_PROGRAMS := $(patsubst $(EXAMPLES_DIR)/%.c,$(EXAMPLES_OUT)/%,$(filter-out %/test_examples.c,$(wildcard $(EXAMPLES_DIR)/*.c))) \
                     $(patsubst $(EXAMPLES_DIR)/%.cc,$(EXAMPLES_OUT)/%,$(wildcard $(EXAMPLES_DIR)/*.cc))

.PHONY: examples examples-build
examples-build: $(EXAMPLES_PROGRAMS) $(EXAMPLES_OUT)/test_examples

examples: $(LIB) examples-build ## the programs that show the API, with the library and without it
	@$(RUN_SUITES) $(EXAMPLES_OUT)/test_examples

$(call suites,examples,$(EXAMPLES_OUT),$(LIB) examples-build)

$(EXAMPLES_OUT)/test_examples: $(EXAMPLES_DIR)/test_examples.c $(PRELOAD_HARNESS) $(EXAMPLES_DIR)/examples.mk
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(CFLAGS) -Itest/preload -DEXAMPLES_DIR='"$(CURDIR)/$(EXAMPLES_DIR)"' -MMD -MP \
	    $(filter %.c %.o,$^) -lcmocka -lm -o $@

$(EXAMPLES_OUT)/%: $(EXAMPLES_DIR)/%.c $(EXAMPLES_DIR)/examples.mk
	@mkdir -p $(@D)
	$(CC) $(EXAMPLES_CFLAGS) -MMD -MP $< -o $@

$(EXAMPLES_OUT)/%: $(EXAMPLES_DIR)/%.cc $(EXAMPLES_DIR)/examples.mk
	@mkdir -p $(@D)
	$(CXX) $(EXAMPLES_CXXFLAGS) -MMD -MP $< -o $@

-include $(wildcard $(EXAMPLES_OUT)/*.d)
