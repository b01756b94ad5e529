# Every target is idempotent and says what it is doing while it takes long. Those that reach the local Azure are one
# line each: python3 -m localazure has the same words, and all that they need is Python 3.11 and, where the Pulumi CLI
# has to be built, Go. So no line can reach anything else, whatever the version of make does with the rest of the file.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Container images set it; each start of each program would then compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
PY := .venv/bin/python
STACK ?= dev
LOCAL = $(PYTHON) -m localazure
# Three workers on two cores, because a test on the real engine waits for half of its time. Files start in the order of
# collection (tests/conftest.py), because xdist's own order, by the number of tests, starts the engine's files last.
PYTEST = $(PY) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder
# Clients in other languages are for `make clients`.
ALL_TESTS = tests --ignore tests/clients --ignore tests/sdks

.PHONY: help setup up preview review evidence pack dist down env lint check test everyday test-long coverage clients docs fix bench clean

help: ## this list; python3 -m localazure has up, preview, review, evidence and down without make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t# /; s/\$$\$$/$$/' | expand -t 15

setup: ## everything the other targets need
	@$(PYTHON) engine/setup.py

up: ## the local Azure, `pulumi up` of stack dev under the policy pack, and the proof
	@$(LOCAL) up --stack $(STACK)

preview: ## what `up` would change, as a diff, under the policy pack
	@$(LOCAL) preview --stack $(STACK)

review: ## the encryption review of what `up` would change, into .review/
	@$(LOCAL) review --stack $(STACK)

evidence: ## what an auditor asks about the stack's keys, from the live cloud, into .evidence/
	@$(LOCAL) evidence --stack $(STACK)

down: ## destroy stack dev and, with the last stack, stop the local Azure; leave nothing but caches
	@$(LOCAL) down --stack $(STACK)

pack: setup ## the policy pack as a folder that needs nothing of the checkout, into .pack/
	@$(PY) -m policies.publish .pack

dist: setup ## what a release has, into .dist/: Python package, plugins, policy pack, checksums, list of components, notes
	@$(PY) -m engine.release build .dist

env: setup ## exports for any client: eval "$$(make -s env)"
	@$(PY) -m localazure start >&2
	@$(PY) -m localazure env

lint: setup ## formatting, lint, types and workflows
	@.venv/bin/ruff format --check --quiet . || { echo "check: run make fix" >&2; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy .
	@.venv/bin/zizmor --offline --quiet --persona pedantic .github/workflows template/.github/workflows
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml template/.github/workflows/*.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.azure-pipelines --regex-variant nonunicode .azuredevops/pipelines/*.yml template/.azuredevops/pipelines/*.yml

check: lint ## lint and unit tests, while you work
	@$(PYTEST) -m "not long and not engine" tests/core tests/unit tests/consistency tests/components tests/settings tests/policies

test: setup ## lint and every test but the long ones, before each push: about five minutes on two cores
	@echo "test: about five minutes on two cores"
	@$(MAKE) -j 2 lint everyday

everyday: setup
	@$(PYTEST) -m "not long" $(ALL_TESTS)

test-long: lint ## the long tests, nightly and before a release (SEED=7, SEARCH=wide)
	@echo "test-long: SEED=$${SEED:-1} SEARCH=$${SEARCH:-}"
	@$(PYTEST) -m long --costly 20 $(ALL_TESTS)

coverage: setup ## branch coverage of the product by the tests that run in this process, without the engine
	@$(PYTEST) -m "not engine" --cov --cov-report term tests/core tests/consistency tests/components tests/settings \
	  tests/policies tests/probe tests/provider tests/operate tests/review

clients: setup ## an account's life through Azure's own clients, state in Azurite, and SDKs of the packages, compiled (kept in .clients)
	@$(PY) -m pytest -q -rs -n 2 --dist loadfile tests/clients tests/sdks

# The pages lie outside .cache, which --clean empties.
docs: setup ## the documentation as a site, every link checked, into .site/
	@$(PY) docs/site.py .docs/pages
	@UV_PROJECT_ENVIRONMENT=.docs/environment .venv/bin/uv run --quiet --frozen --only-group docs zensical build --clean --strict
	@echo "docs: .site/index.html"

fix: setup ## format, and mend what the linter can
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: setup ## times and memory of previews and updates of up to 100 services (BENCH=--full: 500, BENCH=fleet: many stacks)
	@$(PY) -m tests.bench $(BENCH) --json .bench/results.json

clean: down ## down, and what setup made
	@rm -rf .venv .pulumi .clients .site .docs .cache
