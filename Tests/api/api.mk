# The public Swift API as it is listed in Tests/api, and secrets in memory in every mode of the compiler.

.PHONY: test-api api-accept test-swift-memory test-swift-alone
test-api: ## The public Swift API is the listed one
	@$(SWIFT) build $(SWIFT_BUILD) >$(B)/api.log 2>&1 || { cat $(B)/api.log; exit 1; }
	@$(PYTHON) Tests/api/api.py $(SWIFT) $(B)/swift
api-accept: ## List the public Swift API as it is now
	@$(SWIFT) build $(SWIFT_BUILD)
	@$(PYTHON) Tests/api/api.py $(SWIFT) $(B)/swift --accept
test-swift-memory: $(B)/gcc/libhusk.a ## No secret is left after the life of a Swift type, nor printed
	@$(PYTHON) Tests/swift-memory/memory.py $< $(B)/swift-memory
test-swift-alone: ## Husk without the gateway: nothing is fetched, nothing is warned of
	@$(PYTHON) Tests/api/alone.py $(SWIFT) $(B)/alone
