# The only door: what a person runs here, CI runs too. `make help` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix docs bench fuzz package sbom bench-agentdojo lock browser lint types tests-quick tests-whole
SHELL := /bin/sh

BIN := .venv/bin
PY := $(BIN)/python
STAMP := .venv/.setup-done
# One more than the two cores that the suite is measured on: stories wait for servers and a browser half of their time.
WORKERS ?= 3
PYTEST := $(PY) -m pytest
# Where a fresh machine may have Python 3.11 or newer; `make setup PYTHON=/path/to/python` overrides.
PYTHON ?=
PYTHONS := $(PYTHON) python3.13 python3.12 python3.11 python3 python
# A machine may forbid to keep compiled modules; every worker and every server of a run would compile all of them anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## install the locked dependencies and Fairkeeper itself into .venv

# Plain pip, because a fresh machine has nothing else; every file is held to the hash in the lock.
$(STAMP): requirements/dev.lock pyproject.toml
	@if [ ! -x $(PY) ]; then \
		for candidate in $(PYTHONS); do \
			if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$candidate; break; fi; \
		done; \
		if [ -z "$${found:-}" ]; then \
			echo "No Python 3.11 or newer with venv was found. Install one (Debian: apt-get install python3 python3-venv), or name it: make setup PYTHON=/path/to/python" >&2; exit 1; \
		fi; \
		echo "Creating .venv with $$found ($$("$$found" -V))"; \
		"$$found" -m venv .venv; \
	fi
	@echo "Installing what requirements/dev.lock names (a few minutes the first time)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r requirements/dev.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --no-index --editable .
	@touch $@

demo: setup ## serve the console with the sandbox on SQLite (FAIRKEEPER_PORT, 8700)
	@$(BIN)/fairkeeper demo --with-customer --agent $(ARGS)

# One core suffices for the types; the tests begin beside them.
check: setup lint ## lint, types and unit tests: under a minute, no browser, no PostgreSQL
	@$(MAKE) --no-print-directory --jobs=2 types tests-quick

lint: setup
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-logo

types: setup
	$(BIN)/mypy

# A third of the examples, other ones each time; `make test` takes all.
tests-quick: setup
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-quick} $(PYTEST) -q -n $(WORKERS) -m "not browser and not postgresql and not slow" tests/unit tests/architecture

ifdef ROOM
# One room: its folders under tests/, the test files named for it, and the examples in its code.
test: setup ## everything CI runs; `make test ROOM=deals` runs one room
	@paths=$$(find tests -type d -name '$(ROOM)' -o -type f \( -name 'test_$(ROOM).py' -o -name 'test_$(ROOM)_*.py' -o -name 'test_*_$(ROOM).py' -o -name 'test_*_$(ROOM)_*.py' \)); \
	[ ! -d src/fairkeeper/$(ROOM) ] || paths="$$paths src/fairkeeper/$(ROOM)"; \
	if [ -z "$$paths" ]; then echo "No tests are named for '$(ROOM)'." >&2; exit 2; fi; \
	$(PYTEST) --doctest-modules $(ARGS) $$paths
else
# Beside each other on two cores, as above; and what is installed waits for the network.
test:
	@$(MAKE) --no-print-directory --jobs=2 setup browser
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory --jobs=2 types tests-whole

tests-whole: setup browser
	$(PYTEST) -n $(WORKERS) --dist worksteal $(ARGS) tests
endif

fix: setup ## format, and repair what the linter can
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .

docs: setup ## build the documentation into site/
	$(PY) -m docs_build

bench: setup ## measure against the stated targets; `make bench ONLY=evidence` runs one
	@# Small systems of equations are solved slower by two threads than by one.
	OPENBLAS_NUM_THREADS=1 $(PY) -m bench $(ONLY)

# A release is held to `make fuzz SECONDS=600` of each parser.
SECONDS ?= 25
fuzz: setup ## feed broken inputs to every parser, ten minutes in all; `make fuzz ONLY=deal SECONDS=600` runs one
	$(PY) -m fuzz $(ONLY) --seconds $(SECONDS) $(ARGS)
	@[ -n "$(ONLY)" ] || HYPOTHESIS_PROFILE=deep $(PYTEST) -q tests/channels/test_openapi_examples.py

package: setup ## build the wheel, install it twice into nothing and use it (needs the package index; minutes)
	$(PY) packaging/try_install.py

sbom: setup ## write the bills of materials of both installations (CycloneDX) into build/
	$(PY) packaging/sbom.py requirements/server.lock build/sbom-server.json
	$(PY) packaging/sbom.py requirements/light.lock build/sbom-light.json

bench-agentdojo: setup ## replay AgentDojo's suites workspace and banking (installs it into build/)
	$(PY) -m bench agentdojo

lock: setup ## resolve the dependencies anew and write the hashes (after editing pyproject.toml or requirements/*.in)
	$(BIN)/uv pip compile $(LOCK_FLAGS) pyproject.toml --extra server requirements/dev.in --output-file requirements/dev.lock
	$(BIN)/uv pip compile $(LOCK_FLAGS) pyproject.toml --extra server --constraint requirements/dev.lock --output-file requirements/server.lock
	$(BIN)/uv pip compile $(LOCK_FLAGS) pyproject.toml --constraint requirements/dev.lock --output-file requirements/light.lock

# One lock for every platform and for Python 3.11 and newer, with hashes and without the address of any index.
LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade)

browser: ## install Chromium when there is none (Debian and Ubuntu)
	@.ci/browser
