# Every target sets up what is missing first (installer/setup.sh) and then runs one command in .venv/.
# All targets are phony on purpose: make splits prerequisites at spaces, and a checkout may lie in a folder with some.
.PHONY: help setup demo app test lint long ime fuzz fuzz-atheris soak power mutation bench bench-vault bench-association bench-sync freeze lock clean
.DEFAULT_GOAL := help
SHELL := /bin/bash
PY := .venv/bin/python

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*  ## /make \1\t/p' Makefile | expand -t 14

setup:  ## install what is missing, nothing else
	@bash installer/setup.sh

demo: setup  ## a village's register from Excel to the city and back; results in build/demo/
	@.venv/bin/jmdesk demo

app: setup  ## open the window
	@.venv/bin/jmdesk

test: lint  ## everything that must hold before a change lands
	@$(PY) -m pytest -m "not long" -n auto --maxprocesses 4 --dist loadscope --no-loadscope-reorder

lint: setup  ## style, format and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

long: setup  ## the long suites: power cut, fuzz, soak, frozen program (builds it when needed)
	@bash installer/setup.sh --long
	@$(PY) -m pytest -m long

ime:  ## Chinese typed through a real ibus into every kind of field of the real window
	@bash installer/setup.sh --long
	@$(PY) -m pytest -m long tests/ui/ime

fuzz: setup  ## only the fuzzing of the long suites
	@$(PY) -m pytest -m long -k fuzz

fuzz-atheris: setup  ## coverage-guided fuzzing of the containers; says so where atheris is not installed
	@$(PY) -m tests.hostile

soak: setup  ## three desks and a city on bad lines, dying at any step (500 games; SEEDS=20000 for more)
	@$(PY) -m tests.soak $(or $(SEEDS),500)

power: setup  ## cut the power 21,000 times, kill the program 203 times, damage its files 6,000 times, fail the disk 140 times
	@$(PY) -m pytest -m long tests/power tests/jmdesk/vault/test_damage.py tests/jmdesk/store/test_tidemark.py

mutation: setup  ## take each check out of protocol and vault, name those that no test misses (half an hour; FILES=… for some)
	@$(PY) -m tests.mutation $(FILES)

bench: setup  ## measure; compared with nothing, asserts nothing
	@$(PY) -m tests.bench

bench-association: setup  ## the association's desk with 20,000 complaints and 5,000 enterprises, which make bench measures too
	@$(PY) -m tests.bench.association

bench-desk: setup  ## measure the desk at a county's size: search, list, filters, dossier, save, rating, scoreboard
	@$(PY) -m tests.bench.county

bench-vault: setup  ## measure the vault: encrypted beside plain SQLite for save and import, the log's share, unlocking
	@$(PY) -m tests.bench.vault

bench-sync: setup  ## measure the exchange beside COPY, one request per record, Anki and PouchDB (half an hour)
	@$(PY) -m tests.bench.exchange

freeze:  ## the program as a folder that needs no Python: build/freeze/jmdesk/
	@bash installer/setup.sh --freeze
	@$(PY) installer/freeze.py

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
		--group dev --extra gateway --python-version 3.11 pyproject.toml -o requirements.lock

clean:  ## remove what the targets made, the environment too
	@rm -rf build dist .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
