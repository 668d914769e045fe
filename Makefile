# Everything a person does with this project. Needs Python 3.11+ with pip, and make.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/.ready
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)

# Where this is set, and images of Python like to set it, every process of a test compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

CIBUILDWHEEL := cibuildwheel@4.3.5

# What is compiled: modules in Cython with what they include, and those in Python that have a file of C types beside them.
CYTHON := $(shell find schemas producer consumers -name '*.pyx' -o -name '*.pxi')
C_TYPES := $(shell find schemas producer consumers -name '*.pxd')
COMPILED := $(CYTHON) $(C_TYPES) $(C_TYPES:.pxd=.py)

.PHONY: help setup demo test hunt test-pythons check up bench bench-stats wheels clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## The environment in .venv, from uv.lock

$(READY): pyproject.toml uv.lock hatch_build.py $(COMPILED)
	@[ -x "$$(command -v $(UV))" ] || PIP_ROOT_USER_ACTION=ignore $(PYTHON) -m pip install --quiet --target .uv uv
	$(UV) sync --quiet --locked --all-extras --all-groups --python "$$(command -v $(PYTHON))"
	@touch $@

demo: $(READY) ## Tasks in four processes on an embedded Kafka: spans and statistics
	$(VENV)/bin/tasker demo

test: $(READY) ## All tests, on real components; they wait for most of the time, so there are three for each of two cores
	$(VENV)/bin/pytest -n 6 --dist loadfile --no-loadscope-reorder

hunt: $(READY) ## Ten times as many examples as the tests have, and others in every run
	TEST_SCALE=10 $(VENV)/bin/pytest -n 2 --dist loadfile --hypothesis-profile random tests/unit tests/contract

test-pythons: $(READY) ## Unit and contract tests on every other supported Python of this machine
	@for python in $$(.ci/other-pythons $(UV) $(VENV)/bin/python); do \
		export UV_PROJECT_ENVIRONMENT=$(VENV)-$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])') && \
		$(UV) sync --quiet --locked --all-extras --all-groups --python $$python && \
		$$UV_PROJECT_ENVIRONMENT/bin/pytest -n 2 --dist loadfile --hypothesis-profile quick tests/unit tests/contract schemas producer consumers || exit 1; \
	done

check: $(READY) ## Lint, types, directions of imports, order of the tree
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m tests.support.house

up: $(READY) ## The whole system: containers where Docker runs, else on this machine
	@if docker info >/dev/null 2>&1; then docker compose --profile demo up --build; else $(VENV)/bin/tasker demo --keep; fi

$(VENV)/.as-released: $(READY) # the compiled modules of a release, in the place of the editable installation's
	TASKER_BUILD_NATIVE=1 $(UV) build --quiet --wheel --out-dir build
	@touch $@

bench: $(VENV)/.as-released ## All benchmarks, each with its peers in the same run
	@for name in publish stats telemetry; do $(VENV)/bin/python -m benchmarks.$$name || exit 1; done

bench-stats: $(VENV)/.as-released ## The statistics in full, with plots into docs/plots
	$(VENV)/bin/python -m benchmarks.report

wheels: $(READY) ## A release in dist: sources, a pure wheel, compiled wheels (in containers where Docker runs)
	rm -rf dist && $(UV) build --quiet --out-dir dist
	@if docker info >/dev/null 2>&1; then $(UV) tool run $(CIBUILDWHEEL) --output-dir dist dist/*.tar.gz; \
	else echo "no Docker: one compiled wheel, for this machine only" && TASKER_BUILD_NATIVE=1 $(UV) build --quiet --wheel --out-dir dist; fi
	@ls -sh1 dist

clean: ## Forget the environment and all caches
	rm -rf $(VENV) $(VENV)-3.* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
