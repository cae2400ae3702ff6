# What a gateway does in a second of one core, beside TLS servers in the same process.

HOST_BENCH := Benchmarks/host
HOST_CHAINS := Benchmarks/tls/server/chains.c Benchmarks/tls/common/scenarios.c
HOST_BENCH_FILES := $(wildcard $(HOST_BENCH)/*.c CSources/CTLSPeer/*.c) $(HOST_CHAINS)
HOST_BENCH_INCLUDES := -ICSources/CTLSPeer/include -ICSources/CTLSPeer -IBenchmarks/tls/server -IBenchmarks/tls/common \
	-I$(HOST_BENCH)
HOST_BENCH_SECONDS ?= 0.15
$(B)/gateway/%.o: %.c Makefile $(HOST_BENCH)/host.mk
	@mkdir -p $(@D)
	@$(GCC) $(C_FLAGS) $(HOST_BENCH_INCLUDES) -O2 -g -c $< -o $@
$(B)/gateway/gateway: $(HOST_BENCH_FILES:%.c=$(B)/gateway/%.o) $(B)/gcc/libhuskhost.a $(B)/gcc/libhusk.a
	@$(GCC) $^ -lssl -lmbedtls -lmbedx509 $(HOST_LIBRARIES) -o $@
-include $(HOST_BENCH_FILES:%.c=$(B)/gateway/%.d)

.PHONY: bench-host bench-host-program
bench-host: deps ## What a gateway does per second, beside OpenSSL and Mbed TLS, into Benchmarks/results/host.json
	@$(MAKE) --no-print-directory bench-host-program
	@$(PYTHON) $(HOST_BENCH)/host.py $(B)/gateway/gateway --seconds $(HOST_BENCH_SECONDS) --json $(RESULTS)/host.json
bench-host-program: $(B)/gateway/gateway

# What TLS costs a client, in instructions. Functions that stand in for Mbed TLS's see which side works, and when random
# bytes are drawn.
HOST_CLIENTS_FILES := $(wildcard $(HOST_BENCH)/clients/*.c CSources/CTLSPeer/*.c) $(HOST_BENCH)/openssl_ends.c \
	$(HOST_CHAINS)
HOST_CLIENTS_WRAPPED := $(addprefix -Wl$(comma)--wrap=mbedtls_,ssl_handshake ssl_session_reset hmac_drbg_random)
$(B)/gateway/clients: $(HOST_CLIENTS_FILES:%.c=$(B)/gateway/%.o)
	@$(GCC) $(HOST_CLIENTS_WRAPPED) $^ -lssl -lcrypto -lmbedtls -lmbedx509 -lmbedcrypto -o $@
-include $(HOST_CLIENTS_FILES:%.c=$(B)/gateway/%.d)

.PHONY: instructions-tls
instructions-tls: deps ## Instructions of TLS clients on this host, into Benchmarks/results/host_tls.json
	@$(MAKE) --no-print-directory $(B)/gateway/clients
	@$(PYTHON) $(HOST_BENCH)/clients.py $(B)/gateway/clients --json $(RESULTS)/host_tls.json

# The same work by the Swift API beside C, both compiled by Swift's clang, in instructions and allocations.
SWIFT_BENCH := $(B)/benchmarks
SWIFT_BENCH_BUILD := $(SWIFT) build --package-path Benchmarks --scratch-path $(SWIFT_BENCH) -c release
COUNTS := $(PYTHON) $(HOST_BENCH)/counts.py $(SWIFT_BENCH)/release/counts

.PHONY: bench-swift bench-check-swift bench-accept-swift bench-swift-program bench-swift-time
bench-swift: deps bench-swift-program ## Instructions and allocations of the Swift API beside C, into results/swift.json
	@$(COUNTS) --json $(RESULTS)/swift.json
bench-check-swift: bench-swift-program ## Fails if Swift adds an allocation to a message, or more than 5 % instructions
	@$(COUNTS) --check $(THRESHOLDS)
bench-accept-swift: bench-swift-program
	@$(COUNTS) --accept $(THRESHOLDS) --json $(RESULTS)/swift.json
bench-swift-program:
	@$(SWIFT_BENCH_BUILD) --product counts
bench-swift-time: deps ## The same under ordo-one/benchmark, in seconds; instructions where the processor counts them
	@$(SWIFT) package --package-path Benchmarks --scratch-path $(SWIFT_BENCH) benchmark
