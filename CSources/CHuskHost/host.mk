# The tables over libsodium, Mbed TLS and libcrypto, and their tests.

HOST_TABLES := $(wildcard CSources/CHuskHost/*.c)
HOST_LIBRARIES := -lsodium -lmbedcrypto -lcrypto -pthread

# host_tables(build, compiler, flags): build/BUILD/libhuskhost.a, and `tables`, which compares with the core's
define host_tables
$(B)/$(1)/libhuskhost.a: $(HOST_TABLES:%.c=$(B)/$(1)/%.o)
	@rm -f $$@
	@ar rcs $$@ $$^
$(B)/$(1)/tables: $(B)/$(1)/Tests/C/host/tables.o $(B)/$(1)/libhuskhost.a $(B)/$(1)/libhusk.a
	@$(2) $(3) $$^ $(HOST_LIBRARIES) -o $$@
-include $(patsubst %.c,$(B)/$(1)/%.d,$(HOST_TABLES) Tests/C/host/tables.c)
endef
$(eval $(call host_tables,gcc,$(GCC)))
$(eval $(call host_tables,clang,$(CLANG)))
$(eval $(call host_tables,sanitize,$(GCC),$(SANITIZE)))

# The unit tests of the core once more, with these tables under the names of its own.
HOSTED_TESTS := $(filter-out Tests/C/host.c,$(HOST_TESTS)) Tests/C/host/hosted.c
$(B)/hosted/%.o: %.c Makefile CSources/CHuskHost/host.mk
	@mkdir -p $(@D)
	@$(GCC) $(C_FLAGS) -include Tests/C/host/host_tables.h -O1 -g $(SANITIZE) -c $< -o $@
$(B)/hosted/tests: $(HOSTED_TESTS:%.c=$(B)/hosted/%.o) $(B)/sanitize/libhuskhost.a $(B)/sanitize/libhusk.a
	@$(GCC) $(SANITIZE) $^ $(HOST_LIBRARIES) -o $@
-include $(patsubst %.c,$(B)/hosted/%.d,$(HOSTED_TESTS))

.PHONY: test-host-tables
test-host-tables: $(addprefix $(B)/,gcc/tables clang/tables sanitize/tables hosted/tests) ## CHuskHost: vectors, and the core
	@$(B)/gcc/tables
	@$(B)/clang/tables
	@$(B)/sanitize/tables 1 300
	@$(B)/hosted/tests
