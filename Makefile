# make run    start everything with a demo on PORT (8000), data in LETHE_DATA_DIR (./data)
# make test   run every test that this machine can run, and say which it can't
# make lint   ruff and mypy
# make bench  measure this machine against the bars of docs/performance.md
# make format let ruff format the code

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
# Prints what pyproject.toml asks for, a line each: `make` needs no tool but Python.
WANTED := import sys, tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
	print(*project["dependencies"], *(line for group in sys.argv[1:] for line in project["optional-dependencies"][group]), sep="\n")
INSTALL = PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --constraint constraints.txt --requirement

.PHONY: run test bench lint format
.DELETE_ON_ERROR:

run: export LETHE_DEMO := 1
run: $(VENV)/.for-run
	@$(BIN)/python -m config.catalogues
	@$(BIN)/python -m config.launch

test: $(VENV)/.for-test
	@$(BIN)/python -m tests.everything

bench: $(VENV)/.for-test
	@$(BIN)/python -m tests.bench

lint: $(VENV)/.for-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.for-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.for-run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what Lethe needs ..."
	@$(BIN)/python -c '$(WANTED)' > $@.txt
	@$(INSTALL) $@.txt
	@mv $@.txt $@

$(VENV)/.for-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what Lethe and its tests need ..."
	@$(BIN)/python -c '$(WANTED)' test dev > $@.txt
	@$(INSTALL) $@.txt
	@mv $@.txt $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Lethe needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module is missing (on Debian: apt install python3-venv)"; exit 1; }
