# Two commands do everything on a fresh machine:
#   make run    installs what is missing, builds, starts the all-in-one and prints where it is
#   make test   installs what is missing, builds, runs every test

SHELL := /bin/bash
PRESET ?= release
BUILD := build/$(PRESET)
DATA ?= data
# A Node.js and npm that make deps installed, where the system's is too old.
export PATH := $(CURDIR)/build/tools/node_modules/node/bin:$(CURDIR)/build/tools/node_modules/.bin:$(PATH)

.PHONY: run test deps web build bench fuzz docs format clean help

run: build
	@FLARE_DATA_DIR="$${FLARE_DATA_DIR:-$(DATA)}" exec $(BUILD)/bin/flare $(ARGS)

test: deps web
	@scripts/test

# Installs what is missing, by package name; does nothing when nothing is.
deps:
	@scripts/deps

# The demo page, which travels in the binary.
web: web/dist/index.html
# Installing comes first, but is no reason to build the page again.
web/dist/index.html: $(shell find web sdk/typescript proto -type f \
		-not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/gen/*' 2>/dev/null) | deps
	@scripts/web

build: deps web
	@cmake --preset $(PRESET) > $(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@ninja -C $(BUILD) flare flare-cli flare-bench

# The benchmarks of docs/benchmarks.md, each for a short while.
bench: build
	@scripts/bench

# Every fuzz target for SECONDS each.
fuzz: deps
	@scripts/fuzz $${SECONDS_EACH:-30}

# Regenerates what is generated from the code.
docs: build
	@scripts/docs $(BUILD)/bin/flare

format:
	@git ls-files '*.cc' '*.h' | xargs clang-format-19 -i

clean:
	rm -rf build web/dist

help:
	@sed -n 's/^# \{0,1\}//p' Makefile
