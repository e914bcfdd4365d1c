# What the tests of src/lib are linked with; unit.mk includes this.

# $(call lib_files,NAMES): sources of the library, in whichever folder they are.
lib_files = $(foreach name,$(1),$(or $(filter src/lib/%,$(filter %/$(name).c,$(LIB_SOURCES))),$(error test/unit/lib.mk: src/lib has no $(name).c)))

UNIT_LIB := $(call lib_files,slab slab_ages slab_sites age tag context intern clock sample lock full log sys) $(UNIT_FORMAT)

UNIT_block   :=
UNIT_age     := $(call lib_files,age)
UNIT_context := $(UNIT_LIB)
UNIT_slab    := $(UNIT_LIB) test/unit/slab_owner.c
UNIT_peak         := $(UNIT_slab)
UNIT_slab_threads := $(UNIT_slab)
UNIT_site_cache   := $(UNIT_slab)
UNIT_tag     := $(call lib_files,tag) $(UNIT_FORMAT)
UNIT_scope   := $(UNIT_LIB)
UNIT_lock    := $(call lib_files,lock sys)
UNIT_sample  := $(call lib_files,sample)
UNIT_note    := $(call lib_files,note)
UNIT_series  := $(call lib_files,series)
UNIT_clock   := $(call lib_files,clock sys)
UNIT_growth  := $(call lib_files,growth suspect)
UNIT_log     := $(call lib_files,log sys) $(UNIT_WRITER)
UNIT_log_waits := $(UNIT_log)
UNIT_object  := $(call lib_files,object image module lookup maps program full log sys) $(UNIT_WRITER)
UNIT_object_files := $(UNIT_object)
UNIT_object_table := $(UNIT_object)
UNIT_image   := $(call lib_files,image sys)
UNIT_symbol  := $(UNIT_object) $(call lib_files,symbol symtab)
UNIT_rule    := $(UNIT_object) $(call lib_files,rule rule_pattern operator_new symtab glob)
UNIT_operator_new := $(call lib_files,operator_new image sys)
UNIT_options := $(UNIT_rule) $(call lib_files,options alarm feature)
UNIT_options_refused := $(UNIT_options)
UNIT_options_glob    := $(UNIT_options)
UNIT_options_manual  := $(UNIT_options)
UNIT_alarm   := $(UNIT_options)
UNIT_allocator := $(call lib_files,allocator feature sys) $(UNIT_SNAPSHOT) test/unit/sample.c

UNIT_UNWIND  := $(call lib_files,unwind cfi cfi_program cfi_expression sys)
UNIT_stack   := $(call lib_files,stack full log sys) $(UNIT_WRITER)
UNIT_cfi     := $(UNIT_UNWIND)
UNIT_unwind  := $(UNIT_UNWIND) $(call lib_files,stack stack_here full log) $(UNIT_WRITER) \
                $(addprefix test/unit/,stack_calls.c truth.c shapes.c shapes_rbp.c)
UNIT_unwind_stacks := $(UNIT_unwind)
UNIT_unwind_code   := $(UNIT_unwind)

UNIT_TSAN    += context slab peak slab_threads site_cache lock object object_files object_table stack note

# Two builds of one library, which these tests load and unload.
UNIT_PLUGINS := $(foreach name,a b,$(BUILD)/test/unit/plugin_$(name).so)
$(foreach name,object object_files object_table image symbol rule,$(eval UNIT_CFLAGS_$(name) := -DPLUGIN_DIR='"$(abspath $(BUILD))/test/unit"')\
    $(eval $(BUILD)/test/unit/test_$(name): | $(UNIT_PLUGINS)))

# Not -O0 and no sanitizer: the same bytes however the tests are built.
$(BUILD)/test/unit/plugin_%.so: test/unit/plugin.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O1 -fPIC -shared -Wl,--build-id -DNAME=plugin_$* $< -o $@

# A library that calls back, with two frames: the unwinder must not take one for the other.
UNIT_FRAMES := $(BUILD)/test/unit/frames
UNIT_CFLAGS_unwind_code := -DUNIT_PLUGINS='"$(abspath $(UNIT_FRAMES))"'
$(foreach name,unwind unwind_stacks unwind_code,\
    $(eval $(BUILD)/test/unit/$(name)/test/unit/shapes.o: UNIT_CFLAGS_$(name) += -fomit-frame-pointer)\
    $(eval $(BUILD)/test/unit/$(name)/test/unit/shapes_rbp.o: UNIT_CFLAGS_$(name) += -fno-omit-frame-pointer))
$(BUILD)/test/unit/test_unwind_code: | $(addprefix $(UNIT_FRAMES)/,plugin_small.so plugin_large.so)

$(UNIT_FRAMES)/plugin_small.so: PLUGIN_FRAME := 16
$(UNIT_FRAMES)/plugin_large.so: PLUGIN_FRAME := 96
$(UNIT_FRAMES)/%.so: test/unit/frame_plugin.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O2 -fPIC -shared -DPLUGIN_FRAME=$(PLUGIN_FRAME) $< -o $@
