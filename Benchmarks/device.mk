# What Husk's scenarios cost a device beside cycles: bytes of messages, memory, instructions on the host.

BENCH_TOOLS := Benchmarks/tools
EXCHANGES := Benchmarks/exchanges
THRESHOLDS := Benchmarks/thresholds
RESULTS := Benchmarks/results

# The scenarios on the host, which take their memcpy from memory.c too: the C library's differs from one processor to
# the next.
BENCH_HOST_FLAGS = -O2 -g
$(B)/bench-host/$(FIRMWARE)/memory.o: BENCH_HOST_FLAGS += -fno-tree-loop-distribute-patterns
$(eval $(call host_build,bench-host,$(GCC),$$(BENCH_HOST_FLAGS)))
BENCH_HOST_SUPPORT := $(BENCH_SUPPORT) $(BENCH)/support/host.c
# bench_program(name, files): build/bench-host/NAME
define bench_program
$(B)/bench-host/$(1): $(patsubst %.c,$(B)/bench-host/%.o,$(2) $(BENCH_HOST_SUPPORT)) $(B)/bench-host/libhusk.a
	@$(GCC) $$^ -o $$@
-include $(patsubst %.c,$(B)/bench-host/%.d,$(2) $(BENCH_HOST_SUPPORT))
endef
$(eval $(call bench_program,device,$(wildcard $(BENCH)/device/*.c)))
$(eval $(call bench_program,links,$(wildcard $(BENCH)/links/*.c)))
$(eval $(call bench_program,exchanges,$(wildcard $(EXCHANGES)/*.c) $(BENCH)/links/both_sides.c \
	Tests/C/loopback_gateway.c))
BENCH_PROGRAMS := $(addprefix $(B)/bench-host/,exchanges links device)
EXCHANGES_MEASURE := $(PYTHON) $(EXCHANGES)/exchanges.py $(BENCH_PROGRAMS)

.PHONY: exchanges exchanges-programs
exchanges: deps ## Bytes of every message of Husk, into Benchmarks/results/exchanges.json
	@$(MAKE) --no-print-directory exchanges-programs
	@$(EXCHANGES_MEASURE) --json $(RESULTS)/exchanges.json
exchanges-programs: $(BENCH_PROGRAMS)

# The same programs on every core, with the stack below each region painted: build/CPU/stack/NAME.elf
define stack_image
$(B)/$(1)/stack/%.o: %.c Makefile
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(C_FLAGS) $$(CC_FLAGS_$(1)) -DBENCH_STACK -c $$< -o $$@
$(B)/$(1)/stack/$(2).elf: $(patsubst %.c,$(B)/$(1)/stack/%.o,$(3) $(BENCH)/support/bench.c) \
		$(patsubst %.c,$(B)/$(1)/%.o,$(4) $(filter-out %/bench.c,$(BENCH_SUPPORT)) $(CORE)) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -T $(SCRIPT_$(MACHINE_$(1))) $$(filter %.o,$$^) -lgcc -o $$@
$(B)/$(1)/stack/$(2).txt: $(B)/$(1)/stack/$(2).elf
	@$$(call run,$(MACHINE_$(1)),$$<) >$$@ 2>&1
-include $(patsubst %.c,$(B)/$(1)/stack/%.d,$(3) $(BENCH)/support/bench.c)
endef
$(foreach cpu,$(SIZE_CPUS),$(eval $(call stack_image,$(cpu),device,$(wildcard $(BENCH)/device/*.c))))
$(foreach cpu,$(SIZE_CPUS),$(eval $(call stack_image,$(cpu),links,$(BENCH)/links/links.c,$(BENCH)/links/both_sides.c)))
$(foreach cpu,$(SIZE_CPUS),$(eval $(call stack_image,$(cpu),exchanges,$(wildcard $(EXCHANGES)/*.c),\
	$(BENCH)/links/both_sides.c Tests/C/loopback_gateway.c)))

MEMORY := $(PYTHON) $(BENCH_TOOLS)/memory.py $(B)
.PHONY: memory memory-inputs
memory: deps ## Flash, RAM, state and stack by profile and core, into Benchmarks/results/memory.json
	@$(MAKE) --no-print-directory size-report
	@$(MEMORY) --json $(RESULTS)/memory.json
memory-inputs: $(SIZE_INPUTS)

HOST_PROGRAMS := $(addprefix $(B)/bench-host/,device links)
HOST_MEASURE := $(PYTHON) $(BENCH)/tools/host.py $(HOST_PROGRAMS)
.PHONY: instructions
instructions: deps ## Instructions of every scenario on this host, into Benchmarks/results/host_device.json
	@$(MAKE) --no-print-directory $(HOST_PROGRAMS)
	@$(HOST_MEASURE) --json $(RESULTS)/host_device.json

# Other people's assembly against what they published of it: build/CPU/bench/libbench.a is all of an image but that, the
# board, and memcpy, which is the C library's as it will have been where they measured.
define bench_archive
$(B)/$(1)/bench/libbench.a: $(patsubst %.c,$(B)/$(1)/%.o,$(filter-out %/memory.c,$(BENCH_SUPPORT)) $(CORE))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach cpu,$(BENCH_CPUS),$(eval $(call bench_archive,$(cpu))))
PUBLISHED_INPUTS := $(BENCH_PLUGIN) $(foreach cpu,$(BENCH_CPUS),$(B)/$(cpu)/bench/libbench.a \
	$(BOARD_$(MACHINE_$(cpu)):%.c=$(B)/$(cpu)/$(FIRMWARE)/%.o))
.PHONY: validate-published
validate-published: deps $(PUBLISHED_INPUTS) ## The cycle model against published counts; downloads the code they are of
	@$(PYTHON) $(BENCH)/tools/published.py $(B)

# What bench-check looks at beside cycles, and bench-accept accepts.
BENCH_CHECKS := bench-check-bytes bench-check-memory bench-check-host bench-check-swift
.PHONY: $(BENCH_CHECKS) $(BENCH_CHECKS:bench-check-%=bench-accept-%)
bench-check-bytes: exchanges-programs
	@$(EXCHANGES_MEASURE) --check $(THRESHOLDS)/exchanges.json
bench-accept-bytes: exchanges-programs
	@$(EXCHANGES_MEASURE) --accept $(THRESHOLDS)/exchanges.json --json $(RESULTS)/exchanges.json
bench-check-memory: memory-inputs
	@$(MEMORY) --check $(THRESHOLDS)
bench-accept-memory: memory-inputs
	@$(MEMORY) --accept $(THRESHOLDS) --json $(RESULTS)/memory.json
bench-check-host: $(HOST_PROGRAMS)
	@$(HOST_MEASURE) --check $(THRESHOLDS)
bench-accept-host: $(HOST_PROGRAMS)
	@$(HOST_MEASURE) --accept $(THRESHOLDS) --json $(RESULTS)/host_device.json
