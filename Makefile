# Two commands do everything on a fresh machine: `make demo` and `make test`. Set-up happens once, in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq
PYTEST := $(BIN)/python -m pytest
KERNELS ?= 6.31 7.3 7.4

# Every test starts processes that import Treadle: none shall compile it anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lab lint frontend waiting computing measuring browser pictures kernels lowest bench torture clean

help:
	@echo "make demo      set up, run the demo notebooks on real input, print what they found; leaves build/*.html"
	@echo "make test      set up, run all checks and tests (about 10 minutes on 2 cores)"
	@echo "make lab       JupyterLab on the tour"
	@echo "make lint      ruff, mypy, import contracts      make browser   the browser tests alone"
	@echo "make bench     benchmarks and budgets            make kernels   kernel tests with ipykernel $(KERNELS)"
	@echo "make torture   the long random tests             make lowest    all tests with the lowest versions admitted"
	@echo "make pictures  retake docs/images"
	@echo "make clean     remove .venv and build"

# --- set-up, once -------------------------------------------------------------------------------------------------

$(VENV)/.made:
	@.ci/make-venv $(VENV) $(PYTHON)
	@touch $@

# What `make demo` needs; `dev` has all of it and more.
$(VENV)/.demo: pyproject.toml | $(VENV)/.made
	@echo "installing Treadle and what the demo notebooks need into $(VENV)"
	@$(PIP) --editable ".[demo]"
	@touch $@

$(VENV)/.lab: pyproject.toml | $(VENV)/.made
	@echo "installing Treadle, JupyterLab and what the demo notebooks need into $(VENV)"
	@$(PIP) --editable ".[demo,lab]"
	@touch $(VENV)/.demo $@

$(VENV)/.dev: pyproject.toml | $(VENV)/.made
	@echo "installing Treadle and everything its tests need into $(VENV)"
	@$(PIP) --no-compile --editable ".[dev]"
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib || true  # as pip does, but on all cores; templates are no Python
	@touch $(VENV)/.demo $(VENV)/.lab $@

# --- what people run ----------------------------------------------------------------------------------------------

demo: $(VENV)/.demo
	@$(BIN)/python notebooks/run_demo.py

lab: $(VENV)/.lab
	@cd notebooks && ../$(BIN)/jupyter lab $$(test "$$(id -u)" != 0 || echo --allow-root) 01-tour.ipynb

# The front end needs node alone, so it is checked beside the set-up. Then tests that wait for kernels, servers and pages
# run beside those that compute; those that measure have the machine to themselves.
test:
	@$(MAKE) --no-print-directory --jobs=2 $(VENV)/.dev frontend
	@$(MAKE) --no-print-directory --jobs=2 waiting lint computing
	@$(MAKE) --no-print-directory measuring
	@echo "all tests passed"

lint: $(VENV)/.dev
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@PYTHONPATH=runtime:kernel_ext $(BIN)/lint-imports

frontend:
	@.ci/check-frontend

WAITING := tests/browser tests/kernel tests/notebooks tests/server

waiting: $(VENV)/.dev
	@mkdir -p build
	@browser=$$(.ci/find-browser) && TREADLE_BROWSER=$$browser $(PYTEST) -q --durations=10 -m "not long and not alone" \
		$(WAITING) >build/waiting.log 2>&1; code=$$?; echo; cat build/waiting.log; exit $$code

computing: $(VENV)/.dev
	@$(PYTEST) -q --durations=10 -m "not long and not alone" $(WAITING:%=--ignore=%)

measuring: $(VENV)/.dev
	@browser=$$(.ci/find-browser) && TREADLE_BROWSER=$$browser $(PYTEST) -q --durations=10 -m "alone and not long"

# --- longer suites, before an issue is closed; `make test` has a short form of each ----------------------------------

browser: $(VENV)/.dev
	@browser=$$(.ci/find-browser) && TREADLE_BROWSER=$$browser TREADLE_SHOTS=build/shots $(PYTEST) tests/browser -m "long or not long"

pictures: $(VENV)/.dev
	@browser=$$(.ci/find-browser) && TREADLE_BROWSER=$$browser TREADLE_SHOTS=docs/images $(PYTEST) tests/browser/test_pictures.py -m "long or not long"

kernels: $(VENV)/.dev
	@for version in $(KERNELS); do \
		venv=build/kernel-$$version; \
		test -e $$venv/.made || { .ci/make-venv $$venv $(PYTHON) && $$venv/bin/python -m pip --disable-pip-version-check \
			install -qq --editable ".[dev]" "ipykernel==$$version.*" && touch $$venv/.made; } || exit 1; \
		echo "ipykernel $$version"; \
		$$venv/bin/python -m pytest -q tests/kernel -m "long or not long" || exit 1; \
	done

lowest:
	@test -e build/lowest/.made || { .ci/make-venv build/lowest $(PYTHON) && build/lowest/bin/python -m pip \
		--disable-pip-version-check install -qq $$(.ci/lowest-bounds) && build/lowest/bin/python -m pip \
		--disable-pip-version-check install -qq --no-deps --editable . && touch build/lowest/.made; }
	@build/lowest/bin/python -m pytest -q --ignore=tests/browser
	@build/lowest/bin/python notebooks/run_demo.py --build build/lowest/demo

bench: $(VENV)/.dev
	@$(BIN)/python benchmarks/budgets.py
	@$(BIN)/python benchmarks/memory.py --limit 350
	@$(BIN)/python benchmarks/run.py

torture: $(VENV)/.dev
	@TREADLE_TEST_PROGRAMS=20000 TREADLE_TEST_REAL_PROGRAMS=2000 $(PYTEST) -o faulthandler_timeout=0 tests/scenarios tests/stateful tests/integration -m "long or not long"

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
