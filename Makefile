.DEFAULT_GOAL := help
.PHONY: help setup upgrade revision prove check-drift repair downgrade status preflight db-url psql db-stop test fuzz torture chaos bench scoreboard wild lint lock format

# What is given to make is text: neither make nor the shell finds anything to expand in it. make would expand a variable
# of its command line for the environment of every command; recipes read these variables from there, in quotes.
$(foreach -given-,$(.VARIABLES),$(if $(findstring command,$(origin $(-given-))),\
  $(eval override export $(-given-) := $$(value $(-given-)))))
ifeq ($(value PYTHON),)
PYTHON := python3
endif
override VENV := .venv
ifneq ($(origin PY),override)
PY := $(VENV)/bin/python
endif
export PYTHON PY
override MIGRATE := "$$PY" scripts/migrations/migrate.py
# Wheels only, and only the files whose hashes are in the lock: nothing is built, so no package's set-up code runs.
override PIP := "$$PY" -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/.ready ## make the virtual environment with every pinned package

$(VENV)/.ready: requirements-dev.txt
	@echo "Installing the pinned packages into $(VENV) (once) ..."
	@test -x "$$PY" || "$$PYTHON" -m venv $(VENV)
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(VENV)/.linters: requirements-lint.txt $(VENV)/.ready
	@$(PIP) -r requirements-lint.txt
	@touch $@

upgrade: $(VENV)/.ready ## apply the pending revisions: make upgrade [to=REVISION]
	@$(MIGRATE) upgrade -- "$${to:-head}"

revision: $(VENV)/.ready ## draft and prove a revision from the models: make revision msg="what changes" [allow="drop-column t.c"] [backfill="t.c=1"] [online=1], or data=1 for one that changes data only
	@$(MIGRATE) create $(if $(filter-out 0,$(value data)),--data) $(if $(filter-out 0,$(value online)),--online) $(if $(value allow),--allow="$$allow") $(if $(value backfill),--backfill="$$backfill") -- "$$msg"

prove: $(VENV)/.ready ## run every revision up, down and up, or one: make prove [rev=REVISION]
	@$(MIGRATE) prove -- "$$rev"

check-drift: $(VENV)/.ready ## compare models, history and database
	@"$$PY" scripts/check_drift.py

preflight: $(VENV)/.ready ## what the pending revisions would do to the database: make preflight [to=REVISION]
	@$(MIGRATE) preflight -- "$${to:-head}"

repair: $(VENV)/.ready ## print the SQL that repairs a drifted database
	@$(MIGRATE) repair

downgrade: $(VENV)/.ready ## revert revisions: make downgrade to=REVISION (-1 for the last) [allow=DATABASE:ROWS, to permit that loss]
	@$(MIGRATE) downgrade $(if $(value allow),--allow-data-loss="$$allow") -- "$$to"

status: $(VENV)/.ready ## the database's revision, pending revisions and drift
	@$(MIGRATE) status

db-url: $(VENV)/.ready ## the database's URL (starts the embedded server if that is the one)
	@$(MIGRATE) url

psql: $(VENV)/.ready ## open psql on the database
	@$(MIGRATE) psql

db-stop: $(VENV)/.ready ## stop the embedded server and keep its data
	@$(MIGRATE) stop

test: $(VENV)/.ready ## run the suite against real PostgreSQL
	@"$$PY" -m pytest

fuzz: $(VENV)/.ready ## prove changes between generated schemas: FUZZ_PAIRS of them (2000), FUZZ_SEED to repeat a run
	@"$$PY" -m tests.fuzz

torture: $(VENV)/.ready ## kill -9 the upgrade, and the server, at random moments: TORTURE times each (100), TORTURE_SEED to repeat
	@"$$PY" -m tests.torture

chaos: $(VENV)/.ready ## let networks, servers, poolers and other sessions fail in the middle of a run; CHAOS=words for some
	@$(PY) -m tests.chaos

bench: $(VENV)/.ready ## measure the commands beside their peers: medians and ratios
	@"$$PY" -m tests.bench

scoreboard: $(VENV)/.ready ## measure what other tools see, name and repair of the suite's changes; kinds="trigger enum" for some
	@"$$PY" -m tests.scoreboard "$${kinds:-}"

wild: $(VENV)/.ready ## run the engine on real projects from the package index; projects="optuna mlflow" for some
	@"$$PY" -m tests.wild "$${projects:-}"

lint: $(VENV)/.linters ## run ruff, mypy, import-linter, shellcheck, hadolint and a check of docker-compose.yml
	@"$$PY" -m ruff check . && "$$PY" -m ruff format --check . && "$$PY" -m mypy
	@$(VENV)/bin/lint-imports --no-logo --no-cache
	@$(VENV)/bin/shellcheck scripts/*.sh scripts/migrations/*.sh .ci/run
	@$(VENV)/bin/hadolint Dockerfile
	@POSTGRES_PASSWORD=x MIGRATOR_PASSWORD=x APP_PASSWORD=x $(VENV)/bin/docker-compose --env-file /dev/null -f docker-compose.yml config --quiet

lock: $(VENV)/.linters ## write requirements-*.txt from requirements-*.in: every package with its hashes
	@for name in core dev lint; do \
	  $(VENV)/bin/uv pip compile --quiet --python-version 3.11 --python-platform linux --generate-hashes \
	    --custom-compile-command "make lock" --output-file requirements-$$name.txt requirements-$$name.in || exit; \
	done

format: $(VENV)/.ready ## format the code and sort its imports
	@"$$PY" -m ruff check --fix --quiet . ; "$$PY" -m ruff format --quiet .
