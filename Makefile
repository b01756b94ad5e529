# Every target is idempotent, says what it is doing while it takes long, and needs nothing beforehand but
# Python 3.11, make and, where the Pulumi CLI has to be built, Go.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PY := .venv/bin/python
UV_VERSION := 0.13.9
STACK ?= dev
# Three at a time on two cores: a test of the real engine spends half of its time waiting. In the order of the folders
# named, those with the longest files first: xdist's own order has them last, where workers wait for each other.
PYTEST = $(PY) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

# Runs one command in the local Azure. Every command that could reach a cloud begins with it: it starts the local
# Azure, checks that nothing else answers in its place, and leaves logins, backends and proxies of your own behind.
# Each line of a recipe stands by itself, so that no version of make can run half of one outside.
LOCALLY = $(PY) -m localazure exec --
# policy-config.yaml, checked, as the CLI takes it.
POLICY_CONFIG = $(PY) -m policies.configuration policy-config.yaml .pulumi/policy-config.json
POLICY_PACK = --policy-pack policies --policy-pack-config .pulumi/policy-config.json
SELECT_STACK = $(LOCALLY) pulumi stack select $(STACK) --create --non-interactive >/dev/null

.PHONY: help setup up preview review evidence pack down env test check clients fix bench clean

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: .venv/.synced ## everything the other targets need
	@$(PY) engine/install.py .pulumi/bin $(PY)

.venv/bin/uv:
	@command -v $(PYTHON) >/dev/null || { echo "setup: Python is missing: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "setup: $$($(PYTHON) --version) is too old: install Python 3.11 or newer, or say make PYTHON=python3.12" >&2; exit 1; }
	@echo "setup: making the virtual environment .venv" >&2
	@$(PYTHON) -m venv .venv \
	  || { echo "setup: Python's venv module is missing: on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@.venv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# Compiled once here: where Python may not write bytecode, each start of each plugin would compile again.
.venv/.synced: uv.lock pyproject.toml | .venv/bin/uv
	@echo "setup: installing the locked Python packages (half a minute the first time)" >&2
	@.venv/bin/uv sync --frozen --inexact --quiet --compile-bytecode
	@touch $@

# The account is recorded before it is bound; recorded anew at the end, the next diff shows only what changes.
up: setup ## the local Azure, `pulumi up` of stack dev under the policy pack, and the proof
	@$(SELECT_STACK)
	@$(POLICY_CONFIG)
	@$(LOCALLY) pulumi up --stack $(STACK) --yes $(POLICY_PACK)
	@$(LOCALLY) pulumi refresh --stack $(STACK) --yes --skip-preview >/dev/null
	@$(LOCALLY) $(PY) -m operate verify --stack $(STACK) --write-project
	@$(PY) -m localazure page || true

preview: setup ## what `up` would change, as a diff, under the policy pack
	@$(SELECT_STACK)
	@$(POLICY_CONFIG)
	@$(LOCALLY) pulumi preview --stack $(STACK) --diff $(POLICY_PACK)

review: setup ## the encryption review of what `up` would change, into .review/
	@$(SELECT_STACK)
	@$(LOCALLY) review/pull_request.sh $(STACK) .review

evidence: setup ## what an auditor asks about the stack's keys, from the live cloud, into .evidence/
	@$(LOCALLY) $(PY) -m operate evidence --stack $(STACK)

down: setup ## destroy stack dev, stop the local Azure, leave nothing but caches
	@[ ! -d .localazure ] || ! $(LOCALLY) pulumi stack select $(STACK) --non-interactive 2>/dev/null \
	  || { $(LOCALLY) pulumi destroy --stack $(STACK) --yes \
	       && $(LOCALLY) pulumi stack rm $(STACK) --yes --preserve-config; }
	@[ ! -d .localazure ] || $(PY) -m localazure stop
	@rm -rf .localazure .pulumi/backend .pulumi/home

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
	@$(PYTEST) tests/engine tests/lives tests/runbooks tests/provider tests/operate tests/review tests/localazure

clients: setup ## an account's life through Azure's own clients: Python, Node.js, Go, Java, az (kept in .clients)
	@$(PY) -m pytest -q -rs -n 2 tests/clients

fix: setup ## format, and mend what the linter can
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: setup ## times and memory of previews and updates of up to 100 services (BENCH=--full: 500), and of the local Azure
	@$(PY) -m tests.bench $(BENCH) --json .bench/results.json
	@$(PY) -m tests.policies.bench

clean: down ## down, and what setup made
	@rm -rf .venv .pulumi .clients
