# What there is to do in this checkout. `make` alone lists it.

PYTHON ?= python3
# Test processes. Some tests run worker clusters of their own, so more than the cores is no gain.
TEST_PROCESSES ?= 2

BIN := .venv/bin
# Checks read the settings, too: those of a developer, and no developer's database.
CHECK := ENV_FILE=/dev/null DEBUG=true DATABASE_URL=sqlite:// $(BIN)/python
# Slow tests stand together in their files: who is done first takes over some of the other's.
PYTEST := $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help run install install-dev lint format test test-sqlite test-postgres screenshots bench clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: install .env ## Run the product here: web and workers, on an SQLite database. Ctrl-C stops it
	@$(BIN)/python manage.py run_local

test: lint test-sqlite test-postgres ## Run the linters and all tests, on SQLite and on PostgreSQL
	@echo "All checks and tests have passed, on SQLite and on PostgreSQL."

lint: install-dev ## Check format, style, types and that no migration is missing
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(CHECK) -m mypy .
	$(CHECK) manage.py makemigrations --check --dry-run

format: install-dev ## Format the code and mend what can be mended by itself
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

test-sqlite: install-dev ## Run all tests on SQLite
	env -u DATABASE_URL $(PYTEST)

test-postgres: install-dev ## Run all tests on PostgreSQL: TEST_DATABASE_URL, else one from a package
	$(BIN)/python -m tests.with_postgres $(PYTEST)

screenshots: install-dev ## Take screenshots of every page in each width and theme, and write an index of them
	env -u DATABASE_URL $(PYTEST) tests/browser/test_pages.py
	$(BIN)/python -m tests.browser.album

bench: .venv/requirements-bench.stamp ## Measure imports beside the database's limit and other importers: an hour, on an idle machine
	$(BIN)/python -m benchmarks.imports --json storage/benchmark.json
	@echo "To put this into docs/performance.md: $(BIN)/python -m benchmarks.imports --render storage/benchmark.json"

install: .venv/requirements.stamp ## Create .venv and install what the product runs on

install-dev: .venv/requirements-dev.stamp ## Install the development tools as well

clean: ## Remove .venv and what tools have left; databases and uploads stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.env: | .venv/bin/python
	cp .env.example .env
	$(BIN)/python -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(50))' >> .env

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

.venv/requirements.stamp: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

.venv/requirements-dev.stamp: requirements-dev.txt requirements-s3.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@ .venv/requirements.stamp

.venv/requirements-bench.stamp: benchmarks/requirements.txt .venv/requirements-dev.stamp
	$(BIN)/python -m pip install --quiet -r benchmarks/requirements.txt
	@touch $@
