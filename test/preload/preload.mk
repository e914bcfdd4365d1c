# Runs programs under the library. scenarios/NAME.c(c) is a program named for one failure; plugins/NAME.c a
# shared object that one of them needs; test_NAME.c a cmocka suite that runs them (harness.h).
#
# What a program needs beyond the usual stands in SCENARIO_CFLAGS_NAME, SCENARIO_LDFLAGS_NAME (libraries too)
# and SCENARIO_NEEDS_NAME (files to build first); for a plugin in PLUGIN_..._NAME.

PRELOAD_DIR       := test/preload
PRELOAD_OUT       := $(BUILD)/test/preload
PRELOAD_SCENARIOS := $(patsubst $(PRELOAD_DIR)/scenarios/%.c,$(PRELOAD_OUT)/%,$(wildcard $(PRELOAD_DIR)/scenarios/*.c)) \
                     $(patsubst $(PRELOAD_DIR)/scenarios/%.cc,$(PRELOAD_OUT)/%,$(wildcard $(PRELOAD_DIR)/scenarios/*.cc))
PRELOAD_PLUGINS   := $(patsubst $(PRELOAD_DIR)/plugins/%.c,$(PRELOAD_OUT)/%.so,$(wildcard $(PRELOAD_DIR)/plugins/*.c)) \
                     $(patsubst $(PRELOAD_DIR)/plugins/%.cc,$(PRELOAD_OUT)/%.so,$(wildcard $(PRELOAD_DIR)/plugins/*.cc))
PRELOAD_NAMES     := $(call suite_names,$(PRELOAD_DIR))
PRELOAD_SUITES    := $(PRELOAD_NAMES:%=$(PRELOAD_OUT)/test_%)
# What the suites share: all that is beside them in C.
PRELOAD_HARNESS   := $(patsubst $(PRELOAD_DIR)/%.c,$(PRELOAD_OUT)/%.o,$(filter-out $(PRELOAD_DIR)/test_%,$(wildcard $(PRELOAD_DIR)/*.c)))

# -fno-builtin: a compiler that knows malloc may leave a pair of calls out, and the scenario would test nothing.
PRELOAD_CFLAGS   := $(WARN) $(CFLAGS) -fno-builtin -pthread -I$(PRELOAD_DIR)
PRELOAD_CXXFLAGS := -std=gnu++17 -fsized-deallocation $(PRELOAD_CFLAGS)
PRELOAD_PLUGIN    = -shared -fPIC -fno-optimize-sibling-calls -Wl,-soname,$(@F)

.PHONY: preload preload-build torture
preload-build: $(PRELOAD_SCENARIOS) $(PRELOAD_PLUGINS) $(PRELOAD_SUITES)

preload: $(LIB) preload-build ## programs that do what breaks allocators, bare and under the library
	@$(RUN_SUITES) $(PRELOAD_SUITES)

$(call suites,$(PRELOAD_NAMES),$(PRELOAD_OUT),$(LIB) preload-build)

# Those that ask for it (is_torture in suite.h).
TORTURE_NAMES := $(call wanted,early storms idle filters destinations)
torture: $(LIB) cmd preload-build ## the suites of storms, for longer
	@TM_TORTURE=1 $(RUN_SUITES) $(TORTURE_NAMES:%=$(PRELOAD_OUT)/test_%)

.SECONDEXPANSION:

$(PRELOAD_OUT)/%: $(PRELOAD_DIR)/scenarios/%.c $(PRELOAD_DIR)/preload.mk $$(SCENARIO_NEEDS_$$*)
	@mkdir -p $(@D)
	$(CC) $(STD) $(PRELOAD_CFLAGS) $(SCENARIO_CFLAGS_$*) -MMD -MP $< $(SCENARIO_LDFLAGS_$*) -o $@

$(PRELOAD_OUT)/%: $(PRELOAD_DIR)/scenarios/%.cc $(PRELOAD_DIR)/preload.mk $$(SCENARIO_NEEDS_$$*)
	@mkdir -p $(@D)
	$(CXX) $(PRELOAD_CXXFLAGS) $(SCENARIO_CFLAGS_$*) -MMD -MP $< $(SCENARIO_LDFLAGS_$*) -o $@

$(PRELOAD_OUT)/%.so: $(PRELOAD_DIR)/plugins/%.c $(PRELOAD_DIR)/preload.mk $$(PLUGIN_NEEDS_$$*)
	@mkdir -p $(@D)
	$(CC) $(STD) $(PRELOAD_CFLAGS) $(PLUGIN_CFLAGS_$*) $(PRELOAD_PLUGIN) -MMD -MP $< $(PLUGIN_LDFLAGS_$*) -o $@

$(PRELOAD_OUT)/%.so: $(PRELOAD_DIR)/plugins/%.cc $(PRELOAD_DIR)/preload.mk $$(PLUGIN_NEEDS_$$*)
	@mkdir -p $(@D)
	$(CXX) $(PRELOAD_CXXFLAGS) $(PLUGIN_CFLAGS_$*) $(PRELOAD_PLUGIN) -MMD -MP $< $(PLUGIN_LDFLAGS_$*) -o $@

$(PRELOAD_HARNESS): $(PRELOAD_OUT)/%.o: $(PRELOAD_DIR)/%.c $(PRELOAD_DIR)/preload.mk
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(CFLAGS) -MMD -MP -c $< -o $@

$(PRELOAD_OUT)/test_%: $(PRELOAD_DIR)/test_%.c $(PRELOAD_HARNESS) $(PRELOAD_DIR)/preload.mk
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(CFLAGS) -MMD -MP $(filter %.c %.o,$^) -lcmocka -lm -o $@

-include $(wildcard $(PRELOAD_OUT)/*.d)

# ---- what single programs need ----

PRELOAD_ORIGIN := -Wl,-rpath,'$$ORIGIN'

SCENARIO_NEEDS_calloc_in_dlsym         := $(PRELOAD_OUT)/early.so
SCENARIO_LDFLAGS_calloc_in_dlsym       := $(PRELOAD_OUT)/early.so $(PRELOAD_ORIGIN)
SCENARIO_NEEDS_malloc_in_constructor   := $(PRELOAD_OUT)/constructor.so
SCENARIO_LDFLAGS_malloc_in_constructor := $(PRELOAD_OUT)/constructor.so $(PRELOAD_ORIGIN)
SCENARIO_LDFLAGS_alloc_under_loader_lock := $(PRELOAD_ORIGIN)
SCENARIO_LDFLAGS_dynamic_tls           := $(PRELOAD_ORIGIN)
SCENARIO_LDFLAGS_static_tls_exhausted  := $(PRELOAD_ORIGIN)
SCENARIO_CFLAGS_no_pie                 := -fno-pie -no-pie
SCENARIO_LDFLAGS_static_program        := -static
SCENARIO_LDFLAGS_deepbind_plugin       := $(PRELOAD_ORIGIN)
SCENARIO_LDFLAGS_second_namespace      := $(PRELOAD_ORIGIN)
PLUGIN_LDFLAGS_runpath_caller          := $(PRELOAD_ORIGIN) -Wl,--enable-new-dtags

PLUGIN_LDFLAGS_pool_new                := -Wl,-Bsymbolic
SCENARIO_NEEDS_foreign_new             := $(PRELOAD_OUT)/pool_new.so
SCENARIO_LDFLAGS_foreign_new           := $(PRELOAD_OUT)/pool_new.so $(PRELOAD_ORIGIN)

PRELOAD_LEDGER := $(PRELOAD_OUT)/ledger.so $(PRELOAD_ORIGIN)
$(foreach name,ledger_random ledger_sizes ledger_ages ledger_peak module_tags,\
    $(eval SCENARIO_NEEDS_$(name) := $(PRELOAD_OUT)/ledger.so) $(eval SCENARIO_LDFLAGS_$(name) = $$(PRELOAD_LEDGER)))

# ---- test_sites and its kin: functions must have names, wrappers be found with and without frame pointers ----

PRELOAD_RDYNAMIC := $(PRELOAD_ORIGIN) -rdynamic

SCENARIO_LDFLAGS_sites_exact  := -rdynamic
SCENARIO_LDFLAGS_forgetful    := -rdynamic
SCENARIO_LDFLAGS_fork_sites   := -rdynamic
SCENARIO_LDFLAGS_leaks_slowly := -rdynamic
SCENARIO_LDFLAGS_many_sites   := -rdynamic
SCENARIO_CFLAGS_wrappers      := -fomit-frame-pointer
SCENARIO_CFLAGS_wrappers_rbp  := -fno-omit-frame-pointer
PLUGIN_CFLAGS_wrapping        := -fomit-frame-pointer
PLUGIN_CFLAGS_wrapping_rbp    := -fno-omit-frame-pointer
$(foreach name,wrappers:wrapping wrappers_rbp:wrapping_rbp ruled:ledger unloading:ledger,\
    $(eval words := $(subst :, ,$(name))) \
    $(eval SCENARIO_NEEDS_$(firstword $(words)) := $(PRELOAD_OUT)/$(lastword $(words)).so) \
    $(eval SCENARIO_LDFLAGS_$(firstword $(words)) = $(PRELOAD_OUT)/$(lastword $(words)).so $$(PRELOAD_RDYNAMIC)))

SCENARIO_LDFLAGS_static_cxx          := -static-libstdc++ -static-libgcc
SCENARIO_LDFLAGS_static_cxx_stripped := -static-libstdc++ -static-libgcc -s

# Whose frames are looked at: their names are in the dynamic symbols, and no call becomes a jump.
PRELOAD_FRAMES := stack_frames stack_frames_rbp stack_exceptions stack_signals stack_steps stack_small \
                  stack_coroutines stack_generated stack_plugins stack_churn stack_kinds stack_sampled
$(foreach name,$(PRELOAD_FRAMES),\
    $(eval SCENARIO_CFLAGS_$(name) := -fno-optimize-sibling-calls -fomit-frame-pointer)\
    $(eval SCENARIO_LDFLAGS_$(name) := -rdynamic -Wl,-z,now -lm $$(PRELOAD_ORIGIN)))
SCENARIO_CFLAGS_stack_frames_rbp := -fno-optimize-sibling-calls -fno-omit-frame-pointer

PRELOAD_STRICT := -Wpedantic -Wconversion -Wshadow
$(foreach name,api api_threads api_control,$(eval SCENARIO_CFLAGS_$(name)_no_pie := -fno-pie -no-pie))
SCENARIO_CFLAGS_api_strict             := -std=c11 -U_GNU_SOURCE $(PRELOAD_STRICT)
SCENARIO_CFLAGS_api_cxx                := -std=c++11 $(PRELOAD_STRICT)

# ---- test_early: whoever comes before us ----

SCENARIO_LDFLAGS_locked_malloc    := -ldl
PLUGIN_LDFLAGS_ifunc_allocates    := -Wl,-z,now
SCENARIO_NEEDS_ifunc_user         := $(PRELOAD_OUT)/ifunc_allocates.so
SCENARIO_LDFLAGS_ifunc_user       := $(PRELOAD_OUT)/ifunc_allocates.so -Wl,--no-as-needed -lm $(PRELOAD_ORIGIN)
SCENARIO_NEEDS_ifunc_user_last    := $(PRELOAD_OUT)/ifunc_allocates.so
SCENARIO_LDFLAGS_ifunc_user_last  := -Wl,--no-as-needed -lm -lrt $(PRELOAD_OUT)/ifunc_allocates.so -Wl,-z,now $(PRELOAD_ORIGIN)
SCENARIO_NEEDS_early_threads_user := $(PRELOAD_OUT)/early_threads.so
SCENARIO_LDFLAGS_early_threads_user := -Wl,--no-as-needed $(PRELOAD_OUT)/early_threads.so $(PRELOAD_ORIGIN)
