# Load of a gateway: `husk load`, whose figures belong to the machine and the day.

LOAD_RESULTS := Benchmarks/results

.PHONY: load test-load
load: husk ## A gateway under load of 1 to 100,000 devices: Benchmarks/results/load.json, load_store.json
	@$(HUSK) load --devices 1,100,10000,100000 --json $(LOAD_RESULTS)/load.json
	@$(HUSK) load --devices 10000 --store $(B)/load.db --json $(LOAD_RESULTS)/load_store.json
test-load: husk ## Every operation of load; 10,000 sessions keep to 2 KB each and are back after SIGKILL
	@$(PYTHON) Tests/e2e/load_e2e.py $(HUSK) $(B)
