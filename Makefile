# From Scratch to Scale. `make` alone lists what there is. Everything made lies in .venv, _build, work and .stamps.
# A step is done when its stamp exists; the stamp is written last, so a step that failed or was interrupted runs again.

PYTHON ?= python3
BIN    := .venv/bin
SHELL  := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help book test bench lab serve clean labs
help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

book: .stamps/environment  ## run every lab (cpu profile) and build the site
	@labwright all

test: .stamps/environment  ## everything that CI checks
	@ruff check . && ruff format --check .
	@$(MAKE) --no-print-directory book
	@pytest -n 2

bench: .stamps/environment  ## measure what is fast, beside what one would use otherwise: make bench ROWS="noop-book growth" (all: an hour)
	@python -m benchmarks $(ROWS)

lab: .stamps/environment  ## open your copy of a lab in JupyterLab: make lab LAB=nn-perceptron
	@[ -n "$(LAB)" ] || { echo "Which lab? make lab LAB=nn-perceptron (all of them: .venv/bin/labwright list --written)"; exit 2; }
	@scratchlab open "$(LAB)"

serve: book  ## build the site and serve it on this machine only
	@echo "http://127.0.0.1:8000 (stop with Ctrl-C)"; $(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

clean:  ## delete what was made, but for the environment, your copies in work/ and the data cache
	rm -rf _build grading/source grading/release .pytest_cache .ruff_cache

.stamps/environment: requirements.lock pyproject.toml tools/environment.sh
	@PYTHON="$(PYTHON)" tools/environment.sh && mkdir -p .stamps && touch $@
