# Each target does its own set-up. The environment lives in .venv/ and is rebuilt when the lock file changes.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= auto
# Fast tests wait for a part of their time: one more of them at once than there are cores.
FAST_WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Each test starts processes of our own: what they import is compiled once.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup run test test-slow test-all lint audit format bench bench-logs bench-anomaly bench-redaction bench-correlation bench-alerts bench-storm peers screenshots clean lock

setup: $(READY)

# Most of what is installed is never imported; what is, is compiled then.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Watchkeeper needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv (once, a minute or two) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

run: $(READY)
	@$(BIN)/watchkeeper run

test: $(READY)
	$(BIN)/pytest -n $(FAST_WORKERS) -m "not slow"

test-all: test test-slow

test-slow: $(READY)
	@$(BIN)/python -m tests.requirements
	@$(BIN)/python -m tests.peers
	$(BIN)/pytest -n $(WORKERS) -m slow

peers: $(READY)
	@$(BIN)/python -m tests.peers

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# Known vulnerabilities of what the lock file pins
audit: $(READY)
	@$(BIN)/python -m tests.advisories

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(READY)
	WATCHKEEPER_TEST_SCREENSHOTS=docs/images $(BIN)/pytest -q tests/e2e/test_browser.py tests/e2e/test_browser_quiet.py tests/e2e/test_browser_cards.py

bench: $(READY)
	$(BIN)/python -m tests.benchmarks

# These read public data sets from a folder of yours, as in: make bench-logs DATA=~/loghub
bench-logs: $(READY)
	$(BIN)/python -m tests.benchmarks.logs $(DATA)

bench-anomaly: $(READY)
	$(BIN)/python -m tests.benchmarks.anomaly $(DATA)

bench-redaction: $(READY)
	$(BIN)/python -m tests.benchmarks.redaction $(DATA)

# Without FILE, over streams made up on the spot
bench-correlation: $(READY)
	@$(BIN)/python -m tests.benchmarks.correlation $(FILE)

bench-alerts: $(READY)
	@$(BIN)/python -m tests.benchmarks.alerts

bench-storm: $(READY)
	@$(BIN)/python -m tests.benchmarks.storm

lock: $(READY)
	$(BIN)/python -m uv pip compile pyproject.toml --all-extras --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock

clean:
	rm -rf .venv .peers .watchkeeper .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
