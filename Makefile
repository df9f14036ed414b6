# make demo   set everything up and run the whole relay with live demo cameras
# make test   set everything up and run every check
# make soak   the long tests
# make siege  50 viewers, 3 encoders and 20 pages beside strangers of 1, 16 and 256 networks
# make fuzz   made-up input to whatever strangers reach, some 180 million times
# make web    build the pages
# make clean  forget what was set up and built

PYTHON ?= python3
# Where rustup puts cargo, before one of the system that may be too old.
export PATH := $(HOME)/.cargo/bin:$(PATH)
VENV := .venv
BIN := $(VENV)/bin
# As many tests at a time as there are cores, two at the least and four at the most.
JOBS ?= $(shell nproc 2>/dev/null | awk '{ n = $$1 } END { print (n < 2 ? 2 : n > 4 ? 4 : n) }')
STATIC := relay/gateway/static/manifest.json

RUST := relay/native/Cargo.toml relay/native/Cargo.lock $(shell find relay/native/src -name "*.rs")
WEB := web/package.json web/package-lock.json web/vite.config.ts web/tsconfig.json \
	$(shell find web/src web/public -type f 2>/dev/null)

.PHONY: demo test soak siege fuzz web install clean format lint rust pages system

demo:
	@$(MAKE) --no-print-directory --silent -j2 install web
	@exec $(BIN)/relay demo

install: $(VENV)/installed
web: $(STATIC)

test: system
	@$(MAKE) --no-print-directory -j2 $(VENV)/installed-dev web
	@$(MAKE) --no-print-directory -j2 --output-sync=target lint rust pages
	$(BIN)/python -m pytest -n $(JOBS)

soak: system $(VENV)/installed-dev web
	$(BIN)/python -m pytest -m slow

siege: system $(VENV)/installed-dev web
	$(BIN)/python -m pytest -m slow tests/siege

# FUZZ times what `make test` does, which is a million inputs in Rust and most of one in Python.
FUZZ ?= 100
fuzz: $(VENV)/installed-dev
	RELAY_FUZZ=$(FUZZ) $(BIN)/python -m tests.fuzz

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

rust:
	cd relay/native && cargo fmt --check
	cd relay/native && cargo clippy --all-targets --features python --quiet -- --deny warnings
	cd relay/native && cargo test --quiet

pages: web
	web/npm.sh run check
	web/npm.sh run lint
	web/npm.sh run test

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cd relay/native && cargo fmt
	web/npm.sh run format

# Chromium, Firefox, ffmpeg, redis-server and cargo: installed if we may, else named.
system:
	@./.ci/system

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml $(RUST) | $(BIN)/python
	@echo "Installing the relay (its Rust core is compiled here) …"
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml $(RUST) | $(BIN)/python
	@echo "Installing the relay and what its checks need …"
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $(VENV)/installed $@

web/node_modules/.package-lock.json: web/package.json web/package-lock.json | $(BIN)/python
	@echo "Installing what the pages are built with …"
	@web/npm.sh ci --silent
	@touch $@

$(STATIC): $(WEB) web/node_modules/.package-lock.json
	@web/npm.sh run build --silent -- --logLevel warn
	@touch $@

clean:
	rm -rf $(VENV) web/node_modules relay/gateway/static relay/native/target relay/*.so *.egg-info build
