# What a person can do here. `make` or `make help` lists it.
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

help: ## List what can be done (K8S=1.34 runs on that minor of Kubernetes)
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(if $(filter kind,$(CLUSTER)),$(READY),controlplane) ## Tell the story of a summer on a real cluster, and check it (CLUSTER=kind, KEEP=1)
	@exec env CLUSTER="$(CLUSTER)" $(WITH_TESTS) -m demo

test: supported lint controlplane-if-possible ## Everything that must pass: lint, types, layers, all tests (K8S=1.34: on that minor)
	@exec $(BIN)/pytest

cluster: controlplane ## Start a cluster to play with, and print the exports for your shell
	@$(WITH_TESTS) -m controlplane start

cluster-stop: $(READY) ## End that cluster
	@$(WITH_TESTS) -m controlplane stop

kind: $(READY) ## The image on a kind cluster, as it is installed; prints the exports (BASE=, KIND_NODE_IMAGE=, KIND_CONFIG=)
	@$(WITH_TESTS) -m kind start

kind-stop: $(READY) ## Delete that cluster
	@$(WITH_TESTS) -m kind stop

e2e-kind: $(READY) ## The installed operator on real nodes: half an hour; writes its section of docs/explanation/reliability.md
	@exec $(BIN)/pytest tests/kind --write-figures docs/explanation/reliability.md

run: $(READY) ## Run the operator from the checkout against the current KUBECONFIG
	@exec $(BIN)/syncpause run

image: ## Build the image with docker, podman or buildah (IMAGE=, BASE=, RUNTIME_BASE=, ENGINE=), print its size and start
	@IMAGE="$(IMAGE)" BASE="$(BASE)" RUNTIME_BASE="$(RUNTIME_BASE)" ENGINE="$(ENGINE)" $(PYTHON) image/build.py

image-test: controlplane image ## Test that image: restricted, as any user, on other bases, at work on a real control plane
	@exec env IMAGE="$$(IMAGE="$(IMAGE)" $(PYTHON) image/build.py --name)" BASE="$(BASE)" ENGINE="$(ENGINE)" \
		$(BIN)/pytest tests/image

docs: controlplane ## Take the pictures in docs/images anew, from a real cluster
	@PYTHONPATH=tests:tests/integration $(BIN)/python -m pictures

generate: $(READY) ## Write the CRDs from the models
	@$(BIN)/syncpause crds --output crds/

verify: verify-lock controlplane ## Check that what is generated or locked is in step, and that kustomize builds
	@$(BIN)/syncpause crds --check crds/
	@bin=$$($(WITH_TESTS) -m controlplane build); \
	for folder in $$(dirname $$(find manifests -name kustomization.yaml | sort)); do \
		"$$bin/kubectl" kustomize "$$folder" > /dev/null || { echo "kustomize fails on $$folder" >&2; exit 1; }; \
	done
	@echo "CRDs, locks and manifests are in step"

verify-lock: $(READY)
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; cp requirements*.lock "$$scratch"; \
	$(COMPILE) pyproject.toml -o "$$scratch/requirements.lock" > /dev/null; \
	$(COMPILE) pyproject.toml --group dev -o "$$scratch/requirements-dev.lock" > /dev/null; \
	$(COMPILE) --group pyproject.toml:build -o "$$scratch/requirements-build.lock" > /dev/null; \
	for name in requirements*.lock; do \
		diff "$$name" "$$scratch/$$name" || { echo "$$name is not in step with pyproject.toml: run make lock" >&2; exit 1; }; \
	done

lint: $(READY) ## Style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	MYPYPATH=operator:tests $(BIN)/mypy -p controlplane -p demo -p bench -p kind
	$(BIN)/lint-imports

unit: $(READY) ## The pure tests: seconds
	@exec $(BIN)/pytest tests/unit

integration: controlplane-if-possible ## The operator's parts on the real control plane
	@exec $(BIN)/pytest tests/integration

chaos: controlplane ## Every fault, with an independent observer; writes docs/explanation/reliability.md (CHAOS_SEED=N repeats a run)
	@exec env CHAOS=full $(BIN)/pytest tests/chaos tests/oracle tests/unit/test_model.py

bench: controlplane ## Speed and cost beside the API server's limit; writes docs/explanation/performance.md (ARGS=--smoke: a small one)
	@exec env PYTHONPATH=operator:tests $(BIN)/python -m bench $(ARGS)

e2e: controlplane-if-possible ## The real process, used as a user would
	@exec $(BIN)/pytest tests/e2e

audit: $(READY) ## Look the locked dependencies up among known vulnerabilities (needs PyPI itself)
	@exec $(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock

sbom: $(READY) ## Write the bill of materials of the operator's image, sbom.cdx.json (CycloneDX)
	@exec $(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application --of JSON -o sbom.cdx.json

lock: $(READY) ## Lock the dependencies anew (UPGRADE=1 takes the newest ones)
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --group dev -o requirements-dev.lock
	$(COMPILE) --group pyproject.toml:build -o requirements-build.lock
	cd tests/controlplane && $(subst $(BIN),$(CURDIR)/$(BIN),$(COMPILE)) --only-binary :all: toolchain.in -o toolchain.lock

clean: ## Remove what was made here (the built control plane stays in the user's cache)
	@if [ -d .cluster ] && [ -x $(BIN)/python ]; then $(WITH_TESTS) -m controlplane stop; fi
	@rm -rf .venv .cluster .kind build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.egg-info' -prune -exec rm -rf {} +

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
