# `make` or `make help` lists the targets.
#
# A comment that begins with ## after a target is its help; one on a line of its own is the heading of those that follow.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
# The environment is made anew when what is locked changes, and not when only a file's date does.
READY := .venv/ready-$(shell cat requirements-dev.lock pyproject.toml | cksum | tr -cd '0-9 ' | tr ' ' -)
WITH_TESTS := PYTHONPATH=tests $(BIN)/python
# The index that this machine is set to belongs into no file: what pip is told by PIP_* stays out of the locks.
COMPILE := env -u PIP_FIND_LINKS -u UV_FIND_LINKS $(BIN)/uv pip compile --quiet --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade)

# The minor of Kubernetes whose control plane is used, for instance K8S=1.34; without it the newest that is pinned.
ifdef K8S
export SYNCPAUSE_K8S := $(K8S)
endif

.PHONY: audit bench chaos sbom help demo test cluster cluster-stop run docs generate verify lint unit integration e2e lock clean
.PHONY: image image-test kind kind-stop e2e-kind controlplane controlplane-if-possible supported verify-lock

help: ## List the targets
	@awk -F ':.*## ' '/^## /{printf "\n%s\n", substr($$0, 4)} \
		/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nK8S=1.34 runs a target on that minor of Kubernetes. docs/README.md lists the pages.\n'

## Try it, without a container engine

demo: $(if $(filter kind,$(CLUSTER)),$(READY),controlplane) ## Play a summer on a real control plane, and check each step (CLUSTER=kind, KEEP=1)
	@exec env CLUSTER="$(CLUSTER)" $(WITH_TESTS) -m demo

cluster: controlplane ## Start an empty cluster; prints the exports for your shell
	@$(WITH_TESTS) -m controlplane start

cluster-stop: $(READY) ## Stop that cluster
	@$(WITH_TESTS) -m controlplane stop

run: $(READY) ## Run the operator from the checkout against the current KUBECONFIG
	@exec $(BIN)/syncpause run

## Install it

image: ## Build the image; prints its size and start-up time (IMAGE=, BASE=, RUNTIME_BASE=, ENGINE=)
	@IMAGE="$(IMAGE)" BASE="$(BASE)" RUNTIME_BASE="$(RUNTIME_BASE)" ENGINE="$(ENGINE)" $(PYTHON) image/build.py

kind: $(READY) ## Install the image on a kind cluster; prints the exports (BASE=, KIND_NODE_IMAGE=, KIND_CONFIG=)
	@$(WITH_TESTS) -m kind start

kind-stop: $(READY) ## Delete that cluster
	@$(WITH_TESTS) -m kind stop

## Test it

test: supported lint controlplane-if-possible ## Run lint and all tests, but chaos, kind, image and bench; CI runs this
	@exec $(BIN)/pytest

lint: $(READY) ## Check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	MYPYPATH=operator:tests $(BIN)/mypy -p controlplane -p demo -p bench -p kind
	$(BIN)/lint-imports

unit: $(READY) ## Run the pure tests: seconds
	@exec $(BIN)/pytest tests/unit

integration: controlplane-if-possible ## Test the operator's parts on the real control plane
	@exec $(BIN)/pytest tests/integration

e2e: controlplane-if-possible ## Test the real process as a user would
	@exec $(BIN)/pytest tests/e2e

chaos: controlplane ## Inject every fault, with an observer: an hour; writes the reliability page (CHAOS_SEED=N repeats a run)
	@exec env CHAOS=full $(BIN)/pytest tests/chaos tests/oracle tests/unit/test_model.py

e2e-kind: $(READY) ## Test the installed operator on real nodes: half an hour; writes its section of the reliability page
	@exec $(BIN)/pytest tests/kind --write-figures docs/explanation/reliability.md

image-test: controlplane image ## Test the image: restricted, any user, other bases, on a real control plane
	@exec env IMAGE="$$(IMAGE="$(IMAGE)" $(PYTHON) image/build.py --name)" BASE="$(BASE)" ENGINE="$(ENGINE)" \
		$(BIN)/pytest tests/image

bench: controlplane ## Measure speed and cost: an hour; writes the performance page (ARGS=--smoke: minutes, no page)
	@exec env PYTHONPATH=operator:tests $(BIN)/python -m bench $(ARGS)

## Change it

generate: $(READY) ## Write crds/ from the models
	@$(BIN)/syncpause crds --output crds/

docs: controlplane ## Take the pictures in docs/images again, from a real cluster
	@PYTHONPATH=tests:tests/integration $(BIN)/python -m pictures

verify: verify-lock controlplane ## Check that generated and locked files are up to date, and that kustomize builds
	@$(BIN)/syncpause crds --check crds/
	@bin=$$($(WITH_TESTS) -m controlplane build); \
	for folder in crds $$(dirname $$(find manifests -name kustomization.yaml | sort)); do \
		"$$bin/kubectl" kustomize "$$folder" > /dev/null || { echo "kustomize fails on $$folder" >&2; exit 1; }; \
	done
	@echo "CRDs, locks and manifests are up to date"

lock: $(READY) ## Lock the dependencies again (UPGRADE=1 takes the newest versions)
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	$(COMPILE) --group pyproject.toml:build -o requirements-build.lock
	cd tests/controlplane && $(subst $(BIN),$(CURDIR)/$(BIN),$(COMPILE)) --only-binary :all: toolchain.in -o toolchain.lock

audit: $(READY) ## Look up known vulnerabilities of the locked dependencies (needs PyPI itself)
	@exec $(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

sbom: $(READY) ## Write the bill of materials of the image, sbom.cdx.json (CycloneDX)
	@exec $(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application --of JSON -o sbom.cdx.json

clean: ## Remove everything that was built here (the control plane stays in the user's cache)
	@if [ -d .cluster ] && [ -x $(BIN)/python ]; then $(WITH_TESTS) -m controlplane stop; fi
	@rm -rf .venv .cluster .kind build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.egg-info' -prune -exec rm -rf {} +

verify-lock: $(READY)
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; cp requirements*.lock "$$scratch"; \
	$(COMPILE) pyproject.toml -o "$$scratch/requirements.lock" > /dev/null; \
	$(COMPILE) pyproject.toml --group dev -o "$$scratch/requirements-dev.lock" > /dev/null; \
	$(COMPILE) --group pyproject.toml:build -o "$$scratch/requirements-build.lock" > /dev/null; \
	for name in requirements*.lock; do \
		diff "$$name" "$$scratch/$$name" || { echo "$$name differs from pyproject.toml: run make lock" >&2; exit 1; }; \
	done

controlplane: supported
	@$(WITH_TESTS) -m controlplane build > /dev/null

# A minor that is not pinned ends the run, and is no missing control plane that tests are passed over for.
supported: $(READY)
	@$(WITH_TESTS) -m controlplane minor > /dev/null

# Built here, where progress is seen, and not inside of pytest. In CI nothing may be passed over.
controlplane-if-possible: supported
	@$(WITH_TESTS) -m controlplane build > /dev/null || { \
		echo "!!! NO CONTROL PLANE (see above): what needs one is NOT tested by this run !!!" >&2; \
		[ -z "$${CI:-}" ]; }

$(READY): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { \
		echo "need Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1 || true)." \
			"Name another one: make PYTHON=/path/to/python3.13" >&2; exit 1; }
	@echo "making .venv from requirements-dev.lock" >&2
	@rm -rf .venv
	@$(PYTHON) -m venv .venv || { echo "python's venv is missing: on Debian, apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
