# The bench: each target prepares what it needs from nothing but Python 3.11+, git and make.
# Environments come from the lock files, and are touched again only when a lock or the package's
# own description has changed.

PYTHON ?= python3
ARGS ?=

DEV := .venv
RUN := .venv-demo
LOCK := .venv-lock
BIN := $(DEV)/bin
# Other libraries have an environment of their own, made when they are asked for.
BENCH := $(if $(filter --peers,$(ARGS)),.venv-peers,$(DEV))

# What the linters and mypy look at; bench is checked as the code that it is.
SOURCES := src tests tools $(wildcard bench)

# Each writes files that are kept in the repository, or compares them when told --check.
GENERATORS := tools.make_cli_docs tools.make_ranks

# pip says nothing unless it fails, and asks nothing ever.
PIP := -m pip --disable-pip-version-check --no-input -qq install
PACKAGE := --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench soak fmt generate lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(RUN)/.ready ## a realistic agent conversation, imported, mended and compiled; no network, no key
	@$(RUN)/bin/tract demo $(ARGS)
	@echo "# To go on: $(RUN)/bin/python has tract, and $(RUN)/bin/tract is the command." >&2

test: $(DEV)/.ready ## all tests, on two cores
	@HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -n 2 --inline-snapshot=disable $(ARGS)

check: $(DEV)/.ready ## all that a change must pass; what CI runs
	@echo "-- format" && $(BIN)/ruff format --check $(SOURCES)
	@echo "-- lint" && $(BIN)/ruff check $(SOURCES)
	@echo "-- types" && $(BIN)/mypy $(SOURCES)
	@echo "-- layers" && $(BIN)/lint-imports --no-logo
	@echo "-- generated files" && set -e; for g in $(GENERATORS); do $(BIN)/python -m $$g --check; done
	@echo "-- tests" && HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -n 2 --inline-snapshot=disable

bench: $(BENCH)/.ready ## the tables of figures; ARGS=--quick takes a minute, --peers adds others
	@$(BENCH)/bin/python -m bench $(ARGS)

soak: $(DEV)/.ready ## long kill, race and random-life loops
	@HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -m soak $(ARGS)
	@HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest tests/stateful $(ARGS)

fmt: $(DEV)/.ready ## format, and mend what the linter can mend
	@$(BIN)/ruff format $(SOURCES)
	@$(BIN)/ruff check --fix $(SOURCES)

generate: $(DEV)/.ready ## write the generated files again
	@set -e; for g in $(GENERATORS); do $(BIN)/python -m $$g; done

lock: $(LOCK)/.locked ## resolve the lock files again; ARGS=--upgrade takes the newest releases
	@$(LOCK)/bin/python -m tools.lock $(ARGS)

clean: ## remove environments, caches and builds
	rm -rf $(DEV) $(RUN) $(LOCK) .venv-peers build dist .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A changed lock builds its environment anew, so that nothing stays behind that the lock no longer
# names; a changed description only installs the package again.
$(DEV)/.locked: requirements/dev.txt
$(RUN)/.locked: requirements/run.txt
$(LOCK)/.locked: requirements/lock.txt
.venv-peers/.locked: requirements/peers.txt

%/.locked:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("tract needs Python 3.11 or later, this is " + sys.version.split()[0] + "; say make PYTHON=python3.11")'
	@echo "-- preparing $*"
	@$(PYTHON) -m venv --clear $*
	@$*/bin/python $(PIP) --requirement $(filter requirements/%,$^)
	@touch $@

%/.ready: %/.locked pyproject.toml
	@$*/bin/python $(PIP) $(PACKAGE)
	@touch $@
