# Builds and tests all of Husk: the C core on the host and for Arm, the firmware under QEMU, the Swift package.
# Everything is built under build/.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j2
endif

B := build
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(B)/pycache
PYTHON ?= /usr/bin/python3
SWIFT ?= swift
ifndef CLANG
CLANG := $(shell command -v clang || echo "$$(dirname "$$(command -v $(SWIFT))")/clang")
endif
GCC ?= gcc
ARM := arm-none-eabi-
ARMV7A := arm-linux-gnueabihf-gcc

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Werror
INCLUDES := -ICSources/CHusk/include -ICSources/CHusk -ICSources/CHuskHost/include -ICSources/CHuskCortexM/include \
	-ICSources/firmware -ITests/C
C_FLAGS := -std=c11 $(WARNINGS) $(INCLUDES) -MMD -MP

CORE := $(wildcard CSources/CHusk/*/*.c)
SUITES := $(patsubst Tests/C/test_%.c,%,$(wildcard Tests/C/test_*.c))
LISTED_SUITES := $(shell sed -n 's/^SUITE(\(.*\))/\1/p' Tests/C/suites.h)
TEST_SUPPORT := $(filter-out Tests/C/host.c Tests/C/test_%.c,$(wildcard Tests/C/*.c))
PORTABLE_FIRMWARE := CSources/firmware/slip.c CSources/firmware/provisioning.c
HOST_TESTS := $(PORTABLE_FIRMWARE) $(TEST_SUPPORT) $(SUITES:%=Tests/C/test_%.c) Tests/C/host.c

.PHONY: help deps test demo demo-swift demo-end-to-end size clean
help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf '%-28s %s\n' "$$target" "$$text"; done

deps: ## Install the Debian packages that are missing (DEPS=skip: trust that they are there)
	@[ "$(DEPS)" = skip ] || .ci/install-packages

test: deps ## Run every test; ends with one line `N passed, N failed`
	@$(PYTHON) Tests/run.py

demo: deps ## Watch a simulated microcontroller authenticate to the gateway, and what it costs next to TLS
	@$(MAKE) --no-print-directory firmware $(if $(findstring swift,$(DEMO)),firmware-swift) husk
	@$(HUSK) demo $(DEMO)

demo-swift: ## The demo with the sensor firmware in Embedded Swift
	@$(MAKE) --no-print-directory demo DEMO="--firmware swift"

demo-end-to-end: ## A device and an application that talk through a gateway which cannot read what it carries
	@$(MAKE) --no-print-directory demo DEMO=--end-to-end

size: deps ## Print flash by room, static RAM, sizes of structs and peak stack for Cortex-M0+, M3 and M4
	@$(MAKE) --no-print-directory size-report

clean: ## Remove everything that was built
	rm -rf $(B)

# ---- The C core and its unit tests on the host ----------------------------------------------------------------------

# host_build(name, compiler, flags): objects, libhusk.a and the test program `tests` under build/NAME
define host_build
$(B)/$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	@$(2) $(C_FLAGS) $(3) -c $$< -o $$@
$(B)/$(1)/libhusk.a: $(CORE:%.c=$(B)/$(1)/%.o)
	@rm -f $$@
	@ar rcs $$@ $$^
$(B)/$(1)/tests: $(HOST_TESTS:%.c=$(B)/$(1)/%.o) $(B)/$(1)/libhusk.a
	@$(2) $(3) $$^ -o $$@
-include $(patsubst %.c,$(B)/$(1)/%.d,$(CORE) $(HOST_TESTS))
endef

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
$(eval $(call host_build,gcc,$(GCC),-O2 -g -DTEST_SLOW))
$(eval $(call host_build,clang,$(CLANG),-O2 -g -DTEST_SLOW))
$(eval $(call host_build,sanitize,$(GCC),-O1 -g -DTEST_SLOW $(SANITIZE)))

.PHONY: test-gcc test-clang test-sanitize wear
test-gcc: $(B)/gcc/tests ## C unit tests on the host, built with gcc
	@$<
test-clang: $(B)/clang/tests ## C unit tests on the host, built with clang
	@$<
test-sanitize: $(B)/sanitize/tests ## C unit tests under the address and undefined-behaviour sanitizers
	@$<

# ---- Fuzzing ---------------------------------------------------------------------------------------------------------

# One target per inbound message: Tests/fuzz/NAME.c becomes build/fuzz/bin/NAME. The core is instrumented for coverage,
# the targets are not, so that what libFuzzer counts and searches is the core.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS := $(patsubst Tests/fuzz/%.c,%,$(wildcard Tests/fuzz/*.c))
FUZZ_SUPPORT := $(wildcard Tests/fuzz/support/*.c) Tests/C/loopback_gateway.c
FUZZ_CHECKS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# The primitives take the same way for all inputs: they are neither counted nor, as test-sanitize does that, checked.
FUZZ_FLAGS = -O2 -g $(FUZZ_CHECKS) -fsanitize=fuzzer-no-link
$(B)/fuzz/CSources/CHusk/primitive/%.o: FUZZ_FLAGS = -O2 -g
$(B)/fuzz/CSources/CHusk/crypto/%.o: FUZZ_FLAGS = -O2 -g $(FUZZ_CHECKS)
$(eval $(call host_build,fuzz,$(CLANG),$$(FUZZ_FLAGS)))
FUZZ_CORE := $(B)/fuzz/libhusk.a $(PORTABLE_FIRMWARE:%.c=$(B)/fuzz/%.o)
$(B)/fuzz/harness/%.o: %.c Makefile
	@mkdir -p $(@D)
	@$(CLANG) $(C_FLAGS) -ITests/fuzz -O1 -g $(FUZZ_CHECKS) -c $< -o $@
$(B)/fuzz/libfuzz.a: $(FUZZ_SUPPORT:%.c=$(B)/fuzz/harness/%.o)
	@rm -f $@
	@ar rcs $@ $^
$(B)/fuzz/bin/%: $(B)/fuzz/harness/Tests/fuzz/%.o $(B)/fuzz/libfuzz.a $(FUZZ_CORE)
	@mkdir -p $(@D)
	@$(CLANG) -fuse-ld=lld -fsanitize=fuzzer $(FUZZ_CHECKS) $^ -o $@
.SECONDARY: $(FUZZ_TARGETS:%=$(B)/fuzz/harness/Tests/fuzz/%.o) $(FUZZ_SUPPORT:%.c=$(B)/fuzz/harness/%.o)
-include $(patsubst %.c,$(B)/fuzz/harness/%.d,$(FUZZ_TARGETS:%=Tests/fuzz/%.c) $(FUZZ_SUPPORT))

.PHONY: fuzz test-fuzz
fuzz: $(FUZZ_TARGETS:%=$(B)/fuzz/bin/%) ## Fuzz every inbound message for ten minutes; FUZZ_SECONDS=N, FUZZ="NAME ..."
	@$(PYTHON) Tests/fuzz/run.py --build $(B)/fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)
test-fuzz: $(FUZZ_TARGETS:%=$(B)/fuzz/bin/%) ## The same for ten seconds each; planted bugs are found
	@$(PYTHON) Tests/fuzz/run.py --build $(B)/fuzz --seconds 10
	@$(PYTHON) Tests/fuzz/planted.py --build $(B)/fuzz -- $(CLANG) -std=c11 $(INCLUDES) $(FUZZ_FLAGS)

wear: $(B)/gcc/tests ## Print how the flash of a device wears: programs, bytes and erases, years of life
	@$< flash_wear

# ---- Host programs beside the unit tests -------------------------------------------------------------------------------

# host_program(build, name, libraries): build/BUILD/NAME of Tests/C/host/NAME.c and the core
define host_program
$(B)/$(1)/$(2): $(B)/$(1)/Tests/C/host/$(2).o $(B)/$(1)/libhusk.a
	@$(or $(4),$(GCC)) $$^ $(3) -o $$@
-include $(B)/$(1)/Tests/C/host/$(2).d
endef
$(eval $(call host_program,gcc,differential,-lsodium -lmbedcrypto))
$(eval $(call host_program,gcc,sha256_long))

CHECKED := -g -gdwarf-4 -DHUSK_CHECK_VALGRIND
$(eval $(call host_build,checked-gcc,$(GCC),-O2 $(CHECKED)))
$(eval $(call host_build,checked-clang,$(CLANG),-Os $(CHECKED)))
$(eval $(call host_program,checked-gcc,constant_time))
$(eval $(call host_program,checked-clang,constant_time,,$(CLANG)))
VALGRIND := valgrind -q --error-exitcode=9

.PHONY: test-vectors test-differential test-constant-time test-constant-time-gcc test-constant-time-clang
test-vectors: $(B)/gcc/sha256_long ## NIST's long SHA-256 vectors
	@$< Tests/vectors/SHA256LongMsg.rsp
test-differential: $(B)/gcc/differential ## The primitives against libsodium and mbedTLS, random inputs: 10,000 each, of P-256 1,000
	@$<
test-constant-time: test-constant-time-gcc test-constant-time-clang ## No branch or address depends on a secret (valgrind)
test-constant-time-gcc test-constant-time-clang: test-constant-time-%: $(B)/checked-%/constant_time
	@$(VALGRIND) $<
	@$(VALGRIND) $< --leak >/dev/null 2>&1; [ $$? -eq 9 ] || { echo 'FAILED a planted leak was not found'; exit 1; }
	@echo 'a planted leak is found: 1 passed, 0 failed'

include CSources/CHuskHost/host.mk

# ---- Arm: the core for every processor, and images for QEMU's machines -----------------------------------------------

FIRMWARE := CSources/firmware
BOARD := startup.c semihosting.c
BOARD_microbit := $(BOARD) nrf51.c
BOARD_mps2-an385 := $(BOARD) mps2.c
BOARD_mps2-an386 := $(BOARD) mps2.c
SCRIPT_microbit := microbit.ld
SCRIPT_mps2-an385 := mps2.ld
SCRIPT_mps2-an386 := mps2.ld

ARM_FLAGS := -mthumb -Os -g -ffreestanding -ffunction-sections -fdata-sections
LINK_FLAGS := -mthumb -nostartfiles -Wl,--gc-sections -Wl,--fatal-warnings -L$(FIRMWARE)

# The processors the core is compiled for.
CPUS := m0 m0plus m3 m4 m33 armv7a
CC_FLAGS_m0 := -mcpu=cortex-m0 $(ARM_FLAGS)
CC_FLAGS_m0plus := -mcpu=cortex-m0plus $(ARM_FLAGS)
CC_FLAGS_m3 := -mcpu=cortex-m3 $(ARM_FLAGS)
CC_FLAGS_m4 := -mcpu=cortex-m4 -mfloat-abi=soft $(ARM_FLAGS)
CC_FLAGS_m33 := -mcpu=cortex-m33 -mfloat-abi=soft $(ARM_FLAGS)
CC_FLAGS_armv7a := -march=armv7-a+fp $(ARM_FLAGS)

# The Swift toolchain's clang for Arm, with the C library's headers of the other compiler.
CLANG_CPUS := m0-clang m4-clang
CLANG_ARM_FLAGS = $(ARM_FLAGS) -mfloat-abi=soft -isystem $(dir $(shell $(ARM)gcc -print-file-name=libc.a))../include
CC_FLAGS_m0-clang = --target=armv6m-none-eabi $(CLANG_ARM_FLAGS)
CC_FLAGS_m4-clang = --target=armv7em-none-eabi $(CLANG_ARM_FLAGS)

# What runs where: Cortex-M0+ code on the micro:bit too, whose M0 has the same instructions.
MACHINES := microbit mps2-an385 mps2-an386
IMAGE_CPUS := m0 m0plus m3 m4
MACHINE_m0 := microbit
MACHINE_m0plus := microbit
MACHINE_m3 := mps2-an385
MACHINE_m4 := mps2-an386
CPU_microbit := m0
CPU_mps2-an385 := m3
CPU_mps2-an386 := m4

# arm_objects(cpu, compiler): objects under build/CPU
define arm_objects
$(B)/$(1)/$(FIRMWARE)/memory.o: CC_FLAGS_$(1) += -fno-tree-loop-distribute-patterns
$(B)/$(1)/%.o: %.c Makefile
	@mkdir -p $$(@D)
	@$(2) $(C_FLAGS) $$(CC_FLAGS_$(1)) -c $$< -o $$@
$(B)/$(1)/%.o: %.S Makefile
	@mkdir -p $$(@D)
	@$(2) $$(CC_FLAGS_$(1)) -ICSources/CHuskCortexM -c $$< -o $$@
-include $$(wildcard $(B)/$(1)/*/*/*.d $(B)/$(1)/*/*/*/*.d)
endef
$(foreach cpu,$(filter-out armv7a,$(CPUS)),$(eval $(call arm_objects,$(cpu),$(ARM)gcc)))
$(eval $(call arm_objects,armv7a,$(ARMV7A)))
$(foreach cpu,$(CLANG_CPUS),$(eval $(call arm_objects,$(cpu),$(CLANG))))

# The core in one relocatable object per processor, and freestanding on the host with both compilers, for the structural
# tests.
FREESTANDING := -Os -ffreestanding -fno-pic
define core_object
$(B)/$(1)/core.o: $(CORE:%.c=$(B)/$(1)/%.o)
	@$(2) -r -nostdlib $$^ -o $$@
endef
$(foreach cpu,$(filter-out armv7a,$(CPUS)) $(CLANG_CPUS),$(eval $(call core_object,$(cpu),$(ARM)gcc)))
$(eval $(call core_object,armv7a,$(ARMV7A)))
$(eval $(call host_build,host-gcc,$(GCC),$(FREESTANDING)))
$(eval $(call host_build,host-clang,$(CLANG),$(FREESTANDING)))
$(eval $(call core_object,host-gcc,$(GCC)))
$(eval $(call core_object,host-clang,$(CLANG)))
CORE_OBJECTS := $(foreach build,$(CPUS) $(CLANG_CPUS) host-gcc host-clang,$(B)/$(build)/core.o)

.PHONY: cores firmware test-structure
cores: $(CORE_OBJECTS) ## Compile the core for Cortex-M0, M0+, M3, M4, M33 and ARMv7-A

# The tables in assembly, which images link where they refer to them.
CORTEX_M := CSources/CHuskCortexM
CORTEX_M_TABLES := $(wildcard $(CORTEX_M)/*.c $(CORTEX_M)/*.S)
cortex_m_objects = $(patsubst %.S,$(B)/$(1)/%.o,$(CORTEX_M_TABLES:%.c=$(B)/$(1)/%.o))

# program(cpu, name): build/CPU/NAME.elf of CSources/firmware/NAME.c with the core and without a C library
EXTRA_loopback := Tests/C/loopback_gateway.c
EXTRA_sensor := $(addprefix $(FIRMWARE)/,sensor_main.c endpoint.c)
EXTRA_sensor_symmetric := $(EXTRA_sensor)
EXTRA_door := $(addprefix $(FIRMWARE)/,sensor.c endpoint.c)
PROGRAM := text.c reading.c slip.c provisioning.c memory.c
define program
$(B)/$(1)/$(2).elf: $(addprefix $(B)/$(1)/$(FIRMWARE)/,$(2).o $(PROGRAM:.c=.o) $(BOARD_$(MACHINE_$(1)):.c=.o)) \
		$(patsubst %.c,$(B)/$(1)/%.o,$(EXTRA_$(2)) $(CORE)) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -T $(SCRIPT_$(MACHINE_$(1))) -Wl,-Map=$$(@:.elf=.map) \
		$$(filter %.o,$$^) -lgcc -o $$@
endef
$(foreach cpu,$(IMAGE_CPUS),$(foreach name,sensor sensor_symmetric door loopback,$(eval $(call program,$(cpu),$(name)))))

# profile(cpu, name): build/CPU/NAME.elf, which holds what CSources/firmware/NAME.c refers to and nothing else: for
# tools/size.py, not to be run. A part is a profile and one thing more, and its cost is the difference.
SIZE_CPUS := m0plus m3 m4
PROFILES := $(patsubst $(FIRMWARE)/%.c,%,$(wildcard $(FIRMWARE)/profiles/*.c $(FIRMWARE)/parts/*.c))
define profile
$(B)/$(1)/$(2).elf: $(B)/$(1)/$(FIRMWARE)/$(2).o $(B)/$(1)/$(FIRMWARE)/memory.o $(CORE:%.c=$(B)/$(1)/%.o) \
		$(call cortex_m_objects,$(1))
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -Wl,-e,profile -Wl,-Map=$$(@:.elf=.map) $$^ -lgcc -o $$@
endef
$(foreach cpu,$(SIZE_CPUS),$(foreach name,$(PROFILES),$(eval $(call profile,$(cpu),$(name)))))
PROFILE_IMAGES := $(foreach cpu,$(SIZE_CPUS),$(PROFILES:%=$(B)/$(cpu)/%.elf))

firmware: $(foreach cpu,$(IMAGE_CPUS),$(addprefix $(B)/$(cpu)/,sensor.elf sensor_symmetric.elf door.elf)) ## Build the firmware: sensor and door

# unit_image(cpu, suite): build/CPU/tests/SUITE.elf, one image per suite so that each fits the smallest board. newlib's
# setjmp and string functions are for the test harness.
TEST_IMAGE := $(TEST_SUPPORT) $(PORTABLE_FIRMWARE) $(FIRMWARE)/test_main.c
define unit_image
$(B)/$(1)/tests/$(2).elf: $(B)/$(1)/Tests/C/test_$(2).o $(TEST_IMAGE:%.c=$(B)/$(1)/%.o) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(CORE:%.c=$(B)/$(1)/%.o) \
		$(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) --specs=nano.specs -T $(SCRIPT_$(MACHINE_$(1))) $$(filter %.o,$$^) \
		$(foreach other,$(filter-out $(2),$(LISTED_SUITES)),-Wl,--defsym=suite_$(other)=suite_absent) -o $$@
endef
$(foreach cpu,m0 m3 m4,$(foreach suite,$(SUITES),$(eval $(call unit_image,$(cpu),$(suite)))))

# run(machine, image): runs an image, whose semihosting output and exit code become QEMU's
run = timeout 300 qemu-system-arm -M $(1) -display none -monitor none -serial null -semihosting-config \
	enable=on,target=native -kernel $(2) </dev/null

define test_machine
.PHONY: test-$(1) $(SUITES:%=test-$(1)-%)
test-$(1): $(SUITES:%=test-$(1)-%) ## C unit tests on QEMU's $(1)
$(SUITES:%=test-$(1)-%): test-$(1)-%: $(B)/$(CPU_$(1))/tests/%.elf
	@out=$$$$($$(call run,$(1),$$<) 2>&1); code=$$$$?; printf '%-12s %-16s %s\n' $(1) $$* "$$$$out"; exit $$$$code
endef
$(foreach machine,$(MACHINES),$(eval $(call test_machine,$(machine))))

.PHONY: test-qemu
test-qemu: $(MACHINES:%=test-%) ## C unit tests on all simulated machines; test-microbit, test-mps2-an385 or -an386 on one

.PHONY: test-loopback $(IMAGE_CPUS:%=test-loopback-%) size-report
test-loopback: $(IMAGE_CPUS:%=test-loopback-%) ## Device and gateway in one image on every machine
$(IMAGE_CPUS:%=test-loopback-%): test-loopback-%: $(B)/%/loopback.elf
	@out=$$($(call run,$(MACHINE_$*),$<) 2>&1); code=$$?; printf '%-12s %-8s %s\n' $(MACHINE_$*) $* "$$out"; exit $$code

$(B)/%/loopback.txt: $(B)/%/loopback.elf
	@$(call run,$(MACHINE_$*),$<) >$@ 2>&1

SIZE_INPUTS := $(PROFILE_IMAGES) $(foreach cpu,$(SIZE_CPUS),$(addprefix $(B)/$(cpu)/,sensor.elf \
	$(FIRMWARE)/sizes.o loopback.txt stack/device.txt stack/device-cortex_m.txt stack/links.txt stack/exchanges.txt))
size-report: $(SIZE_INPUTS)
	@$(PYTHON) $(FIRMWARE)/tools/size.py $(B)

test-structure: $(CORE_OBJECTS) $(foreach cpu,$(IMAGE_CPUS),$(B)/$(cpu)/sensor.elf $(B)/$(cpu)/sensor_swift.elf) $(PROFILE_IMAGES) ## Include direction, symbols, headers, openings, profiles
	@$(PYTHON) Tests/structure/structure.py $(B)

include $(FIRMWARE)/swift/swift.mk
include Tests/memory/memory.mk

# ---- Benchmarks: cycles on Cortex-M by a model of their timing -------------------------------------------------------

# Builds that are measured: with -Os those of the firmware, with -O2 their own.
BENCH := Benchmarks/cycles
BENCH_CPUS := m0plus m3 m4
BENCH_BUILDS := $(foreach cpu,$(BENCH_CPUS),$(cpu) $(cpu)-O2)
define bench_cpu
CC_FLAGS_$(1)-O2 := $(CC_FLAGS_$(1):-Os=-O2)
MACHINE_$(1)-O2 := $(MACHINE_$(1))
endef
$(foreach cpu,$(BENCH_CPUS),$(eval $(call bench_cpu,$(cpu))))
$(foreach cpu,$(BENCH_CPUS),$(eval $(call arm_objects,$(cpu)-O2,$(ARM)gcc)))

BENCH_PLUGIN := $(B)/cycles/cycles.so
$(BENCH_PLUGIN): $(wildcard $(BENCH)/plugin/*.[ch]) Makefile
	@mkdir -p $(@D)
	@$(GCC) -std=gnu11 -O2 $(WARNINGS) -fPIC -shared $(filter %.c,$^) -o $@

# bench_image(build, name): build/BUILD/bench/NAME.elf of Benchmarks/cycles/NAME/*.c
BENCH_IMAGES := device links routines
BENCH_SUPPORT := $(BENCH)/support/bench.c $(addprefix $(FIRMWARE)/,text.c reading.c memory.c)
define bench_image
$(B)/$(1)/bench/$(2).elf: $(patsubst %.c,$(B)/$(1)/%.o,$(wildcard $(BENCH)/$(2)/*.c) $(BENCH_SUPPORT) $(CORE)) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -T $(SCRIPT_$(MACHINE_$(1))) $$(filter %.o,$$^) -lgcc -o $$@
endef
$(foreach build,m0 $(BENCH_BUILDS),$(foreach name,$(BENCH_IMAGES),$(eval $(call bench_image,$(build),$(name)))))
BENCH_MEASURED := device links
include CSources/CHuskCortexM/cortex_m.mk
BENCH_ELFS := $(BENCH_PLUGIN) $(foreach build,$(BENCH_BUILDS),$(foreach name,$(BENCH_MEASURED),\
	$(B)/$(build)/bench/$(name).elf $(B)/$(build)/bench/$(name)-cortex_m.elf))
BENCH_RESULTS := Benchmarks/results/cycles.json
MEASURE := $(PYTHON) $(BENCH)/tools/measure.py $(B) $(BENCH_MEASURED)

# CPU (m0plus, m3, m4), OPT (empty for -Os, or -O2), TABLES (empty, or -cortex_m) and REGION choose what `make profile`
# looks at.
CPU ?= m4
OPT ?=
TABLES ?=
REGION ?= edhoc_psk/suite_0/message_4
PROFILED = $(B)/$(CPU)$(OPT)/bench/device$(TABLES)

.PHONY: cycles cycles-images profile bench-check bench-check-cycles bench-accept bench-accept-cycles test-cycles
cycles: deps ## Cycles of every scenario on Cortex-M0+, M3 and M4, into Benchmarks/results/cycles.json
	@$(MAKE) --no-print-directory cycles-images
	@$(MEASURE) --json $(BENCH_RESULTS)
cycles-images: $(BENCH_ELFS)
profile: $(BENCH_PLUGIN) $(PROFILED).elf ## Where cycles go, by function: CPU=m4 OPT=-O2 REGION=kudos/fs
	@$(PYTHON) $(BENCH)/tools/hotspots.py $(BENCH_PLUGIN) $(PROFILED).elf $(CPU) $(REGION) \
		--folded $(PROFILED).folded --svg $(PROFILED).svg
	@echo "stacks: $(PROFILED).folded, flame graph: $(PROFILED).svg"
bench-check: deps ## Fails if a scenario costs more than 1 % more than Benchmarks/thresholds says, or a message a byte
	@$(MAKE) --no-print-directory -k bench-check-cycles $(BENCH_CHECKS)
bench-check-cycles: cycles-images
	@$(MEASURE) --check Benchmarks/thresholds
bench-accept: deps ## Makes today's figures the thresholds of this compiler, and the results
	@$(MAKE) --no-print-directory bench-accept-cycles $(BENCH_CHECKS:bench-check-%=bench-accept-%)
bench-accept-cycles: cycles-images
	@$(MEASURE) --accept Benchmarks/thresholds --json $(BENCH_RESULTS)

test-cycles: $(BENCH_PLUGIN) $(IMAGE_CPUS:%=$(B)/%/bench/routines.elf) ## The cycle model against known counts
	@$(PYTHON) $(BENCH)/tools/validate.py $(B)

include Benchmarks/device.mk
include Benchmarks/tls/tls.mk
include Benchmarks/host/host.mk
include Benchmarks/bench.mk

# ---- The README's examples, and other people's implementations ----------------------------------------------------------

README_PROGRAM := $(B)/gcc/Tests/readme/example.o $(B)/gcc/Tests/readme/board.o $(B)/gcc/Tests/C/loopback_gateway.o
README_SEALED := $(B)/gcc/Tests/readme/sealed.o $(B)/gcc/Tests/readme/sealed_main.o
$(B)/gcc/readme: $(README_PROGRAM) $(B)/gcc/libhusk.a
	@$(GCC) $^ -o $@
$(B)/gcc/readme_sealed: $(README_SEALED) $(B)/gcc/libhusk.a
	@$(GCC) $^ -o $@
-include $(patsubst %.o,%.d,$(README_PROGRAM) $(README_SEALED))

.PHONY: test-readme interop
test-readme: $(B)/gcc/readme $(B)/gcc/readme_sealed ## The examples of the documentation are compiled, and those in C run
	@$(B)/gcc/readme
	@$(B)/gcc/readme_sealed
	@$(PYTHON) Tests/readme/readme.py
interop: deps ## The core against lakers, aiocoap, libcoap, and EDHOC-PSK, OSCORE and KUDOS written in Python from the texts
	@$(PYTHON) Tests/interop/run.py --build $(B)/interop --cc $(GCC)

# ---- Swift -----------------------------------------------------------------------------------------------------------

# Functions of libraries are bound when a program starts: what binds them at their first call saves registers on the stack,
# with the keys that may be in them.
SWIFT_BUILD := --scratch-path $(B)/swift -Xlinker -z -Xlinker now
HUSK := $(B)/swift/release/husk

include Tests/api/api.mk

.PHONY: docs husk test-swift test-tutorial test-end-to-end test-command-line test-envelopes
husk: ## Build the command line, build/swift/release/husk
	@$(SWIFT) build $(SWIFT_BUILD) -c release --product husk
docs: deps ## Build the documentation of the Swift modules, build/docs/all, and check every symbol and link in it
	@$(SWIFT) build $(SWIFT_BUILD) --target HuskGateway
	@$(PYTHON) Tests/docs/docs.py $(SWIFT) $(B)/swift
test-tutorial: firmware husk ## The gateway at the end of the tutorial, and a simulated board that reports to it
	@$(SWIFT) build $(SWIFT_BUILD) -c release --product TutorialGateway
	@$(PYTHON) Tests/e2e/tutorial_e2e.py $(HUSK) $(B)/swift/release/TutorialGateway $(B)
test-swift: deps ## Swift tests; of plain CoAP with aiocoap on the other side too
	@$(PYTHON) Tests/interop/setup_venv.py $(B)/interop/venv
	@HUSK_AIOCOAP=$(abspath $(B)/interop/venv/bin/python3) \
		$(PYTHON) Tests/swift_tests.py $(SWIFT) test $(SWIFT_BUILD)
test-end-to-end: firmware firmware-swift husk ## The firmware on every machine against the real gateway, on good and bad links
	@$(PYTHON) Tests/end_to_end.py $(HUSK) $(B)
test-command-line: firmware firmware-swift husk ## husk as its users run it: every figure of the demo, failures, nothing left running
	@$(PYTHON) Tests/e2e/demo_e2e.py $(HUSK) $(B)
test-envelopes: firmware husk ## Envelopes from device to application and back, through a gateway that cannot open them
	@$(PYTHON) Tests/e2e/envelopes_e2e.py $(HUSK) $(B)

include Benchmarks/load.mk
