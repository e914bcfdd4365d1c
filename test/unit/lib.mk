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

UNIT_TSAN    += context slab lock
