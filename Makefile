# What there is to do in this checkout. `make` alone lists it.

PYTHON ?= python3
# Test processes. Some tests run worker clusters of their own, so more than the cores is no gain.
TEST_PROCESSES ?= 2

# How often `make soak` does each kind of fault.
SOAK_SEEDS ?= 20

BIN := .venv/bin
# Checks read the settings, too: those of a developer, and no developer's database.
CHECK := ENV_FILE=/dev/null DEBUG=true DATABASE_URL=sqlite:// $(BIN)/python
# Slow tests stand together in their files: who is done first takes over some of the other's.
PYTEST := $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal
# In per cent, branches included. Counted of the quick tests on SQLite only: some tests take four times as long by it.
COVERAGE := 93
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-sqlite test-postgres test-oldest lint lint-scripts format lock screenshots soak bench install install-dev clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install .env ## Run the product here: web and workers, on an SQLite database. Ctrl-C stops it
	@$(BIN)/python manage.py run_local

test: lint test-sqlite test-postgres ## Run the linters and all tests, on SQLite and on PostgreSQL
	@echo "All checks and tests have passed, on SQLite and on PostgreSQL."

test-fast: install-dev ## Run the tests that are not slow, on SQLite: a few minutes, for the loop of editing
	env -u DATABASE_URL $(PYTEST) -m "not slow"

test-sqlite: install-dev ## Run all tests on SQLite, and report which lines no quick test runs
	env -u DATABASE_URL $(PYTEST) -m "not slow" --cov --cov-report=term --cov-fail-under=$(COVERAGE)
	env -u DATABASE_URL $(PYTEST) -m slow

test-postgres: install-dev ## Run all tests on PostgreSQL: TEST_DATABASE_URL, else one from a package
	$(BIN)/python -m tests.with_postgres $(PYTEST)

test-oldest: install-dev ## Run the tests that are not slow on the oldest versions that the ranges allow
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-oldest
	$(BIN)/uv pip install --quiet --python .venv-oldest/bin/python --resolution lowest-direct -r requirements-dev.txt
	env -u DATABASE_URL .venv-oldest/bin/python -m pytest -n $(TEST_PROCESSES) --dist worksteal -m "not slow"

lint: install-dev ## Check format, style, types, who imports whom, templates, scripts, and that no migration is missing
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint --lint --quiet .
	$(CHECK) -m mypy .
	$(CHECK) manage.py makemigrations --check --dry-run
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-scripts; \
	else echo "JavaScript and CSS were not checked: that needs Node 18 or later, and npm."; fi

lint-scripts: node_modules/.package-lock.json
	node_modules/.bin/biome lint --error-on-warnings .

format: install-dev ## Format the code and fix what can be fixed automatically
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

lock: install-dev ## Choose the newest versions that the ranges allow: the three files requirements*.lock
	$(LOCK) requirements.txt --output-file requirements.lock
	$(LOCK) requirements-s3.txt --constraint requirements.lock --output-file requirements-s3.lock
	$(LOCK) requirements-sentry.txt --constraint requirements.lock --output-file requirements-sentry.lock

screenshots: install-dev ## Take screenshots of every page in each width and theme, and write an index of them
	env -u DATABASE_URL $(PYTEST) tests/browser/test_pages.py
	$(BIN)/python -m tests.browser.album

soak: install-dev ## Do hundreds of faults to real processes on both databases, and write the table into docs/reliability.md: hours
	env -u DATABASE_URL $(BIN)/python -m tests.faults.soak --seeds $(SOAK_SEEDS) --write
	$(BIN)/python -m tests.with_postgres $(BIN)/python -m tests.faults.soak --seeds $(SOAK_SEEDS) --write

bench: .venv/requirements-bench.stamp ## Measure imports beside the database's limit and other importers: an hour, on an idle machine
	$(BIN)/python -m benchmarks.imports --json storage/benchmark.json
	@echo "To put this into docs/performance.md: $(BIN)/python -m benchmarks.imports --render storage/benchmark.json"

install: .venv/requirements.stamp ## Create .venv and install what the product runs on

install-dev: .venv/requirements-dev.stamp ## Install the development tools as well

clean: ## Remove .venv and what tools have left; databases and uploads stay
	rm -rf .venv .venv-oldest node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage* staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.env: | .venv/bin/python
	@echo "Creating .env with a secret key of its own …"
	@umask 077 && cp .env.example .env
	@$(BIN)/python -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(50))' >> .env

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed." if sys.version_info < (3, 11) else 0)'
	@echo "Creating a virtual environment in .venv …"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/requirements.stamp: requirements.lock | .venv/bin/python
	@echo "Installing what the product runs on (once; this takes a minute or two) …"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes -r requirements.lock
	@touch $@

# First what is deployed, in its exact versions, then the tools beside it.
.venv/requirements-dev.stamp: requirements-dev.txt requirements-s3.txt requirements-sentry.txt requirements.txt requirements-s3.lock | .venv/bin/python
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-s3.lock
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@ .venv/requirements.stamp

node_modules/.package-lock.json: package-lock.json
	npm ci --silent
	@touch $@

.venv/requirements-bench.stamp: benchmarks/requirements.txt .venv/requirements-dev.stamp
	$(BIN)/python -m pip install --quiet -r benchmarks/requirements.txt
	@touch $@
