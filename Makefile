# `make` alone prints what there is. One virtual environment, .venv, for everything.

PYTHON ?= python3
VENV ?= .venv
# The tensor library, asked for first and pinned, so that pip takes a CPU build where its configuration offers one.
# Another build: make setup TORCH='torch==2.13.0+cpu' (README, "Without a GPU").
TORCH ?= torch==2.13.0
BENCHES ?= ack challenge challenge_kill describe edits engine exactness filter float8 fuzz gallery hostile kill ledger \
    like_storm lora memory parameters pocket pocket_lora queue share_kill voting

bin := $(VENV)/bin
pip := $(bin)/python -m pip --disable-pip-version-check
installed := $(VENV)/.installed
installed_dev := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix run bench pocket

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(installed) $(installed_dev)  ## install everything into .venv (instant when it is there)
	@echo "Ready: .venv holds Atelier and the tools to work on it."

demo: $(installed)  ## the real bot in a stand-in for Discord, in your browser; no account, no GPU
	$(bin)/atelier demo

test: $(installed_dev)  ## all tests, two files at a time
	$(bin)/python -m pytest -n 2 --dist loadfile

check: $(installed_dev)  ## what CI runs: style, types, import rules, all tests
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/pyright
	$(bin)/lint-imports
	@$(MAKE) --no-print-directory test

fix: $(installed_dev)  ## put right what can be put right by itself
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

run: $(installed)  ## the bot on Discord, with config.toml
	$(bin)/atelier run

bench: $(installed_dev)  ## every measurement, one table each (make bench BENCHES=queue for one)
	@for name in $(BENCHES); do echo "== bench/$$name.py"; $(bin)/python -m bench.$$name || exit 1; done

pocket: $(installed)  ## train the pocket model again, from nothing or from the last checkpoint
	$(bin)/atelier pocket train

# The stamps make a second call instant and keep it offline; a changed dependency list installs again. An environment
# without pip was left half-made, by Ctrl-C or by a Debian without python3-venv: it is made anew.
$(installed): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Atelier needs Python 3.11 or newer; choose one: make setup PYTHON=python3.12"; exit 1; }
	@echo "[1/3] A virtual environment in $(VENV)"
	@$(pip) --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "[2/3] $(TORCH): the largest download, some minutes"
	@$(pip) install --constraint constraints.txt '$(TORCH)'
	@echo "[3/3] Atelier and what it stands on"
	@$(pip) install --constraint constraints.txt --editable .
	@touch $@

$(installed_dev): $(installed)
	@echo "[dev] Test and check tools"
	@$(pip) install --constraint constraints.txt --editable '.[dev]'
	@touch $@
