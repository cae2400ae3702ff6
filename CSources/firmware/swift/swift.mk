# Firmware in Swift: the module Husk and programs upon it, with the options of the toolset files, for each processor.

SWIFTC ?= $(SWIFT)c
FIRMWARE_SWIFT := $(FIRMWARE)/swift
SWIFT_CPUS := m0 m0plus m3 m4
TOOLSET_m0 := m0
TOOLSET_m0plus := m0
TOOLSET_m3 := m3
TOOLSET_m4 := m4
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
swift_flags = -target $(TRIPLE_$(TOOLSET_$(1))) $$$$($(EMBEDDED_SWIFT) flags $(FIRMWARE_SWIFT)/toolsets/$(TOOLSET_$(1)).json) \
	$(SWIFT_STRICT) -parse-as-library -Xcc -fmodule-map-file=CSources/CHusk/include/module.modulemap \
	-Xcc -ICSources/CHusk/include -module-cache-path $(B)/swift-modules/cache
HUSK_SWIFT := $(wildcard Sources/Husk/*.swift)

# swift_module(cpu): build/CPU/swift/Husk.o and Husk.swiftmodule, of the sources that hosts have in common with
# microcontrollers
define swift_module
$(B)/$(1)/swift/Husk.o: $(HUSK_SWIFT) $(CHUSK_MODULE) $(SWIFT_MODULES) $(FIRMWARE_SWIFT)/toolsets/$(TOOLSET_$(1)).json \
		$(FIRMWARE_SWIFT)/swift.mk
	@mkdir -p $$(@D)
	@$(SWIFTC) $(call swift_flags,$(1)) -package-name husk -module-name Husk -emit-module -emit-module-path \
		$$(@:.o=.swiftmodule) -c $(HUSK_SWIFT) -o $$@
endef
$(foreach cpu,$(SWIFT_CPUS),$(eval $(call swift_module,$(cpu))))

# swift_object(cpu, module, sources, options): build/CPU/swift/MODULE.o
define swift_object
$(B)/$(1)/swift/$(2).o: $(3) $(B)/$(1)/swift/Husk.o $(wildcard $(FIRMWARE)/*.h $(FIRMWARE_SWIFT)/include/*)
	@$(SWIFTC) $(call swift_flags,$(1)) -I $(B)/$(1)/swift -I $(FIRMWARE_SWIFT)/include -Xcc -I$(FIRMWARE) $(4) \
		-module-name $(2) -c $(3) -o $$@
endef
SENSOR_SWIFT := $(wildcard $(FIRMWARE_SWIFT)/*.swift)
$(foreach cpu,$(SWIFT_CPUS),$(eval $(call swift_object,$(cpu),Sensor,$(SENSOR_SWIFT))))

# What a program in Swift takes of C beside the core. There is no allocator in it: what needs one does not link.
PROGRAM_SWIFT := reading.c provisioning.c simulated_flash.c memory.c aeabi.c
SWIFT_LINK_FLAGS := $(LINK_FLAGS) -Wl,-z,noexecstack -nostdlib
# swift_program(cpu, name, objects): build/CPU/NAME.elf
define swift_program
$(B)/$(1)/$(2).elf: $(3) $(B)/$(1)/swift/Husk.o \
		$(addprefix $(B)/$(1)/$(FIRMWARE)/,$(PROGRAM_SWIFT:.c=.o) $(BOARD_$(MACHINE_$(1)):.c=.o)) \
		$(CORE:%.c=$(B)/$(1)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(SWIFT_LINK_FLAGS) -T $(SCRIPT_$(MACHINE_$(1))) -Wl,-Map=$$(@:.elf=.map) \
		$$(filter %.o,$$^) -lgcc -o $$@
endef
$(foreach cpu,$(IMAGE_CPUS),$(eval $(call swift_program,$(cpu),sensor_swift,$(B)/$(cpu)/swift/Sensor.o)))
SWIFT_FIRMWARE := $(IMAGE_CPUS:%=$(B)/%/sensor_swift.elf)

.PHONY: firmware-swift
firmware-swift: $(SWIFT_FIRMWARE) ## Build the sensor in Embedded Swift
