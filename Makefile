# Every job of this project, and what CI runs. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
LESSONS := $(wildcard notebooks/*.md)
# What the environment holds: everything the book, its service and the tests need.
EXTRAS := --extra book --extra test
# Our own distributions: the helpers, the replay of ESA MAAP, and what it serves.
OURS := -e . -e packages/earthcare_synthetic -e packages/maap_replay

# Granules that the book and the tests share; see tests/granule_cache.py.
GRANULES = MAAP_REPLAY_CACHE="$$($(BIN)/python -m tests.granule_cache)"
# Two processes, each on a replay of its own, so that the faults of one spoil no test of the other.
# The lessons begin: they take longest, and no process is left alone with one at the end.
PYTEST = $(GRANULES) $(BIN)/pytest --tx '2*popen//python=$(BIN)/maap-replay run -- $(BIN)/python' --dist loadscope --no-loadscope-reorder
# nbval executes each lesson and compares its text. A cell takes seconds; the limit is for what hangs.
NBVAL := -p tests.lesson_memory --nbval --nbval-current-env --nbval-cell-timeout=900 --nbval-kernel-startup-timeout=900 \
	--nbval-sanitize-with=tests/nbval_sanitize.cfg
# Where docstrings have examples: all of them run.
DOCTESTS := --doctest-modules earthcare_tutorial earthcare_products packages/earthcare_synthetic/src \
	packages/maap_replay/src book/_ext
# All that NumPy finds on this processor beyond the simplest one.
CPU_FEATURES = $$($(BIN)/python -c "from numpy._core._multiarray_umath import \
	__cpu_dispatch__, __cpu_features__; print(*(f for f in __cpu_dispatch__ if __cpu_features__[f]))")
# What the benchmark compares with and needs a newer Python, from PATH or from pyenv; without one
# the results say that it was left out.
PYTHON313 ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13*/bin/python3) python3.13)
NEWER := h5netcdf h5py 'icechunk>=2.3' obspec-utils obstore 'virtualizarr>=2.8' xarray
# Without it, each of some hundred processes would compile every package that it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help book check test test-all trust coverage mutants test-install test-plain test-versions site contract lab pair bench links lock clean
.DEFAULT_GOAL := help

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: .venv/.ready  ## build the book into _build/html, executing every lesson on the replay
	rm -rf _build/html _build/jupyter_execute _build/.doctrees
	$(GRANULES) $(BIN)/maap-replay run -- $(BIN)/jupyter-book build . --all -W -n --keep-going
	@echo "Open _build/html/index.html"

check: .venv/.ready  ## run what takes seconds: style, spelling and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	git ls-files -z | xargs -0 $(BIN)/codespell
	$(BIN)/mypy

test: check  ## run every check but the rare: also units, lessons, and the built book if there is one
	$(PYTEST) $(NBVAL) -m "not rare" notebooks $(DOCTESTS) tests

site: .venv/.ready  ## check the built book in a real browser
	$(BIN)/pytest -q -m "not rare" tests/site
	$(BIN)/pytest -q -m rare tests/site/test_everyone.py

test-all: check  ## run every check, also what is slow and seldom breaks
	$(PYTEST) $(NBVAL) notebooks $(DOCTESTS) tests

trust: .venv/.ready  ## run every fault on every helper, and write tests/trust/results.json (15 minutes)
	TRUST=whole TRUST_RESULTS=tests/trust/results.json $(GRANULES) $(BIN)/pytest \
		--tx '2*popen//python=$(BIN)/maap-replay run -- $(BIN)/python' --dist worksteal tests/trust

coverage: .venv/.ready  ## tell which branches of the helpers no test takes; fail below 95 %
	$(GRANULES) $(BIN)/maap-replay run -- $(BIN)/coverage run \
		-m pytest -q -m "not rare" tests/earthcare_tutorial tests/trust
	$(BIN)/coverage report --skip-covered --show-missing

mutants: .venv/.ready  ## change the helpers in 200 places, one at a time: does a test notice? (half an hour)
	$(GRANULES) nice $(BIN)/maap-replay run -- $(BIN)/python -m tests.trust.mutants

test-install: .venv/.ready  ## install as the page tells a reader to, run the lessons there, and validate the job
	$(BIN)/pytest -q tests/test_documented_install.py tests/test_jobs.py tests/test_jobs_installed.py \
		tests/test_icechunk.py tests/test_binder.py -k "install or cwltool or container"

test-plain: .venv/.ready  ## run the lessons as on a processor without any of NumPy's short cuts
	NPY_DISABLE_CPU_FEATURES="$(CPU_FEATURES)" && export NPY_DISABLE_CPU_FEATURES && \
	$(PYTEST) $(NBVAL) notebooks

test-versions: .venv/.ready  ## run the helpers' tests on the oldest packages allowed, and on the newest
	$(BIN)/python -m tests.versions

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
	test -d .bench313 || $(PYTHON313) -m venv .bench313 && .bench313/bin/python -m pip install -q \
		--disable-pip-version-check $(NEWER) || rm -rf .bench313
	.bench/bin/python -m benchmarks $(BENCH)

links: .venv/.ready  ## ask every address that the book links to (needs the internet)
	$(BIN)/python -m tests.links

lock: .venv/.ready  ## renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-annotate --custom-compile-command "make lock" $(EXTRAS) pyproject.toml packages/*/pyproject.toml \
		--no-emit-package earthcare-tutorial --no-emit-package earthcare-synthetic --no-emit-package maap-replay \
		-o requirements.lock

clean:  ## remove the environment, the built book and caches (but that of maap-replay cache)
	rm -rf .venv .venv-contract .venv-versions .granules .bench .bench313 _build book/_generated .pytest_cache .mypy_cache .ruff_cache
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
