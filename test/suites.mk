# What the folders of suites share; the Makefile includes this before theirs.
#
# A suite is a cmocka program, test_NAME.c in one of the folders of test/. A folder's own target builds and runs all of its
# suites, or those that ONLY names: make preload ONLY="blocks start". `make test-NAME` builds and runs one suite, in whichever
# folder it is; so no two have the same name.

RUN_SUITES := test/run-suites

# $(call suite_names,FOLDER): the NAMEs of its suites, as far as they are wanted.
suite_names = $(call wanted,$(patsubst $(1)/test_%.c,%,$(sort $(wildcard $(1)/test_*.c))))
wanted      = $(if $(ONLY),$(filter $(ONLY),$(1)),$(1))

# $(call suites,NAMES,FOLDER OF THE PROGRAMS,WHAT ELSE THEY NEED): a target for each suite.
suites = $(foreach name,$(1),$(eval $(call suite_rule,$(name),$(2)/test_$(name),$(3))))
define suite_rule
.PHONY: test-$(1)
test-$(1): $(2) $(3)
	@$(RUN_SUITES) $(2)
endef
