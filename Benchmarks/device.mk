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
$(eval $(call bench_program,exchanges,$(wildcard $(EXCHANGES)/*.c) Tests/C/loopback_gateway.c))
EXCHANGES_MEASURE := $(PYTHON) $(EXCHANGES)/exchanges.py $(B)/bench-host/exchanges $(B)/bench-host/device

.PHONY: exchanges exchanges-programs
exchanges: deps ## Bytes of every message of Husk, into Benchmarks/results/exchanges.json
	@$(MAKE) --no-print-directory exchanges-programs
	@$(EXCHANGES_MEASURE) --json $(RESULTS)/exchanges.json
exchanges-programs: $(B)/bench-host/exchanges $(B)/bench-host/device

# What bench-check looks at beside cycles, and bench-accept accepts.
BENCH_CHECKS := bench-check-bytes
.PHONY: bench-check-bytes bench-accept-bytes
bench-check-bytes: exchanges-programs
	@$(EXCHANGES_MEASURE) --check $(THRESHOLDS)/exchanges.json
bench-accept-bytes: exchanges-programs
	@$(EXCHANGES_MEASURE) --accept $(THRESHOLDS)/exchanges.json --json $(RESULTS)/exchanges.json
