# Every target sets up what it needs; on a fresh machine Python 3.11 and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SERVICES := .services/env
WITH_SERVICES = if [ -f $(SERVICES) ]; then . ./$(SERVICES); fi;
AUTO ?=
PORT ?= 8600

.DEFAULT_GOAL := help
.PHONY: help demo serve test lint services services-stop bench clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/run ## try it: an invoice office on this machine (AUTO=1 plays the people too)
	@$(BIN)/amtsgang demo $(if $(AUTO),--auto) --port $(PORT)

serve: $(VENV)/run ## serve the embedded default, with your own users
	@$(BIN)/amtsgang migrate && $(BIN)/amtsgang serve --port $(PORT)

test: $(VENV)/dev ## run all tests; says which services it did not find
	@$(WITH_SERVICES) $(BIN)/python -m pytest -n auto

lint: $(VENV)/dev ## style, types, licences
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/reuse lint --quiet

services: ## install and start PostgreSQL, RabbitMQ and an S3 store on private ports
	@scripts/services.sh install && scripts/services.sh start

services-stop: ## stop them and delete their data
	@scripts/services.sh stop

bench: $(VENV)/dev ## measure; prints the tables of docs/benchmarks.md
	@$(WITH_SERVICES) $(BIN)/python -m bench

clean: ## remove the environment and the demo's data
	rm -rf $(VENV) var build *.egg-info

$(VENV)/run: requirements.lock pyproject.toml
	@scripts/venv.sh $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml
	@scripts/venv.sh $(PYTHON) $(VENV) requirements-dev.lock
	@touch $@ $(VENV)/run
