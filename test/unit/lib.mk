# What the tests of src/lib are linked with; unit.mk includes this.

UNIT_LIB := $(addprefix src/lib/,account/slab.c account/slab_ages.c account/slab_sites.c account/age.c account/tag.c account/context.c account/intern.c sys/clock.c account/sample.c sys/lock.c config/full.c config/log.c sys/sys.c) $(UNIT_FORMAT)

UNIT_block   :=
UNIT_age     := src/lib/account/age.c
UNIT_context := $(UNIT_LIB)
UNIT_slab    := $(UNIT_LIB)
UNIT_tag     := src/lib/account/tag.c $(UNIT_FORMAT)
UNIT_scope   := $(UNIT_LIB)
UNIT_lock    := src/lib/sys/lock.c src/lib/sys/sys.c
UNIT_sample  := src/lib/account/sample.c
UNIT_note    := src/lib/config/note.c
UNIT_series  := src/lib/collect/series.c
UNIT_clock   := src/lib/sys/clock.c src/lib/sys/sys.c
UNIT_growth  := src/lib/collect/growth.c src/lib/collect/suspect.c
UNIT_log     := src/lib/config/log.c src/lib/sys/sys.c
UNIT_object  := $(addprefix src/lib/,objects/object.c objects/image.c objects/module.c next/lookup.c objects/maps.c objects/program.c config/full.c config/log.c sys/sys.c)
UNIT_symbol  := $(UNIT_object) $(addprefix src/lib/,code/symbol.c objects/symtab.c) $(UNIT_WRITER)
UNIT_rule    := $(UNIT_object) $(addprefix src/lib/,code/rule.c code/rule_pattern.c code/operator_new.c objects/symtab.c config/glob.c)
UNIT_operator_new := $(addprefix src/lib/,code/operator_new.c objects/image.c sys/sys.c)
UNIT_options := $(UNIT_rule) $(addprefix src/lib/,config/options.c alarm/alarm.c config/feature.c) $(UNIT_WRITER)
UNIT_alarm   := $(UNIT_options)
UNIT_allocator := $(addprefix src/lib/,collect/allocator.c config/feature.c sys/sys.c) $(UNIT_SNAPSHOT) test/unit/sample.c

UNIT_UNWIND  := $(addprefix src/lib/,stack/unwind.c stack/cfi.c stack/cfi_program.c stack/cfi_expression.c sys/sys.c)
UNIT_stack   := $(addprefix src/lib/,stack/stack.c config/full.c config/log.c sys/sys.c)
UNIT_cfi     := $(UNIT_UNWIND)
UNIT_unwind  := $(UNIT_UNWIND) src/lib/stack/stack.c src/lib/stack/stack_here.c src/lib/config/full.c src/lib/config/log.c \
                $(addprefix test/unit/,truth.c shapes.c shapes_rbp.c)

UNIT_TSAN    += context slab lock object stack note

# Two builds of one library, which these tests load and unload.
UNIT_PLUGINS := $(foreach name,a b,$(BUILD)/test/unit/plugin_$(name).so)
$(foreach name,object symbol rule,$(eval UNIT_CFLAGS_$(name) := -DPLUGIN_DIR='"$(abspath $(BUILD))/test/unit"')\
    $(eval $(BUILD)/test/unit/test_$(name): | $(UNIT_PLUGINS)))

# Not -O0 and no sanitizer: the same bytes however the tests are built.
$(BUILD)/test/unit/plugin_%.so: test/unit/plugin.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O1 -fPIC -shared -Wl,--build-id -DNAME=plugin_$* $< -o $@

# A library that calls back, with two frames: the unwinder must not take one for the other.
UNIT_FRAMES := $(BUILD)/test/unit/frames
UNIT_CFLAGS_unwind := -DUNIT_PLUGINS='"$(abspath $(UNIT_FRAMES))"'
$(BUILD)/test/unit/unwind/test/unit/shapes.o: UNIT_CFLAGS_unwind += -fomit-frame-pointer
$(BUILD)/test/unit/unwind/test/unit/shapes_rbp.o: UNIT_CFLAGS_unwind += -fno-omit-frame-pointer
$(BUILD)/test/unit/test_unwind: | $(addprefix $(UNIT_FRAMES)/,plugin_small.so plugin_large.so)

$(UNIT_FRAMES)/plugin_small.so: PLUGIN_FRAME := 16
$(UNIT_FRAMES)/plugin_large.so: PLUGIN_FRAME := 96
$(UNIT_FRAMES)/%.so: test/unit/frame_plugin.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O2 -fPIC -shared -DPLUGIN_FRAME=$(PLUGIN_FRAME) $< -o $@
