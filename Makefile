# Each target does all of its own set-up: python3 (3.11 to 3.14, with venv) and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOWEST := .venv-lowest
SUITE := $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal

.DEFAULT_GOAL := help
.PHONY: help run test test-lowest check gate bench format clean

help:
	@echo "make run          the 10,000-node scenario: table on screen, result in results/"
	@echo "make test         the whole test suite: with the JIT, with bounds checks, without the JIT, without an etcd"
	@echo "make check        format, lint, types, layers"
	@echo "make gate         this working tree's counters against results/baseline.json, on any machine"
	@echo "make bench        every figure of speed and memory beside its bar"
	@echo "make test-lowest  the suite on the oldest versions pyproject.toml allows"

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("kscale needs Python 3.11 to 3.14, this is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...") if not (3, 11) <= sys.version_info[:2] <= (3, 14) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing kscale into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "installing the test tools into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[etcd,dask]' --group dev
	@touch $@

run: $(VENV)/installed
	@$(BIN)/kscale run alibaba-10k

# numba's disk cache does not know about bounds checks, so that pass has a folder of its own. The third
# pass hides the `etcd` extra: the tests that need it are to skip, with the reason.
test: $(VENV)/installed-dev
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(VENV)/cache-boundscheck $(SUITE) -q tests/kernels tests/mechanisms tests/clusterwide/test_simulate.py tests/clusterwide/test_faults.py
	NUMBA_DISABLE_JIT=1 $(SUITE) -q -m tiny
	PYTHONPATH=tests/without_etcd $(SUITE) -q $$(grep -rl 'import real_etcd' tests --include='test_*.py')
	$(SUITE)

test-lowest:
	@test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	@$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --constraint tests/lowest.txt --editable '.[etcd,dask]' --group dev
	$(LOWEST)/bin/python -m pytest --numprocesses=auto --dist=worksteal

check: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Counters only: they are equal on every machine, so a baseline from another one will do.
gate: $(VENV)/installed
	@$(BIN)/kscale run smoke --exact --quiet --save ci --force >/dev/null
	@$(BIN)/kscale gate baseline ci
	@$(BIN)/kscale gate ci --selftest

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/installed-dev
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(LOWEST) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
