# `make bench` compares speed and memory with bare glibc, the physical limit and the peers: about ten minutes. `make
# bench-quick`: a minute, without real programs. More rows, rounds or options: BENCH="--rounds 9 --only 'pair|new'".

BENCH_DIR   := $(BUILD)/test/bench
BENCH_FLAGS := -O2 -g $(WARN)

BENCH_PROGRAMS := $(addprefix $(BENCH_DIR)/,micro micro_cxx depth tagging threads memory startup containers)
BENCH_PRELOADS := $(addprefix $(BENCH_DIR)/,pass_only.so header_only.so)

.PHONY: bench bench-quick bench-programs bench-instructions

bench: $(LIB) bench-programs ## speed and memory against bare glibc and the peers, in ten minutes
	python3 -B test/bench/bench.py --build $(BENCH_DIR) --library $(LIB) --output $(BENCH_DIR)/bench.md $(BENCH)

bench-quick: $(LIB) bench-programs ## the same in one minute, without real programs
	python3 -B test/bench/bench.py --quick --build $(BENCH_DIR) --library $(LIB) $(BENCH)

bench-instructions: $(LIB) bench-programs ## instructions of an allocation and a free, by callgrind
	test/bench/instructions.sh $(BENCH_DIR) $(LIB)
	test/bench/instructions.sh $(BENCH_DIR) $(LIB) replace-10k
	test/bench/instructions.sh $(BENCH_DIR) $(LIB) depth-15
	for case in push-pop pair-in-scope pair-for-tag; do test/bench/instructions.sh $(BENCH_DIR) $(LIB) $$case || exit 1; done

bench-programs: $(BENCH_PROGRAMS) $(BENCH_PRELOADS)

$(BENCH_DIR)/micro $(BENCH_DIR)/memory: $(BENCH_DIR)/%: test/bench/%.c $(BENCH_DIR)/sites.o test/bench/bench.h test/bench/sites.h
	$(CC) $(STD) $(BENCH_FLAGS) -fno-builtin -pthread $< $(BENCH_DIR)/sites.o -o $@

$(addprefix $(BENCH_DIR)/,depth tagging threads startup): $(BENCH_DIR)/%: test/bench/%.c test/bench/bench.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(BENCH_FLAGS) -Iinclude -fno-builtin -pthread $< -o $@

$(BENCH_DIR)/sites.o: test/bench/sites.c test/bench/sites.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(BENCH_FLAGS) -fno-builtin -c $< -o $@

$(BENCH_DIR)/micro_cxx: test/bench/micro_cxx.cc test/bench/bench.h
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(BENCH_FLAGS) $< -o $@

$(BENCH_DIR)/containers: test/bench/real/work.cc
	@mkdir -p $(@D)
	$(CXX) -std=c++17 $(BENCH_FLAGS) $< -o $@

# The yardsticks: no allocation call of theirs may become another one, nor go through the PLT.
$(BENCH_PRELOADS): $(BENCH_DIR)/%.so: test/bench/%.c test/bench/next.h
	@mkdir -p $(@D)
	$(CC) $(STD) $(BENCH_FLAGS) -fPIC -shared -fno-builtin -fvisibility=hidden -fno-semantic-interposition \
	    -fno-stack-protector -Wl,-z,noexecstack $< -o $@
