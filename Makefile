# The commands of CONTRIBUTING.md. On a fresh Debian 12 each of them does all the set-up that it needs.
SHELL := /bin/bash
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
export STAMPD_DEPS ?= $(CURDIR)/.deps

.PHONY: deps build test lint format asan tsan bench bench-peers goldens clean

deps:
	@deploy/deps.sh build

build: deps
	@cmake --preset $(PRESET) -DSTAMPD_DEPS="$(STAMPD_DEPS)" $(CMAKE_FLAGS) >/dev/null
	@cmake --build $(BUILD) -j $(JOBS)

test: build
	@ctest --test-dir $(BUILD) --output-on-failure -LE bench $(CTEST_FLAGS)

asan tsan:
	@$(MAKE) test PRESET=$@

lint: build
	@deploy/lint.sh $(BUILD)

format:
	@git ls-files '*.h' '*.cpp' | xargs clang-format-14 -i

clean:
	rm -rf build
