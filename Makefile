# The verbs of Clew. Each is the only command needed on a machine with Python 3.11 to 3.13:
# it makes the virtual environment it needs. `make PYTHON=/path/to/python …` chooses another one.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

# A shim that is on the PATH may still fail to run: ask each what it is.
IS_FIT = -I -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python \
	$${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.1[123].*/bin/python; do \
	if $$python $(IS_FIT) 2>/dev/null; then echo $$python; break; fi; done)

VENV ?= .venv
RUN := $(VENV)/bin/python
PACKAGES := core knowledge tools backend agents app notebook_ext examples
# The quick part of the tests runs on these too, where they are found.
OTHER_PYTHONS ?= 3.11 3.12 3.13
# More of pytest's own words: make test ARGS="-k receipts -x"
ARGS ?=

.PHONY: help
help:  ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup:  ## make the virtual environment .venv and install Clew in it, editable
	@python="$(PYTHON)"; \
	if ! { [ -n "$$python" ] && "$$python" $(IS_FIT); } 2>/dev/null; then \
		echo "Clew needs Python 3.11, 3.12 or 3.13, and $${python:-none} does not run or is" \
			"another one. Install one, or name one: make PYTHON=/path/to/python" >&2; exit 2; fi; \
	"$$python" scripts/environment.py $(VENV) --python "$$python" --editable

.PHONY: demo
demo: setup  ## tell a short story on acme, ask two public data sets, leave demo.ipynb
	@$(RUN) examples/demo.py

.PHONY: test
test: setup  ## run all tests that this machine can run, on every Python that it has
	@$(RUN) scripts/test_everywhere.py --pythons "$(OTHER_PYTHONS)" -- $(ARGS)

.PHONY: soak
soak: setup  ## run the large counts (tests marked soak; many minutes)
	@$(RUN) -m pytest -m soak $(ARGS)

.PHONY: lint
lint: setup  ## check style, formatting and who imports whom
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(VENV)/bin/lint-imports

.PHONY: format
format: setup  ## put the code into its format
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

.PHONY: types
types: setup  ## check the packages' types, strictly
	$(RUN) -m mypy

.PHONY: bench
bench: setup  ## run the benchmarks, which write benchmarks/RESULTS.md
	@for program in context overhead guard proofs data question_sets sandbox answers insight tokens panel; do \
		echo "$$program"; $(RUN) benchmarks/$$program.py --write; done
	@echo "insight, shuffled"; $(RUN) benchmarks/insight.py --shuffled --write

.PHONY: panel
panel: setup  ## build the JupyterLab panel anew (needs Node); commit what it makes
	$(RUN) notebook_ext/front_end.py build
	$(RUN) notebook_ext/front_end.py install

.PHONY: dist
dist: setup  ## build the source archive and the wheel in dist/ and list the wheel's files
	rm -rf build dist
	$(RUN) -m hatchling build
	$(RUN) -m zipfile --list dist/*.whl

# From pyproject.toml; commit what it writes. Two files, so that the product's own needs
# (base.txt) can be installed alone.
LOCK = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command "make lock" pyproject.toml
.PHONY: lock
lock: setup  ## renew the locked versions in requirements/
	$(LOCK) --output-file requirements/base.txt
	$(LOCK) --extra dev --constraint requirements/base.txt --output-file requirements/dev.txt

.PHONY: clean
clean:  ## delete what the verbs left behind, but not the environments (.venv*)
	rm -rf build dist demo demo.ipynb .data .hypothesis .import_linter_cache .mypy_cache
	rm -rf .pytest_cache .ruff_cache
	find $(PACKAGES) tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} + \
		2>/dev/null || true
