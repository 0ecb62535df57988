# Everything happens in .venv; the versions are those of constraints.txt.
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: install demo test check bench clean

install: .venv/.installed

demo: install
	$(BIN)/waymark demo

test: .venv/.developing
	$(BIN)/python -m pytest --numprocesses=$(JOBS) $(TESTS)

check: .venv/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.comparing
	for name in $(filter-out __init__,$(notdir $(basename $(wildcard benchmarks/*.py)))); do \
		$(BIN)/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf .venv

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("Waymark needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv

.venv/.installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing Waymark into .venv (once; a few minutes) …"
	$(PIP) install --constraint constraints.txt --editable '.[postgres]'
	touch $@

.venv/.developing: .venv/.installed
	@echo "Adding what the tests need …"
	$(PIP) install --constraint constraints.txt --editable '.[postgres,dev,encoder]'
	touch $@

.venv/.comparing: .venv/.developing
	@echo "Adding what the benchmarks measure beside Waymark …"
	$(PIP) install --constraint constraints.txt --editable '.[postgres,dev,encoder,peers]'
	touch $@
