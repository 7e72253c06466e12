# Every job of this project, and what CI runs. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
LESSONS := $(wildcard notebooks/*.md)
# What the environment holds: everything the book, its service and the tests need.
EXTRAS := --extra book --extra test
# Our own distributions: the helpers, the replay of ESA MAAP, and what it serves.
OURS := -e . -e packages/earthcare_synthetic -e packages/maap_replay

.PHONY: help book test contract lab pair bench lock clean
.DEFAULT_GOAL := help

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: .venv/.ready  ## build the book into _build/html, executing every lesson on the replay
	rm -rf _build/html _build/jupyter_execute _build/.doctrees
	$(BIN)/maap-replay run -- $(BIN)/jupyter-book build . --all -W -n --keep-going
	@echo "Open _build/html/index.html"

# Two processes, each on a replay of its own, so that the faults of one spoil no test of the other.
test: .venv/.ready  ## run every check: style, types, units, lessons, and the built book if there is one
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest --tx '2*popen//python=$(BIN)/maap-replay run -- $(BIN)/python' --dist loadscope \
		--nbval --nbval-current-env --nbval-cell-timeout=120 --nbval-sanitize-with=tests/nbval_sanitize.cfg \
		--doctest-modules earthcare_tutorial tests notebooks

contract: .venv/.ready  ## run clients written by others for the live service, unmodified, on the replay
	$(BIN)/python -m tests.contract install
	$(BIN)/maap-replay run -- $(BIN)/python -m tests.contract run

lab: .venv/.ready  ## open the lessons in JupyterLab, on the replay
	$(BIN)/maap-replay run -- $(BIN)/jupyter lab --notebook-dir=notebooks

pair: .venv/.ready  ## write notebooks/*.ipynb, executed on the replay, from their .md sources
	$(BIN)/maap-replay run -- $(BIN)/python -m tests.pair $(LESSONS)

bench: .venv/.ready  ## measure what streaming costs beside other ways (BENCH=--quick: in a minute)
	test -d .bench || $(PYTHON) -m venv .bench
	.bench/bin/python -m pip install -q --disable-pip-version-check -e '.[bench]' -e packages/earthcare_synthetic -e packages/maap_replay
	.bench/bin/python -m benchmarks $(BENCH)

lock: .venv/.ready  ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-annotate --custom-compile-command "make lock" $(EXTRAS) pyproject.toml packages/*/pyproject.toml \
		--no-emit-package earthcare-tutorial --no-emit-package earthcare-synthetic --no-emit-package maap-replay \
		-o requirements.lock

clean:  ## remove the environment, the built book and caches (not the granules: maap-replay cache)
	rm -rf .venv .venv-contract .bench _build .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# uv installs the locked packages four times faster than pip; without it pip does the same.
.venv/.ready: requirements.lock pyproject.toml $(wildcard packages/*/pyproject.toml)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check uv || true
	if [ -x $(BIN)/uv ]; then \
		export VIRTUAL_ENV="$(CURDIR)/.venv"; \
		$(BIN)/uv pip install -q --require-hashes -r requirements.lock && \
		$(BIN)/uv pip install -q --no-deps $(OURS); \
	else \
		$(BIN)/python -m pip install -q --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install -q --no-deps $(OURS); \
	fi
	touch $@
