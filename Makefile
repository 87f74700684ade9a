# Everything a developer types. `make serve` and `make test` work in a fresh clone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: serve test check bench soak docs clean

serve: $(STAMP)  ## start the server with the bundled model: http://127.0.0.1:8080
	$(BIN)/corral serve $(ARGS)

test: $(STAMP)  ## the whole test suite
	$(BIN)/pytest $(ARGS)

check: $(STAMP)  ## style, types, import rules, unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/unit

bench: $(STAMP)  ## load a running server: make bench ARGS="--url http://127.0.0.1:8080"
	$(BIN)/corral bench $(ARGS)

soak: $(STAMP)  ## swap, ask and kill real engines for minutes: make soak ARGS="--swaps 2000 --seconds 600"
	$(BIN)/python benchmarks/soak.py $(ARGS)

docs: $(STAMP)  ## write the generated part of docs/
	$(BIN)/corral docs options > docs/reference/options.md
	$(BIN)/corral docs endpoints > docs/reference/endpoints.md
	$(BIN)/corral docs llama-server > docs/reference/llama-server.md

clean:  ## forget everything installed and generated
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# llama-cpp-python is compiled from source, for this machine: about four minutes on two cores, once.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)
