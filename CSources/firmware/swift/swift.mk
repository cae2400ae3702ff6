# Firmware in Swift: the module Husk and programs upon it, with the options of the toolset files, for each processor.

SWIFTC ?= $(SWIFT)c
FIRMWARE_SWIFT := $(FIRMWARE)/swift
SWIFT_CPUS := m0 m3 m4
# Whose objects an image for the processor is linked from: Cortex-M0 and M0+ have the same instructions.
SWIFT_OF_m0 := m0
SWIFT_OF_m0plus := m0
SWIFT_OF_m3 := m3
SWIFT_OF_m4 := m4
TRIPLE_m0 := armv6m-none-none-eabi
TRIPLE_m3 := armv7m-none-none-eabi
TRIPLE_m4 := armv7em-none-none-eabi
EMBEDDED_SWIFT := $(PYTHON) $(FIRMWARE)/tools/embedded_swift.py

# What Package.swift sets for the targets of the package.
SWIFT_STRICT := -swift-version 6 -strict-memory-safety -warnings-as-errors -enable-upcoming-feature ExistentialAny \
	-enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature InternalImportsByDefault
SWIFT_MODULES := $(B)/swift-modules/.done
$(SWIFT_MODULES): $(FIRMWARE)/tools/embedded_swift.py
	@$(EMBEDDED_SWIFT) modules $(SWIFTC) $(@D)
	@touch $@

CHUSK_MODULE := $(wildcard CSources/CHusk/include/*.modulemap CSources/CHusk/include/husk/*.h)
# swift_flags(cpu): of all compilations for it
swift_flags = -target $(TRIPLE_$(1)) $$$$($(EMBEDDED_SWIFT) flags $(FIRMWARE_SWIFT)/toolsets/$(1).json) \
	$(SWIFT_STRICT) -parse-as-library -Xcc -fmodule-map-file=CSources/CHusk/include/module.modulemap \
	-Xcc -ICSources/CHusk/include -module-cache-path $(B)/swift-modules/cache
HUSK_SWIFT := $(wildcard Sources/Husk/*.swift)

# swift_module(cpu): build/CPU/swift/Husk.o and Husk.swiftmodule, of the sources that hosts have in common with
# microcontrollers
define swift_module
$(B)/$(1)/swift/Husk.o: $(HUSK_SWIFT) $(CHUSK_MODULE) $(SWIFT_MODULES) $(FIRMWARE_SWIFT)/toolsets/$(1).json \
		$(FIRMWARE_SWIFT)/swift.mk
	@mkdir -p $$(@D)
	@$(SWIFTC) $(call swift_flags,$(1)) -package-name husk -module-name Husk -emit-module -emit-module-path \
		$$(@:.o=.swiftmodule) -c $(HUSK_SWIFT) -o $$@
endef
$(foreach cpu,$(SWIFT_CPUS),$(eval $(call swift_module,$(cpu))))

# swift_object(cpu, module, sources, folder of its module Board): build/CPU/swift/MODULE.o
define swift_object
$(B)/$(1)/swift/$(2).o: $(3) $(B)/$(1)/swift/Husk.o $(wildcard $(FIRMWARE)/*.h $(FIRMWARE_SWIFT)/include/*)
	@$(SWIFTC) $(call swift_flags,$(1)) -I $(B)/$(1)/swift -I $(or $(4),$(FIRMWARE_SWIFT)/include) -Xcc -I$(FIRMWARE) \
		-module-name $(2) -c $(3) -o $$@
endef
SENSOR_SWIFT := $(wildcard $(FIRMWARE_SWIFT)/*.swift)
$(foreach cpu,$(SWIFT_CPUS),$(eval $(call swift_object,$(cpu),Sensor,$(SENSOR_SWIFT))))

# What a program in Swift takes of C beside the core. There is no allocator in it: what needs one does not link.
PROGRAM_SWIFT := reading.c provisioning.c simulated_flash.c memory.c aeabi.c
SWIFT_LINK_FLAGS := $(LINK_FLAGS) -Wl,-z,noexecstack -nostdlib
# swift_program(cpu, name, objects): build/CPU/NAME.elf
define swift_program
$(B)/$(1)/$(2).elf: $(3) $(B)/$(SWIFT_OF_$(1))/swift/Husk.o \
		$(addprefix $(B)/$(1)/$(FIRMWARE)/,$(PROGRAM_SWIFT:.c=.o) $(BOARD_$(MACHINE_$(1)):.c=.o)) \
		$(CORE:%.c=$(B)/$(1)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(SWIFT_LINK_FLAGS) -T $(SCRIPT_$(MACHINE_$(1))) -Wl,-Map=$$(@:.elf=.map) \
		$$(filter %.o,$$^) -lgcc -o $$@
endef
$(foreach cpu,$(IMAGE_CPUS),$(eval $(call swift_program,$(cpu),sensor_swift,$(B)/$(SWIFT_OF_$(cpu))/swift/Sensor.o)))
SWIFT_FIRMWARE := $(IMAGE_CPUS:%=$(B)/%/sensor_swift.elf)

# Size profiles: build/CPU/swift/NAME.elf of profiles/NAME.swift, for tools/size.py.
PROFILES_SWIFT := $(patsubst $(FIRMWARE_SWIFT)/profiles/%.swift,%,$(wildcard $(FIRMWARE_SWIFT)/profiles/*.swift))
define swift_profile
$(B)/$(1)/swift/$(2).elf: $(B)/$(SWIFT_OF_$(1))/swift/Profile$(2).o $(B)/$(SWIFT_OF_$(1))/swift/Husk.o \
		$(B)/$(1)/$(FIRMWARE)/memory.o $(B)/$(1)/$(FIRMWARE)/aeabi.o $(CORE:%.c=$(B)/$(1)/%.o)
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(SWIFT_LINK_FLAGS) -Wl,-e,profile -Wl,-Map=$$(@:.elf=.map) $$^ -lgcc -o $$@
endef
$(foreach name,$(PROFILES_SWIFT),$(foreach cpu,$(SWIFT_CPUS),$(eval \
	$(call swift_object,$(cpu),Profile$(name),$(FIRMWARE_SWIFT)/profiles/$(name).swift))))
$(foreach name,$(PROFILES_SWIFT),$(foreach cpu,$(SIZE_CPUS),$(eval $(call swift_profile,$(cpu),$(name)))))
SWIFT_PROFILE_IMAGES := $(foreach cpu,$(SIZE_CPUS),$(PROFILES_SWIFT:%=$(B)/$(cpu)/swift/%.elf))
SIZE_INPUTS += $(SWIFT_PROFILE_IMAGES)
size-report test-structure: $(SWIFT_PROFILE_IMAGES)

.PHONY: firmware-swift
firmware-swift: $(SWIFT_FIRMWARE) ## Build the sensor in Embedded Swift

# The device of README.md.
$(eval $(call swift_object,m4,ReadmeDevice,Tests/readme/swift/Device.swift,Tests/readme/swift))
test-readme: $(B)/m4/swift/ReadmeDevice.o

# What must not link: a firmware that allocates.
$(eval $(call swift_object,m0,Allocates,Tests/embedded_swift/Allocates.swift))
ALLOCATES := $(B)/m0/swift/Allocates.o \
	$(addprefix $(B)/m0/$(FIRMWARE)/,$(PROGRAM_SWIFT:.c=.o) $(BOARD_microbit:.c=.o))
.PHONY: test-embedded-swift
test-embedded-swift: $(ALLOCATES) $(CORE:%.c=$(B)/m0/%.o) ## SwiftPM builds Husk for Cortex-M; what allocates does not link
	@$(PYTHON) Tests/embedded_swift/embedded_swift.py $(SWIFT) $(B) -- $(ARM)gcc $(CC_FLAGS_m0) $(SWIFT_LINK_FLAGS) \
		-T $(SCRIPT_microbit) $(ALLOCATES) $(CORE:%.c=$(B)/m0/%.o) -lgcc -o $(B)/m0/allocates.elf
