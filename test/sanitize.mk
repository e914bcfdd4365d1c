# make sanitize: suites compiled anew with gcc's sanitizers, and with them what they test: units, and the command. What the
# sanitizers find ends the program. The library itself is not instrumented, nor are the programs under it: it would meet the
# sanitizers' own malloc.
#
# AddressSanitizer is linked statically: tests run the command with other libraries in LD_PRELOAD, and it wants to be first.
#
# SANITIZE is empty elsewhere; unit.mk, cmd.mk and cmd-test.mk add it to their flags.

SANITIZE_FLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all
SANITIZE_MAKE   = $(MAKE) --no-print-directory -k CC=gcc $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc))
SANITIZE_ASAN   = $(SANITIZE_MAKE) BUILD=$(BUILD)/asan SANITIZE="$(SANITIZE_FLAGS) -fsanitize=address,undefined -static-libasan"
SANITIZE_TSAN   = $(SANITIZE_MAKE) BUILD=$(BUILD)/tsan SANITIZE="$(SANITIZE_FLAGS) -fsanitize=thread" \
                  ONLY="$(or $(call wanted,$(UNIT_TSAN)),none)"

.PHONY: sanitize
sanitize: ## the units and the command under AddressSanitizer and UBSan, units with threads under ThreadSanitizer
	+@status=0; \
	export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1 \
	    LSAN_OPTIONS=suppressions=$(CURDIR)/test/sanitize.supp:print_suppressions=0; \
	$(SANITIZE_ASAN) lib cmd unit-build cmd-test-build || status=1; \
	$(SANITIZE_ASAN) unit || status=1; \
	$(SANITIZE_ASAN) cmd-test || status=1; \
	$(SANITIZE_TSAN) unit || status=1; \
	exit $$status
