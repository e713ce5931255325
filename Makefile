# colorlab: what a person types. Every recipe line is a command you could type yourself;
# without make (Windows, say), CONTRIBUTING.md lists them.
#
#   make setup                            once; again by itself when the dependencies change
#   make demo                             colours sample pictures and says where they lie
#   make setup PYTHON=/path/to/python3.12 with a Python of your choice (3.11, 3.12 or 3.13)

SHELL    := /bin/sh
PY       := .venv/bin/python
READY    := .venv/ready
LOCKS    := requirements/uv.lock requirements/colorlab.lock
PHOTOS   ?= $(COLORLAB_DATA)/water.csv
OTHERS   ?= $(COLORLAB_DATA)/landscape.csv
WORLD    ?= $(COLORLAB_DATA)/world.csv
COUNTED   = --baselines "$(PHOTOS)" "$(OTHERS)" "$(WORLD)"
EXPERIMENTS := grey_input reactions loss bins transfer foliage frame_rate recurrent context
MODELS   := $(notdir $(wildcard assets/models/color-*))
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON   ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
              $$p -c "$(SUITABLE)" 2>/dev/null && echo $$p && break; done)

# A .venv that no longer starts, or that came along with a copied checkout, is made anew.
ifneq ($(wildcard $(READY)),)
  $(shell test "$$(cat $(READY))" = "$(CURDIR)" && $(PY) -c "" 2>/dev/null || rm -f $(READY))
endif

.PHONY: help setup demo test validate-course lab kernel notebooks results fast-experiments bench pictures size lock clean
.DEFAULT_GOAL := help

help:       ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 \t/p' Makefile | expand -t 24

setup: $(READY)  ## install everything into .venv

$(READY): $(LOCKS) pyproject.toml
	@$(or $(PYTHON),false) -c "$(SUITABLE)" 2>/dev/null || \
	  { echo "colorlab needs Python 3.11, 3.12 or 3.13: install one, or say where it is: make setup PYTHON=/path/to/python" >&2; exit 2; }
	@if [ -f $@ ]; then rm $@; else echo $(PYTHON) -m venv --clear .venv; $(PYTHON) -m venv --clear .venv; fi
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	$(PY) -m uv pip sync --python $(PY) --require-hashes --compile-bytecode requirements/colorlab.lock
	$(PY) -m uv pip install --python $(PY) --no-deps --no-build-isolation --editable .
	@echo "$(CURDIR)" > $@

demo: setup ## colour sample pictures: outputs/demo
	$(PY) -m colorlab demo

test: setup ## style, types, tests on both backends, notebooks, browser
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	KERAS_BACKEND=tensorflow $(PY) -m pytest -n 2 --timeout=300 -m "not browser" --cov
	KERAS_BACKEND=jax $(PY) -m pytest -n 2 --timeout=300 -m keras
	COLORLAB_FAST=1 $(PY) -m pytest -n 2 --dist=loadfile -p tests.nbval_widgets --nbval-lax --nbval-current-env notebooks
	$(PY) -m pytest --timeout=600 -m browser -rs tests/browser

validate-course: setup ## for teachers: every notebook and solution in full, widgets, exercises
	$(PY) -m pytest -n 2 --timeout=300 tests/test_notebooks.py tests/test_teaching.py
	$(PY) -m pytest -n 2 --dist=loadfile -p tests.nbval_widgets --nbval-lax --nbval-current-env notebooks

lab: setup  ## open the course in JupyterLab
	$(PY) -m colorlab lab

kernel: setup ## let a JupyterLab that you already have run the course
	$(PY) -m ipykernel install --user --name colorlab --display-name "Python (colorlab)"

notebooks: setup ## run the notebooks and keep their outputs
	$(PY) -m nbconvert --to notebook --execute --inplace --ExecutePreprocessor.store_widget_state=False notebooks/*.ipynb notebooks/solutions/*.ipynb
	$(PY) -m colorlab.teaching notebooks/*.ipynb notebooks/solutions/*.ipynb
	$(PY) -m ruff format notebooks

results: setup ## measure the models on the photos again; docs/reproducing.md has every command
	$(PY) -m colorlab evaluate color --photos "$(PHOTOS)" --split test --model $(MODELS) --decode annealed mean argmax $(COUNTED) --json results/color-water-test.json > /dev/null
	$(PY) -m colorlab evaluate color --photos "$(PHOTOS)" --split train --max-photos 300 --no-kid --model $(MODELS) --json results/color-water-train.json > /dev/null
	$(PY) -m colorlab evaluate color --photos "$(OTHERS)" --split test --model $(MODELS) $(COUNTED) --json results/color-landscape-test.json > /dev/null
	$(PY) -m colorlab evaluate color --photos "$(WORLD)" --split test --model $(MODELS) $(COUNTED) --json results/color-world-test.json > /dev/null
	$(PY) -m studies report

fast-experiments: setup ## how long each experiment's --fast takes: results/experiments-fast.csv
	rm -rf build/fast && mkdir -p build/fast
	{ echo "date,platform,experiment,seconds"; for e in $(EXPERIMENTS); do start=$$(date +%s); \
	  COLORLAB_CACHE=build/fast/cache $(PY) -m studies $$e --fast --quiet --out build/fast/$$e >&2 || exit 1; \
	  echo "$$(date +%F),$$(uname -sm),$$e,$$(( $$(date +%s) - start ))"; done; } > build/fast/times.csv
	mv build/fast/times.csv results/experiments-fast.csv

bench: setup ## measure speed and memory on this machine: results/bench.json
	$(PY) -m studies bench --json results/bench.json

pictures: demo ## draw the pictures of the README and the docs again
	cp outputs/demo/overview.jpg assets/pictures/demo.jpg
	$(PY) -m studies report

size: setup ## how much is downloaded and installed: results/install-size.csv
	$(PY) -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest build/wheels --requirement requirements/colorlab.lock
	{ echo "date,platform,python,downloaded_mb,venv_mb"; echo "$$(date +%F),$$(uname -sm),$$($(PY) -V | cut -d' ' -f2),$$(du -sm build/wheels | cut -f1),$$(du -sm .venv | cut -f1)"; } > results/install-size.csv

lock: setup ## renew requirements/ from pyproject.toml
	$(PY) -m uv pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-annotate --upgrade --group pyproject.toml:installer --output-file requirements/uv.lock --quiet
	$(PY) -m uv pip compile --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-annotate --upgrade --extra dev --extra jax pyproject.toml --output-file requirements/colorlab.lock --quiet

clean:      ## remove .venv, caches, built packages and the demo's pictures
	rm -rf .venv build dist outputs/demo .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find colorlab studies tests notebooks -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
