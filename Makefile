# trackmalloc: `make demo` shows it at work, `make check` proves it. doc/architecture.md tells how it is built.
#
# Every folder of test/ brings its own rules (NAME.mk), so that a stranger finds them where the files are.

# make's own defaults are cc and g++; ours give way to the environment and the command line only.
ifeq ($(origin CC),default)
CC      := gcc
endif
ifeq ($(origin CXX),default)
CXX     := g++
endif
BUILD   ?= build
VERSION := 0.1.0

PREFIX  ?= /usr/local
LIBDIR  ?= $(PREFIX)/lib
DOCDIR  ?= $(PREFIX)/share/doc/trackmalloc
MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions

CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Werror
# Empty, as in the files that define it themselves: the same definition twice is no error.
STD     := -std=gnu17 -D_GNU_SOURCE=
CPPFLAGS += -Iinclude -Isrc

# Inside somebody else's process: no stack protector and no fortify (they report through libc), calls to ourselves never
# through the PLT, and no two stores of a header joined into one that later loads would wait for.
LIB_CFLAGS := $(STD) $(WARN) $(CFLAGS) -fPIC -fvisibility=hidden -fno-stack-protector -U_FORTIFY_SOURCE \
              -fno-semantic-interposition -fno-builtin-malloc -fno-builtin-calloc -fno-builtin-realloc \
              -fno-builtin-free -fno-builtin-strdup -fno-builtin-strndup -fno-math-errno -fno-tree-slp-vectorize
LIB_LDFLAGS := -shared -Wl,-z,relro -Wl,-z,noexecstack -Wl,-z,text -Wl,--no-undefined -Wl,-soname,libtrackmalloc.so -Wl,--sort-section=name

LIB_SOURCES := $(filter-out src/snapshot/check.c,$(wildcard src/lib/*/*.c src/snapshot/*.c))
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/lib/%.o)
LIB         := $(BUILD)/libtrackmalloc.so
TOOLCHAIN   := $(BUILD)/toolchain

# The parts of the check; each is a target of its own.
CHECK_PARTS := unit preload real-quick examples cmd-test fuzz-test man

.PHONY: all help lib demo check check-container install clean
.DEFAULT_GOAL := all
# What a recipe has begun and not ended is no file to go on with.
.DELETE_ON_ERROR:

all: lib cmd ## the library and the command, as plain `make` does
lib: $(LIB) ## the library alone, with nothing but a compiler

# Said once, before anything is compiled: what a machine without a compiler needs.
$(TOOLCHAIN):
	@$(SETUP) lib
	@mkdir -p $(@D) && touch $@

$(BUILD)/lib/%.o: %.c Makefile | $(TOOLCHAIN)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(LIB_CFLAGS) -MMD -MP -c $< -o $@

# One list names the wrapped functions; the symbol map is made from it.
$(BUILD)/symbols.map: src/lib/next/symbols.map.in src/lib/next/functions.h | $(TOOLCHAIN)
	@mkdir -p $(@D)
	$(CC) -E -P -x c -Isrc $< -o $@

$(LIB): $(LIB_OBJECTS) $(BUILD)/symbols.map
	$(CC) $(LIB_CFLAGS) $(LIB_LDFLAGS) -Wl,--version-script=$(BUILD)/symbols.map $(LIB_OBJECTS) -o $@

# Folders on the way of an allocation are built for speed. All else runs once, or once a report, and is built to be small: its
# pages are resident in every process as well.
LIB_FAST := $(addprefix src/lib/,entry/% account/% thread/% stack/% sys/% api/%)
$(patsubst %.c,$(BUILD)/lib/%.o,$(filter-out $(LIB_FAST),$(LIB_SOURCES))): LIB_CFLAGS += -Os

-include $(LIB_OBJECTS:.o=.d)

# What a machine lacks, test/setup names and installs; it prints nothing when all is there.
SETUP = CC="$(CC)" CXX="$(CXX)" BUILD="$(BUILD)" test/setup
SETUPS := setup-real setup-bench setup-lint setup-sanitize setup-fuzz
.PHONY: $(SETUPS)
$(SETUPS): setup-%:
	@$(SETUP) $*
bench: setup-bench
lint: setup-lint
sanitize: setup-sanitize

# Targets for people say after ## what they do.
help: ## this list
	@awk -v parts=" $(CHECK_PARTS) " -f test/help.awk $(MAKEFILE_LIST)

include src/cmd/cmd.mk
include test/suites.mk
include test/unit/unit.mk
include test/preload/preload.mk
include test/cmd/cmd-test.mk
include test/fuzz/fuzz.mk
include test/real/real.mk
include test/examples/examples.mk
include test/man/man.mk
include test/bench/bench.mk
include test/lint.mk
include test/sanitize.mk

demo: ## Python at work with SQLite, expat and LZMA, tracked, for twelve seconds
	@$(SETUP) demo
	+@$(MAKE) --no-print-directory -s lib
	@test/real/demo $(LIB)

check: ## builds and runs all tests
	+@$(SETUP) check
	+@MAKE="$(MAKE)" BUILD="$(BUILD)" PARTS="$(CHECK_PARTS)" test/check

# The same in a small container of its own; AS_USER=NAME: as somebody else than root, on a copy.
check-container: BUILD := $(BUILD)/container
check-container: ## the check in a small container of its own; AS_USER=NAME: as somebody else than root
	+@$(SETUP) check
	+@test/container $(if $(AS_USER),-u $(AS_USER)) $(MAKE) --no-print-directory BUILD="$(BUILD)" check

install: all ## both, with their manual, below PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(DOCDIR)
	install -m 755 $(CMD) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(LIB) $(DESTDIR)$(LIBDIR)
	install -D -m 644 src/cmd/trackmalloc.bash $(DESTDIR)$(BASHDIR)/trackmalloc
	install -m 644 $(wildcard include/*.h) $(DESTDIR)$(PREFIX)/include
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    src/lib/api/trackmalloc.pc.in > $(DESTDIR)$(LIBDIR)/pkgconfig/trackmalloc.pc
	install -m 644 README.md LICENSE $(wildcard doc/*.md doc/*.json) $(DESTDIR)$(DOCDIR)
	doc/man/lay-down $(DESTDIR)$(MANDIR)

clean: ## removes all that was built
	rm -rf $(BUILD)
