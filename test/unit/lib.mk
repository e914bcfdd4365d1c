# What the tests of src/lib are linked with; unit.mk includes this.

UNIT_LIB := $(addprefix src/lib/,slab.c age.c tag.c context.c intern.c lock.c sys.c)

UNIT_block   :=
UNIT_age     := src/lib/age.c
UNIT_options := src/lib/options.c src/lib/glob.c
UNIT_context := $(UNIT_LIB)
UNIT_slab    := $(UNIT_LIB)
UNIT_lock    := src/lib/lock.c src/lib/sys.c
UNIT_sample  := src/lib/sample.c
UNIT_clock   := src/lib/clock.c src/lib/sys.c
UNIT_log     := src/lib/log.c src/lib/sys.c
UNIT_object  := $(addprefix src/lib/,object.c image.c module.c sys.c)
UNIT_symbol  := $(UNIT_object) $(addprefix src/lib/,symbol.c symtab.c)
UNIT_rule    := $(UNIT_object) $(addprefix src/lib/,rule.c symtab.c glob.c)

UNIT_TSAN    += context slab lock object

# Two builds of one library, which these tests load and unload.
UNIT_PLUGINS := $(foreach name,a b,$(BUILD)/test/unit/plugin_$(name).so)
$(foreach name,object symbol rule,$(eval UNIT_CFLAGS_$(name) := -DPLUGIN_DIR='"$(abspath $(BUILD))/test/unit"')\
    $(eval $(BUILD)/test/unit/test_$(name): | $(UNIT_PLUGINS)))

# Not -O0 and no sanitizer: the same bytes however the tests are built.
$(BUILD)/test/unit/plugin_%.so: test/unit/plugin.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O1 -fPIC -shared -Wl,--build-id -DNAME=plugin_$* $< -o $@
