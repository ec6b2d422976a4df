# noisebound from a bare clone: python3 with venv, make and git are all that must be there.
#
# TORCH_INDEX  where PyTorch alone is taken from: the index that its installation page names for the processor build, a
#             much smaller download. Nothing else is ever looked up there.
# PIP_FLAGS   more options for pip, such as a proxy
# CORES       how many CPU cores the demo and the quick tests use (default: all)

SHELL := /bin/bash
PYTHON ?= python3
PIP_FLAGS ?=
TORCH_INDEX ?=
CORES ?= $(shell nproc 2>/dev/null || echo 1)

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
REFERENCE := benchmarks/.venv-reference
REFERENCE_STAMP := $(REFERENCE)/.installed
DEMOS := demo-edx demo-ct
# FULL=1: all of the published experiment instead of the small version that is laid over it.
SYNTHETIC := config/synthetic.yaml $(if $(FULL),,config/synthetic-small.yaml)
# QUICK=1: less of everything. UPDATE=1: replace the tables that belong to the project, which a quick run never does.
MEASURED := $(if $(QUICK),--quick) $(if $(UPDATE),--update)
SMK := Snakefile workflow/remembered.smk workflow/rules
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet $(PIP_FLAGS)
# Every package that a run uses is listed with its version and its SHA-256; whatever is not listed is not installed.
LOCKED := $(PIP) --require-hashes --no-deps --no-build-isolation
LOCKS := $(foreach name,build locked torch cuda,requirements/$(name).txt)
TORCH_FROM = $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))

.PHONY: help demo demo-conda test test-workflow test-faults test-cluster test-containers containers lint format benchmark calibration-study synthetic clean

help:
	@echo "make demo    run the workflow on the images in resources/demo (about 15 minutes on 2 cores)"
	@echo "make test    run the quick tests: formulas, files, pages (a few minutes; they need nothing but Python)"
	@echo "make test-workflow"
	@echo "             run the workflow itself in every way that a user may, and look at its pages in a browser where"
	@echo "             Chromium is installed (about 12 minutes on 2 cores)"
	@echo "make test-faults"
	@echo "             plan a finished run again after hundreds of random changes, and read thousands of damaged files (about"
	@echo "             10 minutes on 2 cores; it prints the seeds with which it can be repeated)"
	@echo "make test-cluster"
	@echo "             start a real Slurm on this machine (as root; installs it where it is missing), run the workflow on"
	@echo "             it, interrupt it in every way, and remove all traces (about 13 minutes on 2 busy cores)"
	@echo "make containers"
	@echo "             build the image of every step into containers/images (needs Apptainer)"
	@echo "make test-containers"
	@echo "             build all images and run the workflow in them (installs Apptainer for the time; as root on Debian)"
	@echo "make demo-conda"
	@echo "             run the demo with a conda environment per step (needs conda 24.7.1 or newer)"
	@echo "make lint    check format, types, levels of packages and the workflow"
	@echo "make format  rewrite sources in the project's format"
	@echo "make benchmark"
	@echo "             compare with the reference implementation, a U-Net and filters, and write"
	@echo "             results/benchmark/RESULTS.md (about an hour on 2 cores; QUICK=1 make benchmark: less of everything,"
	@echo "             8 minutes; UPDATE=1 make benchmark: replace benchmarks/RESULTS.md)"
	@echo "make calibration-study"
	@echo "             simulate every promise of the intervals and checks, put what was found beside it, and write"
	@echo "             results/benchmark/calibration-study.md (about 25 minutes on 2 cores; QUICK=1: a minute; UPDATE=1: replace"
	@echo "             docs/calibration-study.md)"
	@echo "make synthetic"
	@echo "             the published synthetic experiment beside ours: random networks, U-Nets and filters (a small version,"
	@echo "             3 minutes on 2 cores; FULL=1 make synthetic: all 25 members, about an hour)"
	@echo "make clean   remove .venv and caches; results/ stays"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "noisebound needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)

# A wheel of PyTorch in a folder that pip is told of (find-links) comes before any index; its SHA-256 must be listed, too.
# Its CUDA build asks for packages that its processor build does without.
$(RUN_STAMP): $(LOCKS) pyproject.toml | $(BIN)/python
	$(LOCKED) --requirement requirements/build.txt
	$(LOCKED) --requirement requirements/locked.txt
	$(if $(TORCH_INDEX),,$(LOCKED) --no-index --requirement requirements/torch.txt 2>/dev/null ||) \
	    $(LOCKED) $(TORCH_FROM) --requirement requirements/torch.txt
	@if grep --quiet '^Requires-Dist: nvidia' $(VENV)/lib/python*/site-packages/torch-*.dist-info/METADATA; then \
	    $(LOCKED) --requirement requirements/cuda.txt; \
	fi
	$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check
	@touch $@

$(DEV_STAMP): requirements/dev.txt $(RUN_STAMP)
	$(PIP) --constraint requirements/constraints.txt --requirement requirements/dev.txt
	@touch $@

demo: $(RUN_STAMP)
	@set -e; for run in $(DEMOS); do \
	    $(BIN)/snakemake --cores $(CORES) --configfile config/$$run.yaml --quiet rules reason host; \
	done
	@$(BIN)/python -m noisebound.report.summarise $(DEMOS:%=results/%)

# The environments first, so that a channel out of reach is known before anything is computed.
demo-conda: $(RUN_STAMP)
	@$(PYTHON) envs/check_conda.py
	@set -e; for run in $(DEMOS); do for more in --conda-create-envs-only ""; do \
	    $(BIN)/snakemake --cores $(CORES) --configfile config/$$run.yaml --quiet rules reason host \
	        --software-deployment-method conda $$more; \
	done; done
	@$(BIN)/python -m noisebound.report.summarise $(DEMOS:%=results/%)

# One thread per process: there are as many processes as cores.
test: $(DEV_STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/unit --numprocesses $(CORES) --dist worksteal

test-workflow: $(DEV_STAMP)
	$(BIN)/python -m pytest tests/workflow tests/browser

# As many as fit ten minutes. NOISEBOUND_FAULTS_SEED=<number> repeats a run.
test-faults: $(DEV_STAMP)
	@export NOISEBOUND_FAULTS_SEED=$${NOISEBOUND_FAULTS_SEED:-$$RANDOM}; \
	echo "NOISEBOUND_FAULTS_SEED=$$NOISEBOUND_FAULTS_SEED"; \
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/faults --numprocesses $(CORES) --dist worksteal

containers:
	@$(PYTHON) containers/build.py --pip-flags="$(PIP_FLAGS)" --torch-index="$(TORCH_INDEX)"

test-cluster: $(DEV_STAMP)
	$(BIN)/python -m tests.cluster.slurm
	$(BIN)/python -m pytest tests/cluster

test-containers: $(DEV_STAMP)
	$(BIN)/python -m pytest tests/containers

lint: $(DEV_STAMP)
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/snakefmt --check $(SMK)
	@set -e; for run in $(DEMOS) synthetic; do $(BIN)/snakemake --lint --configfile config/$$run.yaml; done

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format --quiet .
	$(BIN)/snakefmt $(SMK)

# The reference comes without its dependencies, most of which its networks never import.
$(REFERENCE_STAMP): benchmarks/requirements.txt
	$(PYTHON) -m venv --clear $(REFERENCE)
	$(if $(TORCH_INDEX),$(REFERENCE)/bin/python -m pip install --disable-pip-version-check --quiet $(PIP_FLAGS) \
	    --require-hashes --no-deps $(TORCH_FROM) --requirement requirements/torch.txt)
	$(REFERENCE)/bin/python -m pip install --disable-pip-version-check --quiet $(PIP_FLAGS) -r $<
	$(REFERENCE)/bin/python -m pip install --disable-pip-version-check --quiet $(PIP_FLAGS) --no-deps dlsia==0.3.4
	@touch $@

benchmark: $(RUN_STAMP) $(REFERENCE_STAMP)
	$(BIN)/python -m benchmarks.run $(MEASURED)

calibration-study: $(RUN_STAMP)
	$(BIN)/python -m benchmarks.calibration_study $(MEASURED)

synthetic: $(RUN_STAMP)
	$(BIN)/snakemake --cores $(CORES) --configfile $(SYNTHETIC) --quiet rules reason host
	@$(BIN)/python -m noisebound.report.summarise results/synthetic$(if $(FULL),,-small)

clean:
	rm -rf $(VENV) $(REFERENCE) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
