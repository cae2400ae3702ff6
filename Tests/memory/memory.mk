# Secrets in all RAM of the simulated boards: images of lives, each also with wiping that does nothing.

MEMORY_SUPPORT := Tests/memory/memory_scan.c Tests/C/loopback_gateway.c $(FIRMWARE)/memory.c

# memory_image(cpu, lives, objects, link flags): build/CPU/memory/LIVES.elf
define memory_image
$(B)/$(1)/memory/$(2).elf: $(3) $(patsubst %.c,$(B)/$(1)/%.o,$(MEMORY_SUPPORT) $(CORE)) \
		$(BOARD_$(MACHINE_$(1)):%.c=$(B)/$(1)/$(FIRMWARE)/%.o) $(FIRMWARE)/$(SCRIPT_$(MACHINE_$(1))) $(FIRMWARE)/sections.ld
	@mkdir -p $$(@D)
	@$(ARM)gcc $$(CC_FLAGS_$(1)) $(LINK_FLAGS) -nostdlib -T $(SCRIPT_$(MACHINE_$(1))) $(4) $$(filter %.o,$$^) -lgcc -o $$@
endef
NO_WIPE = -Wl,--wrap=husk_wipe
define memory_images
$(call memory_image,$(1),$(2),$(3))
$(call memory_image,$(1),$(2)-no-wipe,$(3) $(B)/$(1)/Tests/memory/no_wipe.o,$(NO_WIPE))
endef
MEMORY_CPUS := m0 m3 m4
$(foreach cpu,$(MEMORY_CPUS),$(eval $(call memory_images,$(cpu),lives,$(B)/$(cpu)/Tests/memory/lives.o)))
MEMORY_LIVES := $(MEMORY_CPUS:%=$(B)/%/memory/lives.elf)

.PHONY: test-memory
test-memory: $(foreach image,$(MEMORY_LIVES),$(image) $(image:.elf=-no-wipe.elf)) ## Secrets are gone from all RAM of a board after each life
	@$(PYTHON) Tests/memory/scan.py $(MEMORY_LIVES)
