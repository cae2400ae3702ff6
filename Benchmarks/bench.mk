# `make bench`: every measurement, then the report. The Makefile includes this.

COST := Benchmarks/cost
COST_VENV := $(B)/cost/venv

.PHONY: bench bench-report test-cost
bench: deps ## Measure everything, and write Benchmarks/results, the report, its plots and the README's table
	@$(PYTHON) $(COST)/bench.py
bench-report: ## The report, its plots and the README's table, from the results that are there
	@$(PYTHON) $(COST)/embed.py
	@$(MAKE) --no-print-directory husk
	@$(PYTHON) Tests/interop/setup_venv.py $(COST_VENV) $(COST)/requirements.txt
	@$(COST_VENV)/bin/python3 $(COST)/report.py $(HUSK)
test-cost: husk ## husk cost, and that report and README are what the results give
	@$(PYTHON) $(COST)/tests/test_cost.py $(HUSK)
