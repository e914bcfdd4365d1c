# What the tests of src/lib are linked with; unit.mk includes this.

UNIT_LIB := $(addprefix src/lib/,slab.c slab_sites.c age.c tag.c context.c intern.c clock.c sample.c lock.c full.c log.c sys.c) src/snapshot/format.c

UNIT_block   :=
UNIT_age     := src/lib/age.c
UNIT_context := $(UNIT_LIB)
UNIT_slab    := $(UNIT_LIB) test/unit/slab_owner.c
UNIT_peak         := $(UNIT_slab)
UNIT_slab_threads := $(UNIT_slab)
UNIT_site_cache   := $(UNIT_slab)
UNIT_tag     := src/lib/tag.c src/snapshot/format.c
UNIT_scope   := $(UNIT_LIB)
UNIT_lock    := src/lib/lock.c src/lib/sys.c
UNIT_sample  := src/lib/sample.c
UNIT_note    := src/lib/note.c
UNIT_series  := src/lib/series.c
UNIT_clock   := src/lib/clock.c src/lib/sys.c
UNIT_growth  := src/lib/growth.c src/lib/suspect.c
UNIT_log     := src/lib/log.c src/lib/sys.c
UNIT_log_waits := $(UNIT_log)
UNIT_object  := $(addprefix src/lib/,object.c image.c module.c lookup.c maps.c program.c full.c log.c sys.c)
UNIT_object_files := $(UNIT_object)
UNIT_object_table := $(UNIT_object)
UNIT_image   := $(addprefix src/lib/,image.c sys.c)
UNIT_symbol  := $(UNIT_object) $(addprefix src/lib/,symbol.c symtab.c)
UNIT_rule    := $(UNIT_object) $(addprefix src/lib/,rule.c operator_new.c symtab.c glob.c)
UNIT_operator_new := $(addprefix src/lib/,operator_new.c image.c sys.c)
UNIT_options := $(UNIT_rule) $(addprefix src/lib/,options.c alarm.c feature.c)
UNIT_options_refused := $(UNIT_options)
UNIT_options_glob    := $(UNIT_options)
UNIT_options_manual  := $(UNIT_options)
UNIT_alarm   := $(UNIT_options)
UNIT_allocator := $(addprefix src/lib/,allocator.c feature.c sys.c) $(UNIT_SNAPSHOT) test/unit/sample.c

UNIT_UNWIND  := $(addprefix src/lib/,unwind.c cfi.c cfi_program.c cfi_expression.c sys.c)
UNIT_stack   := $(addprefix src/lib/,stack.c full.c log.c sys.c)
UNIT_cfi     := $(UNIT_UNWIND)
UNIT_unwind  := $(UNIT_UNWIND) src/lib/stack.c src/lib/stack_here.c src/lib/full.c src/lib/log.c \
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
