# The verbs of this project; `make` alone lists them. It needs Python 3.11 or newer, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LESSON := notebooks/00_start_here.ipynb
NOTEBOOKS := $(patsubst notebooks/src/%.py,notebooks/%.ipynb,$(wildcard notebooks/src/*.py))

# Kernels whose page was closed and that have been idle for ten minutes end: a class opens many.
CULLED := --MappingKernelManager.cull_idle_timeout=600 --MappingKernelManager.cull_interval=60
# One thread: two cores run two things, and sums do not depend on how many cores there are.
ONE_THREAD := OMP_NUM_THREADS=1
# A file of tests, or a notebook, for each core: its tests share a browser, a kernel, a run.
PYTEST := $(ONE_THREAD) $(BIN)/python -m pytest --numprocesses auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run app test test-all lint format notebooks picture recordings clean

help:
	@echo "make run        install into $(VENV) and open the first lesson in JupyterLab"
	@echo "make app        serve the panel alone as a page, with Voila"
	@echo "make test       install what checks need and run every check but the slow ones"
	@echo "make test-all   run the slow ones too"
	@echo "make lint       formatting, lint and types alone"
	@echo "make format     put the formatting right"
	@echo "make notebooks  write and execute the lessons from notebooks/src"
	@echo "make picture    draw the picture of the README from a real run"
	@echo "make recordings run every preset and store its first picture's numbers in the package"
	@echo "make clean      remove what the other verbs made, $(VENV) included"

run: $(VENV)/installed-run
	@options=; \
	if [ "$$(id -u)" = 0 ]; then options="--allow-root"; fi; \
	if [ "$$(uname -s)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		echo "No display here: open the address with ?token= that follows in a browser."; \
		options="$$options --no-browser"; \
	fi; \
	set -x; exec $(BIN)/jupyter lab $$options --LabApp.default_url=/lab/tree/$(LESSON)

app: $(VENV)/installed-app
	$(BIN)/voila notebooks/app.ipynb --no-browser $(CULLED)

test: SELECTED := -m "not slow"
test test-all: lint
	$(PYTEST) $(SELECTED)
	$(PYTEST) --nbval --nbval-current-env --nbval-cell-timeout=120 \
		--ignore=notebooks/src notebooks

lint: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: $(VENV)/installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

notebooks: $(VENV)/installed-test
	@for notebook in $(NOTEBOOKS); do $(MAKE) --no-print-directory -B "$$notebook" || exit 1; done

# --update keeps the ids of cells that did not change; widget state and timings would change always.
notebooks/%.ipynb: notebooks/src/%.py
	$(BIN)/jupytext --quiet --update --from py:percent --to ipynb --output $@ $<
	$(ONE_THREAD) $(BIN)/jupyter nbconvert --log-level WARN --to notebook --inplace --execute \
		--ExecutePreprocessor.timeout=300 --ExecutePreprocessor.record_timing=False \
		--ExecutePreprocessor.store_widget_state=False $@

# A stamp is older than the files that say what to install as soon as one of them changes.
$(VENV)/installed-run: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/installed-app: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[app]'
	@touch $(VENV)/installed-run $@

$(VENV)/installed-test: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[test]'
	@touch $(VENV)/installed-run $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer, and '$(PYTHON)' is not one;" \
			"name another: make PYTHON=python3.12 ..." >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "This Python cannot make environments; on Debian and Ubuntu install python3-venv." >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)

recordings: $(VENV)/installed-run
	$(BIN)/python -m explorer.ui._recorded

picture: $(VENV)/installed-run
	$(BIN)/python -c 'from explorer import RunSpec, run; spec = RunSpec(); \
		kept = [("kept: transport on", run(spec.replace(transport=True)))]; \
		run(spec).figure(kept=kept).savefig("docs/decay.png", dpi=160)'

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis
	find explorer tests notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune \
		-exec rm -rf {} +
