# Secrets in all RAM of the simulated boards: images of lives, each also with wiping that does nothing.

MEMORY_SUPPORT := $(addprefix Tests/,memory/memory_scan.c memory/lives_gateway.c C/loopback_gateway.c) \
	$(FIRMWARE)/memory.c

# memory_image(cpu, lives, objects, link flags): build/CPU/memory/LIVES.elf
define memory_image
$(B)/$(1)/memory/$(2).elf: $(3) $(patsubst %.c,$(B)/$(1)/%.o,$(MEMORY_SUPPORT) $(CORE)) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(SWIFT_LINK_FLAGS) -T $(SCRIPT_$(MACHINE_$(1))) $(4) $$(filter %.o,$$^) -lgcc -o $$@
endef
NO_WIPE = -Wl,--wrap=husk_wipe
define memory_images
$(call memory_image,$(1),$(2),$(3))
$(call memory_image,$(1),$(2)-no-wipe,$(3) $(B)/$(1)/Tests/memory/no_wipe.o,$(NO_WIPE))
endef
MEMORY_CPUS := m0 m3 m4
$(foreach cpu,$(MEMORY_CPUS),$(eval $(call memory_images,$(cpu),lives,$(B)/$(cpu)/Tests/memory/lives.o)))
MEMORY_LIVES := $(MEMORY_CPUS:%=$(B)/%/memory/lives.elf)

# The lives of the Swift API, in one module with it, at each level of optimisation: LIVES_SWIFT_name=level.
LIVES_SWIFT_lives_swift := -Osize
LIVES_SWIFT_lives_swift_speed := -O
LIVES_SWIFT_lives_swift_debug := -Onone
define memory_swift
$(B)/$(1)/swift/$(2).o: Tests/memory/Lives.swift $(HUSK_SWIFT) $(CHUSK_MODULE) $(SWIFT_MODULES) \
		$(FIRMWARE_SWIFT)/swift.mk $(wildcard Tests/memory/*.h Tests/memory/*.modulemap $(FIRMWARE)/*.h)
	@mkdir -p $$(@D)
	@$(SWIFTC) $(call swift_flags,$(1)) $$(LIVES_SWIFT_$(2)) -package-name husk -module-name Husk \
		-I $(FIRMWARE_SWIFT)/include -I Tests/memory -Xcc -I$(FIRMWARE) -c $(HUSK_SWIFT) $$< -o $$@
$(call memory_images,$(1),$(2),$(B)/$(1)/swift/$(2).o $(addprefix $(B)/$(1)/$(FIRMWARE)/,simulated_flash.o aeabi.o))
endef
$(foreach cpu,$(MEMORY_CPUS),$(eval $(call memory_swift,$(cpu),lives_swift)))
$(foreach name,lives_swift_speed lives_swift_debug,$(eval $(call memory_swift,m0,$(name))))
MEMORY_LIVES += $(MEMORY_CPUS:%=$(B)/%/memory/lives_swift.elf) \
	$(addprefix $(B)/m0/memory/,lives_swift_speed.elf lives_swift_debug.elf)

.PHONY: test-memory
test-memory: $(foreach image,$(MEMORY_LIVES),$(image) $(image:.elf=-no-wipe.elf)) ## Secrets are gone from all RAM of a board after each life
	@$(PYTHON) Tests/memory/scan.py $(MEMORY_LIVES)
