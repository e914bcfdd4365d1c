# Foreign snapshots, made up by libFuzzer from clang: fuzz_segment.c says what must hold of any bytes.
#
# Seeds are made by make_seeds.c, so that they are of the present version; corpus/ keeps odd ones, and what once went
# wrong. What `make fuzz` finds of interest stays in the build folder for the next time.

FUZZ_DIR     := test/fuzz
FUZZ_OUT     := $(BUILD)/test/fuzz
FUZZ_CC      ?= clang
FUZZ_SECONDS ?= 60
FUZZ_FLAGS   := $(CPPFLAGS) $(STD) $(WARN) $(filter -I%,$(CMD_CFLAGS)) -O1 -g -fno-omit-frame-pointer -Itest/cmd \
                -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_SOURCES := $(filter-out src/cmd/main.c,$(CMD_SOURCES)) $(FUZZ_DIR)/fuzz_segment.c test/cmd/story.c
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(FUZZ_OUT)/%.o)
FUZZ_MADE    := $(filter-out $(CMD_SOURCES:%.c=$(BUILD)/cmd/%.o),$(CMD_OBJECTS)) # from sources that are made
FUZZ_SEEDS   := $(FUZZ_OUT)/seeds/made

.PHONY: fuzz fuzz-test fuzz-test-build
fuzz: setup-fuzz
fuzz-test-build: $(FUZZ_OUT)/fuzz_segment $(FUZZ_SEEDS) $(FUZZ_OUT)/test_fuzz

# Ends at the first input that goes wrong, and leaves it in the build folder.
fuzz: $(FUZZ_OUT)/fuzz_segment $(FUZZ_SEEDS) ## snapshots made up by libFuzzer, for FUZZ_SECONDS (60)
	@mkdir -p $(FUZZ_OUT)/found
	$(FUZZ_OUT)/fuzz_segment -max_total_time=$(FUZZ_SECONDS) -timeout=10 -artifact_prefix=$(FUZZ_OUT)/ \
	    -print_final_stats=1 $(FUZZ_OUT)/found $(FUZZ_OUT)/seeds $(FUZZ_DIR)/corpus

fuzz-test: fuzz-test-build ## snapshots that once went wrong, and some made up
	@$(RUN_SUITES) $(FUZZ_OUT)/test_fuzz

$(call suites,fuzz,$(FUZZ_OUT),fuzz-test-build)

$(FUZZ_OBJECTS): $(FUZZ_OUT)/%.o: %.c $(FUZZ_DIR)/fuzz.mk | $(FUZZ_MADE)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -MMD -MP -c $< -o $@

$(FUZZ_OUT)/fuzz_segment: $(FUZZ_OBJECTS) $(FUZZ_MADE)
	$(FUZZ_CC) $(FUZZ_FLAGS) $^ $(CMD_LIBS) -o $@

$(FUZZ_SEEDS): $(FUZZ_DIR)/make_seeds.c $(CMDTEST_OUT)/story.o $(FUZZ_DIR)/fuzz.mk
	@rm -rf $(@D) && mkdir -p $(@D)
	$(CC) $(CMDTEST_CFLAGS) -Itest/cmd $(filter %.c %.o,$^) -o $(FUZZ_OUT)/make_seeds
	$(FUZZ_OUT)/make_seeds $(@D) && touch $@

$(FUZZ_OUT)/test_fuzz: $(FUZZ_DIR)/test_fuzz.c $(CMDTEST_SHARED) $(FUZZ_DIR)/fuzz.mk
	@mkdir -p $(@D)
	$(CC) $(CMDTEST_CFLAGS) -Itest/cmd -DFUZZ_CORPUS='"$(CURDIR)/$(FUZZ_DIR)/corpus"' -MMD -MP $< $(CMDTEST_SHARED) \
	    $(CMD_LIBS) -lcmocka -o $@

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_OUT)/test_fuzz.d
