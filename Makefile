# `make help` lists the targets. Everything runs from .venv, made from requirements.lock.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/pytest -n 3
PAGES := reference_app/frontend
PAGES_MADE_OF := $(shell find $(PAGES)/src $(PAGES)/public $(PAGES)/scripts -type f) \
	$(PAGES)/index.html $(PAGES)/vite.config.ts $(PAGES)/tsconfig.json
NODE_MODULES := $(PAGES)/node_modules/.package-lock.json
BUILD_PAGES := $(MAKE) -s frontend || \
	echo "note: the front end is not built, so its tests will be skipped" >&2

.DEFAULT_GOAL := help
.PHONY: help setup servers docker node frontend api-types loadtest test test-compose test-all check bench \
	docs format lock clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml deploy/venv.sh
	sh deploy/venv.sh "$(PYTHON)" $(VENV)
	@touch $@

setup: $(READY)  ## make .venv with exactly the locked packages

servers:  ## install PostgreSQL, Redis, nginx, PgBouncer, Prometheus and Chromium where missing
	@sh deploy/servers.sh

node:  ## install Node and npm, which build the front end, where they are missing
	@command -v npm >/dev/null || sh deploy/apt.sh nodejs npm || \
		{ echo "error: the front end is built with Node 18 or later and npm; install them" >&2; exit 1; }

docker:  ## install Docker, for the test of the compose file, where none answers and apt may
	@sh deploy/docker.sh

$(NODE_MODULES): $(PAGES)/package.json $(PAGES)/package-lock.json
	cd $(PAGES) && npm ci
	@touch $@

$(PAGES)/dist/index.html: $(NODE_MODULES) $(PAGES_MADE_OF)
	cd $(PAGES) && npm run -s build

frontend: node $(PAGES)/dist/index.html  ## build the pages that nginx hands out (needs Node 18 and npm)

api-types: setup $(NODE_MODULES)  ## write the front end's types anew from the API's document
	$(BIN)/python -m reference_app.describe > $(PAGES)/node_modules/.openapi.json
	cd $(PAGES) && npm run -s api-types < node_modules/.openapi.json

loadtest: setup servers  ## the main job: start the stack, load it, print the verdicts, write the report
	$(BIN)/hmb loadtest mixed

# Tests start hundreds of processes: what one has compiled the next one reads, though the image
# that all runs in say that nothing is to be kept.
test test-compose test-all: export PYTHONDONTWRITEBYTECODE =

test: check servers  ## static checks and every test but the long ones
	@$(BUILD_PAGES)
	$(PYTEST) -m "not long"
	@echo "not run here: the compose file under a real Docker (make test-compose), other long tests (make test-all)"

# No workers: a Docker of the test's own lives in the namespaces of the thread that started it.
test-compose: setup docker  ## the compose file brought up by a real Docker; skipped, and says why, without
	$(BIN)/pytest tests/compose

test-all: check servers docker  ## every test, the long ones too
	@$(BUILD_PAGES)
	$(PYTEST)

check: setup  ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup servers  ## measure our own speed: ratios, CPU per request, memory
	@{ command -v wrk && command -v hey; } >/dev/null || sh deploy/apt.sh wrk hey || \
		{ echo "error: the benches drive load with wrk and hey; install the packages" >&2; exit 1; }
	$(BIN)/python -m tests.bench

docs: setup  ## build the documentation as a static site in build/docs
	$(BIN)/sphinx-build --fail-on-warning --keep-going --quiet --fresh-env docs build/docs
	@echo "open build/docs/index.html"

format: setup  ## rewrite the sources in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock:  ## resolve pyproject.toml into requirements.lock, and what of it the image needs (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--all-extras --no-annotate -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate -q -c requirements.lock deploy/image.in -o deploy/image.lock

clean:  ## stop the stack, remove its data, the runs and all caches (keeps .venv)
	@if [ -x $(BIN)/hmb ]; then $(BIN)/hmb down --purge; fi
	rm -rf runs build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf $(PAGES)/dist $(PAGES)/node_modules
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
