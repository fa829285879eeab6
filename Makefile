# The two commands are `make up` and `make test`; `make help` lists the others.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up down shell status test test-fast lint bench docs sandbox venv lock

STACK ?= dev
ONLY ?=
# Another one than kubernetes is simulated: examples/platforms is applied there.
PLATFORM ?= kubernetes
# Tests on the cluster mostly wait for it: one worker more than this machine has processors keeps those busy.
WORKERS ?= 3
PY := .venv/bin/python
# What Python has compiled is kept, whatever this machine's environment says: a second of each command otherwise.
unexport PYTHONDONTWRITEBYTECODE
# Commands that need the engine or the cluster run with the environment of `make shell`.
WITH_SANDBOX := $(PY) -m sandbox exec --

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv:
	@sandbox/bootstrap.sh

up: venv ## Sandbox, build, push, run and verify the sample service (STACK=dev); PLATFORM=aws-ecs, gke, azure-aci.
ifneq ($(filter kubernetes gke,$(PLATFORM)),)
	@$(PY) -m sandbox up
	@$(PY) -m sandbox images
	@$(WITH_SANDBOX) $(PY) -m delivery up --stack $(STACK)
endif
ifeq ($(PLATFORM),gke)
	@$(WITH_SANDBOX) $(PY) -m sandbox.clouds.job gke
else ifneq ($(PLATFORM),kubernetes)
	@$(PY) -m sandbox.clouds.job $(PLATFORM)
endif

down: venv ## Remove the sandbox and everything that it made. What was built stays in the cache.
	@$(PY) -m sandbox down

sandbox: venv ## Start the sandbox alone.
	@$(PY) -m sandbox up

status: venv ## Say what of the sandbox runs, and where.
	@$(PY) -m sandbox status

shell: venv ## A shell in which pulumi, caas and python find the sandbox and this checkout.
	@$(WITH_SANDBOX) $(SHELL)

lint: venv ## Style, types and generated pages.
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy .

test: lint ## Everything: unit, component, engine and cluster tests on a real sandbox.
	@$(PY) -m sandbox build engine cluster monitoring logs checks supply
	@$(PY) -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --durations 10

test-fast: lint ## What needs neither the engine nor a cluster.
	@$(PY) -m pytest -m "not engine and not cluster"

bench: venv ## Run every benchmark under tests/benchmarks (ONLY=name for one).
	@$(PY) -m sandbox up
	@$(WITH_SANDBOX) $(PY) -m tests.benchmarks $(ONLY)

docs: venv ## Regenerate the reference pages and inventories from the code.
	@$(PY) -m components.spec.schema
	@$(PY) -m components.spec.reference
	@$(PY) -m components.reference
	@$(PY) -m delivery.reference
	@$(PY) -m delivery.command_reference
	@$(PY) -m delivery.policy_reference
	@$(PY) -m tests.components.inventory --write

lock: venv ## Pin the dependencies of pyproject.toml, with hashes, in requirements.lock.
	@$(PY) -m pip install --quiet uv
	@.venv/bin/uv pip compile --quiet --no-header --python-version 3.11 --generate-hashes --all-extras \
		--output-file requirements.lock pyproject.toml
	@sed -i 's|($(CURDIR)/|(|' requirements.lock # the path of this machine
	@.venv/bin/uv pip compile --quiet --no-header --python-version 3.11 --generate-hashes \
		--output-file tests/static/checkov.lock tests/static/checkov.in
