# The front door; `make` alone prints what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin
PYTEST_ARGS ?=

.PHONY: help install engine image jars run demo test test-fast gvisor test-gvisor test-oracle check lint type bench bench-gpu clean

help:  ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install:  ## Make .venv with everything pinned
	@scripts/venv.sh

engine:  ## Make sure that a Docker Engine answers: install and start Debian's where none does
	@scripts/engine.sh

image: engine  ## Build the sandbox image (and its base, where no registry has it) if its sources changed
	@scripts/image.sh

jars: install  ## Java and jars for Spark outside the image (tests, driver `process`)
	@scripts/jars.sh

run:  ## Set up and start the server
	@scripts/run.sh

demo: install  ## With the server up: walk a first session, write its pictures to demo/
	@$(BIN)/geoscope demo --folder demo

test: install image jars  ## Set up and run every test
	@scripts/test.sh $(PYTEST_ARGS)

test-fast: install  ## The tests that need neither engine nor Spark
	@$(BIN)/python -m pytest -m "not docker and not spark and not e2e" $(PYTEST_ARGS)

gvisor: engine  ## Build gVisor's runsc and make it a runtime of the engine here (Go, root)
	@scripts/gvisor.sh

test-gvisor: install image gvisor  ## tests/e2e and the attacks with every scope under gVisor
	@scripts/test_gvisor.sh $(PYTEST_ARGS)

test-oracle: install  ## Compare every SQL++ case with the original, AsterixDB (163 MB, Maven, Java 17)
	@scripts/oracle.sh start
	@$(BIN)/python -m tests.oracle

check: lint test-fast  ## What to run before a commit

lint: install type  ## ruff, mypy, import rules
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports

type: install  ## mypy --strict
	@$(BIN)/mypy

bench: install image  ## Print the benchmarks' figures (bench/README.md)
	@$(BIN)/python -m bench

bench-gpu: install  ## Measure aggregation on a CUDA device, where there is one (ARGS=--require: fail where not)
	@$(BIN)/python -m bench.gpu $(ARGS)

clean:  ## Remove caches and the venv; images, containers and scopes stay
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build
