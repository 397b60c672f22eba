# The commands of CONTRIBUTING.md. On a fresh Debian 12 each of them does all the set-up that it needs.
SHELL := /bin/bash
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
export STAMPD_DEPS ?= $(CURDIR)/.deps

.PHONY: deps configure build demo test lint format asan tsan bench bench-peers goldens clean

deps:
	@deploy/deps.sh build

configure: deps
	@cmake --preset $(PRESET) -DSTAMPD_DEPS="$(STAMPD_DEPS)" $(CMAKE_FLAGS) >/dev/null

build: configure
	@cmake --build $(BUILD) -j $(JOBS)

# A contact sheet from a server of its own; KEEP=1 leaves the server up, MODEL=DIR takes another pipeline folder.
demo: configure
	@cmake --build $(BUILD) -j $(JOBS) --target stampd stamp
	@BIN=$(BUILD)/bin demo/demo.sh

test: build
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) $(CTEST_FLAGS)

asan tsan:
	@$(MAKE) test PRESET=$@

# Kernels beside the processor's peak and oneDNN; BENCH_FLAGS="--benchmark_filter=pixart.*rows:512" picks some shapes.
bench: configure
	@cmake --build $(BUILD) -j $(JOBS) --target gemm_bench row_kernels_bench
	@$(BUILD)/bin/row_kernels_bench
	@OMP_WAIT_POLICY=passive $(BUILD)/bin/gemm_bench $(BENCH_FLAGS)

# stampd beside diffusers and OpenVINO: real shapes, random weights (2 GB on disk in .bench/ for each preset). PEERS_PRESET=sana-600m-1024
# takes another network, as `stampq random --help` lists them.
PEERS_PRESET ?= pixart-sigma-xl-512
bench-peers: build
	@deploy/deps.sh peers
	@mkdir -p .bench
	@test -e .bench/$(PEERS_PRESET)/model_index.json || $(BUILD)/bin/stampq random --preset $(PEERS_PRESET) -o .bench/$(PEERS_PRESET)
	@$(STAMPD_DEPS)/python/bin/python tests/bench/peers.py --stampd $(BUILD)/bin/stampd --peer-python $(STAMPD_DEPS)/peers/bin/python \
	  --checkpoint .bench/$(PEERS_PRESET) $(BENCH_FLAGS)

# Records what diffusers and transformers compute, into tests/data (pinned versions; needed only when a golden is added).
goldens:
	@deploy/deps.sh peers
	@for script in tests/reference/make_*.py; do echo $$script; $(STAMPD_DEPS)/peers/bin/python $$script || exit 1; done

lint: build
	@deploy/lint.sh $(BUILD)

format:
	@git ls-files '*.h' '*.cpp' | xargs clang-format-14 -i

clean:
	rm -rf build
