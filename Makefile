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
# Three at a time on two cores: a test of the real engine spends half of its time waiting.
PYTEST = $(PY) -m pytest -q -n 3 --dist loadfile
# The folders are named with the longest files first. xdist's own order goes by the number of tests in a file, which is
# right for `check`; here it has the longest last, where workers wait for each other.
IN_ORDER = --no-loadscope-reorder

.PHONY: help setup up preview review evidence pack down env test check coverage clients docs pictures fix bench clean

help: ## this list; python3 -m localazure has up, preview, review, evidence and down without make
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t# /; s/\$$\$$/$$/' | expand -t 15

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

env: setup ## exports for any client: eval "$$(make -s env)"
	@$(PY) -m localazure start >&2
	@$(PY) -m localazure env

check: setup ## the fast part of the tests: lint, types, unit
	@.venv/bin/ruff format --check --quiet . || { echo "check: run make fix" >&2; exit 1; }
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy .
	@.venv/bin/zizmor --offline --quiet --persona pedantic .github/workflows
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv/bin/check-jsonschema --quiet --builtin-schema vendor.azure-pipelines --regex-variant nonunicode .azuredevops/pipelines/*.yml
	@$(PYTEST) tests/core tests/one_answer tests/unit tests/components tests/settings tests/policies

test: check ## every test
	@$(PYTEST) $(IN_ORDER) tests/operate tests/review tests/every_azure tests/unbound tests/lives tests/runbooks tests/ways_out tests/engine tests/provider tests/localazure

coverage: setup ## branch coverage of the product by the tests that run in this process, without the engine
	@$(PYTEST) $(IN_ORDER) -m "not engine" --cov --cov-report term tests/core tests/one_answer tests/components tests/settings \
	  tests/policies tests/provider tests/operate tests/review

clients: setup ## an account's life through Azure's own clients, state in Azurite, and SDKs of the packages, compiled (kept in .clients)
	@$(PY) -m pytest -q -rs -n 2 --dist loadfile tests/clients tests/sdks

docs: setup ## the documentation as a site, every link checked, into .site/
	@NO_MKDOCS_2_WARNING=1 UV_PROJECT_ENVIRONMENT=.cache/docs .venv/bin/uv run --quiet --frozen --only-group docs mkdocs build --quiet --strict
	@echo "docs: .site/index.html"

pictures: setup ## pictures of the page, the evidence and a review, from runs on the local Azure, into docs/pictures/
	@$(PY) -m tests.clients.pictures docs/pictures

fix: setup ## format, and mend what the linter can
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: setup ## times and memory of previews and updates of up to 100 services (BENCH=--full: 500, BENCH=fleet: many stacks), and of the local Azure
	@$(PY) -m tests.bench $(BENCH) --json .bench/results.json
	@$(PY) -m tests.policies.bench

clean: down ## down, and what setup made
	@rm -rf .venv .pulumi .clients .site .cache docs/pictures
