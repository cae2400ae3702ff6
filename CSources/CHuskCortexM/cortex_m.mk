# The tables in assembly for Cortex-M, and their tests.

# The unit tests of the core once more, with these tables under the names of its own: build/CPU/cortex_m/SUITE.elf
CORTEX_M_SUITES := x25519 aes128 ccm chacha20_poly1305 sha256 hmac hkdf suites edhoc_vectors
define cortex_m_tests
$(B)/$(1)/cortex_m/%.o: %.c Makefile $(CORTEX_M)/cortex_m.mk
	@mkdir -p $$(@D)
	@$(ARM)gcc $(C_FLAGS) $$(CC_FLAGS_$(1)) -include Tests/C/cortex_m/tables.h -c $$< -o $$@
-include $$(wildcard $(B)/$(1)/cortex_m/*/*/*.d)
endef
# cortex_m_image(cpu, suite, objects, names of suites for the linker)
define cortex_m_image
$(B)/$(1)/cortex_m/$(2).elf: $(3) $(TEST_IMAGE:%.c=$(B)/$(1)/%.o) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(CORE:%.c=$(B)/$(1)/%.o) \
		$(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) --specs=nano.specs -T $(SCRIPT_$(MACHINE_$(1))) $$(filter %.o,$$^) \
		$(4) -o $$@
test-cortex-m-$(1)-$(2): $(B)/$(1)/cortex_m/$(2).elf
	@out=$$$$($$(call run,$(MACHINE_$(1)),$$<) 2>&1); code=$$$$?; \
		printf '%-12s %-16s %s\n' $(1) $(2) "$$$$out"; exit $$$$code
endef
absent = $(foreach other,$(filter-out $(1),$(LISTED_SUITES)),-Wl,--defsym=suite_$(other)=suite_absent)
$(foreach build,m0 $(BENCH_BUILDS),$(eval $(call cortex_m_tests,$(build))))
$(foreach cpu,m0 m3 m4,$(foreach suite,$(CORTEX_M_SUITES),$(eval $(call cortex_m_image,$(cpu),$(suite),\
	$(B)/$(cpu)/cortex_m/Tests/C/test_$(suite).o $(call cortex_m_objects,$(cpu)),$(call absent,$(suite))))))

# The same against the core in one image: its suite is linked in the place of x25519's, field.S in that of the ladders.
CORTEX_M_SUITE := -Wl,--defsym=suite_x25519=suite_cortex_m
$(foreach cpu,m0 m3 m4,$(B)/$(cpu)/Tests/C/cortex_m/field.o): $(wildcard $(CORTEX_M)/x25519_*.S)
$(foreach cpu,m0 m3 m4,$(eval $(call cortex_m_image,$(cpu),differential,\
	$(B)/$(cpu)/Tests/C/cortex_m/differential.o $(B)/$(cpu)/Tests/C/cortex_m/field.o \
	$(filter-out %/x25519_armv6m.o %/x25519_armv7em.o,$(call cortex_m_objects,$(cpu))),\
	$(CORTEX_M_SUITE) $(call absent,x25519))))

CORTEX_M_TESTS := $(foreach cpu,m0 m3 m4,$(CORTEX_M_SUITES:%=test-cortex-m-$(cpu)-%) test-cortex-m-$(cpu)-differential)
.PHONY: test-cortex-m $(CORTEX_M_TESTS)
test-cortex-m: $(foreach build,m33 $(CLANG_CPUS),$(call cortex_m_objects,$(build)))
test-cortex-m: $(CORTEX_M_TESTS) test-cortex-m-constant-time ## CHuskCortexM on QEMU's M0, M3 and M4, against the core

# With different secrets, for constant_time.py: build/BUILD/cortex_m/constant_time.elf
define cortex_m_constant_time
$(B)/$(1)/cortex_m/constant_time.elf: \
		$(patsubst %.c,$(B)/$(1)/%.o,Tests/C/cortex_m/constant_time.c $(BENCH_SUPPORT) $(CORE)) \
		$(call cortex_m_objects,$(1)) $(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) \
		$(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -T $(SCRIPT_$(MACHINE_$(1))) $$(filter %.o,$$^) -lgcc -o $$@
$(B)/$(1)/Tests/C/cortex_m/constant_time.o: CC_FLAGS_$(1) += -I$(BENCH)
endef
$(foreach cpu,$(IMAGE_CPUS),$(eval $(call cortex_m_constant_time,$(cpu))))
.PHONY: test-cortex-m-constant-time
test-cortex-m-constant-time: $(BENCH_PLUGIN) $(IMAGE_CPUS:%=$(B)/%/cortex_m/constant_time.elf)
	@$(PYTHON) Tests/C/cortex_m/constant_time.py $(B)

# The measured images once more with these tables: build/BUILD/bench/NAME-cortex_m.elf
define cortex_m_bench_image
$(B)/$(1)/bench/$(2)-cortex_m.elf: $(patsubst %.c,$(B)/$(1)/cortex_m/%.o,$(wildcard $(BENCH)/$(2)/*.c)) \
		$(patsubst %.c,$(B)/$(1)/%.o,$(BENCH_SUPPORT) $(CORE)) $(call cortex_m_objects,$(1)) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -T $(SCRIPT_$(MACHINE_$(1))) $$(filter %.o,$$^) -lgcc -o $$@
endef
$(foreach build,$(BENCH_BUILDS),$(foreach name,$(BENCH_MEASURED),$(eval $(call cortex_m_bench_image,$(build),$(name)))))

# And with the stack below each region painted: build/CPU/stack/device-cortex_m.elf
define cortex_m_stack_image
$(B)/$(1)/cortex_m_stack/%.o: %.c Makefile $(CORTEX_M)/cortex_m.mk
	@mkdir -p $$(@D)
	@$(ARM)gcc $(C_FLAGS) $$(CC_FLAGS_$(1)) -DBENCH_STACK -include Tests/C/cortex_m/tables.h -c $$< -o $$@
$(B)/$(1)/stack/device-cortex_m.elf: \
		$(patsubst %.c,$(B)/$(1)/cortex_m_stack/%.o,$(wildcard $(BENCH)/device/*.c) $(BENCH)/support/bench.c) \
		$(patsubst %.c,$(B)/$(1)/%.o,$(filter-out %/bench.c,$(BENCH_SUPPORT)) $(CORE)) $(call cortex_m_objects,$(1)) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -T $(SCRIPT_$(MACHINE_$(1))) $$(filter %.o,$$^) -lgcc -o $$@
$(B)/$(1)/stack/device-cortex_m.txt: $(B)/$(1)/stack/device-cortex_m.elf
	@$$(call run,$(MACHINE_$(1)),$$<) >$$@ 2>&1
-include $$(wildcard $(B)/$(1)/cortex_m_stack/*/*/*.d $(B)/$(1)/cortex_m_stack/*/*/*/*.d)
endef
$(foreach cpu,$(SIZE_CPUS),$(eval $(call cortex_m_stack_image,$(cpu))))
