# make compare: environment, then the whole comparison on the embedded dataset, to the report.
# make test:    environment, then the tests.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.whichgen-installed
AIRFLOW_VENV ?= .venv-airflow
AIRFLOW := $(AIRFLOW_VENV)/.installed
export PATH := $(abspath $(BIN)):$(PATH)
export DO_NOT_TRACK = 1
export DVC_NO_ANALYTICS = 1
export MLFLOW_DISABLE_TELEMETRY = true
DATASET ?= digits
# Families trained side by side: two where a run has one thread (threads in the dataset's file).
JOBS ?= $(if $(filter digits,$(DATASET)),2,1)

.PHONY: help compare test test-fast lint audit programs site-cache airflow ui viz bench bench-stream bench-serving \
  retraining-week gpu-check kill-test tune clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@$(MAKE) --no-print-directory site-cache
	@touch $@

# DVC's own choice is a folder under /var/tmp that every user of the machine may write, and DVC
# unpickles what it finds there. The address is absolute, for DVC also runs in other folders.
site-cache: ## keep DVC's state in a private folder of this project
	@mkdir -p -m 700 .dvc/site-cache && chmod 700 .dvc/site-cache
	@dvc config --local core.site_cache_dir '$(CURDIR)/.dvc/site-cache'

compare: $(STAMP) ## train and compare both families on the embedded dataset
	dvc repro extractor@$(DATASET)
	@$(MAKE) --no-print-directory --jobs=$(JOBS) cells-gan cells-dgn
	dvc repro comparison@$(DATASET)
	@echo "Report: $(abspath data/08_reporting/$(DATASET)/comparison/report.html)"
	@echo "Runs:   make ui"

# One family's cells: their stages alone, because two processes may not check the shared ones at once.
cells-%:
	dvc --wait-for-lock repro --single-item --glob '$*@$(DATASET)-*' 'evaluate-$*@$(DATASET)-*'

test: $(STAMP) programs airflow ## all tests, one process a core, four at the most
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

test-fast: $(STAMP) ## the tests without whole trainings and commands
	$(BIN)/python -m pytest -m 'not slow'

lint: $(STAMP) ## style, types, import contracts, insecure code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive src benchmarks deploy --configfile pyproject.toml

audit: $(STAMP) ## known vulnerabilities of the installed packages; asks PyPI, so it needs a network
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[audit]'
	$(BIN)/pip-audit --local --skip-editable

# What the tests run besides Python's packages: on Debian and Ubuntu as root or by sudo.
PROGRAMS := chromium pg_ctlcluster systemd-analyze crontab faketime
PACKAGES := chromium postgresql systemd cron faketime

programs: ## Chromium, PostgreSQL, systemd's checker and cron, in which the tests look at things
	@for program in $(PROGRAMS); do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	if [ -z "$$missing" ]; then exit 0; \
	elif command -v apt-get >/dev/null; then \
	  $$([ "$$(id -u)" = 0 ] || echo sudo) sh -c 'apt-get update -qq && apt-get install -qq -y $(PACKAGES)'; \
	else echo "Not here:$$missing. Tests that need them are skipped; install them to run all."; fi

airflow: $(AIRFLOW) ## Airflow in an environment of its own, in which its DAG is tested

$(AIRFLOW): deploy/airflow/constraints.txt
	@test -x $(AIRFLOW_VENV)/bin/python || $(PYTHON) -m venv $(AIRFLOW_VENV)
	$(AIRFLOW_VENV)/bin/python -m pip install --quiet --no-compile --constraint $< apache-airflow
	@touch $@

ui: $(STAMP) ## MLflow in the browser
	@echo "Open http://127.0.0.1:5000/#/experiments?workflowType=machine_learning"
	$(BIN)/mlflow ui --backend-store-uri sqlite:///$(abspath mlflow.db) --workers 1

viz: $(STAMP) ## the pipelines as a graph in the browser
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[viz]'
	kedro viz run

bench: $(STAMP) ## time the training engine and the metrics, each beside its reference
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python benchmarks/metrics.py

bench-stream: $(STAMP) ## train on 10 GB of images that stay in their file; needs the disk for it
	$(BIN)/python -m benchmarks.streaming --gigabytes 10

bench-serving: $(STAMP) ## serve a trained cell of digits and draw shards from it, timed and checked
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.answers --dataset digits

retraining-week: $(STAMP) ## seven scheduled retrainings on data that arrive and drift
	$(BIN)/python -m benchmarks.retraining_week

gpu-check: $(STAMP) ## on a machine with a GPU: parity with the CPU, speed, a short training
	$(BIN)/python -m benchmarks.gpu_check

kill-test: $(STAMP) ## kill a training of each family a hundred times and compare the ends
	$(BIN)/python benchmarks/kills.py --kills 100

# As benchmarks/tuning.yml says, but for what is given: make tune DATASET=fashion_mnist TRIALS=8
GIVEN = $(filter command environment,$(firstword $(origin $(1))))
tune: $(STAMP) ## try values for each recipe on validation, as many for one as for the other; goes on
	cp benchmarks/tuning_stages.yml benchmarks/dvc.yaml
	dvc exp run benchmarks/dvc.yaml \
	  $(if $(call GIVEN,DATASET),-S benchmarks/tuning.yml:dataset=$(DATASET)) \
	  $(if $(call GIVEN,TRIALS),-S benchmarks/tuning.yml:trials=$(TRIALS))

clean: ## remove everything that a run made; raw data, environment and DVC's cache stay
	rm -rf data/03_primary/* data/04_feature/* data/05_model_input/* data/06_models/* \
	  data/07_model_output/* data/08_reporting/* mlflow.db* mlruns mlartifacts sweep
