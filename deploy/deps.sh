#!/usr/bin/env bash
# Installs all that a fresh Debian 12 lacks to build and test stampd: Debian packages, pinned PyPI wheels, SentencePiece.
# Idempotent: a second run takes seconds. Run as root or with sudo at hand. Everything that is not a Debian package goes into
# .deps/ of this checkout (STAMPD_DEPS names another place, to share it between checkouts).
#
# Usage: deploy/deps.sh [build|peers]   build (default): all that `make test` needs; peers: diffusers' environment, for goldens and `make bench-peers`.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-build}
deps=${STAMPD_DEPS:-$PWD/.deps}
mkdir -p "$deps"
exec 9>"$deps/.lock" && flock 9

say() { printf 'deps: %s\n' "$*"; }

packages=(
  g++ make cmake ninja-build pkg-config git ca-certificates ccache lld
  python3 python3-pip python3-venv
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev grpc-proto
  libopencv-core-dev libopencv-imgproc-dev libopencv-imgcodecs-dev
  prometheus-cpp-dev prometheus
  rapidjson-dev libicu-dev libssl-dev libcli11-dev
  libgtest-dev libgmock-dev libbenchmark-dev libdnnl-dev
  clang-format-14 clang-tidy-14
)

install_packages() {
  local missing=()
  local package
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing ${#missing[@]} Debian packages"
  local sudo=""
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "needs root or sudo to install: ${missing[*]}"; exit 1; }
    sudo=sudo
  fi
  $sudo apt-get update -qq
  # The Debian package `prometheus` would start a server of its own; tests only want its promtool.
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

pip_install() { # TARGET REQUIREMENT…: wheels for the interpreter-free use of their files
  local target=$1
  shift
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --no-compile \
    --only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 \
    --platform manylinux2014_x86_64 --upgrade --target "$target" "$@"
}

# once NAME COMMAND…: runs the command unless an earlier run for the same name finished.
once() {
  local name=$1
  shift
  [ -e "$deps/$name.done" ] && return
  say "$name"
  "$@"
  touch "$deps/$name.done"
}

# LibTorch is the torch wheel without Python's share of it; libtorch_cpu finds the two CUDA wheels by its own RPATH.
install_libtorch() {
  rm -rf "$deps/libtorch"
  pip_install "$deps/libtorch" torch==2.11.0 nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85
}

# google/rpc/{status,error_details}.proto, which no Debian package holds.
install_googleapis() { pip_install "$deps/googleapis" googleapis-common-protos==1.72.0; }

# Debian's libsentencepiece carries protobuf 3.14 inside and aborts beside libprotobuf 3.21: build it against the system's.
install_sentencepiece() {
  local source=$deps/sentencepiece-source
  rm -rf "$source" "$deps/sentencepiece"
  mkdir -p "$source"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary=:all: --dest "$source" sentencepiece==0.2.1
  tar -xzf "$source"/sentencepiece-0.2.1.tar.gz -C "$source" --strip-components=1
  cmake -S "$source/sentencepiece" -B "$source/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$deps/sentencepiece" \
    -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DSPM_PROTOBUF_PROVIDER=package -DSPM_ENABLE_SHARED=OFF \
    -DSPM_ENABLE_TCMALLOC=OFF >/dev/null
  cmake --build "$source/build" >/dev/null
  cmake --install "$source/build" >/dev/null
  rm -rf "$source"
}

# virtual_environment NAME FILE: a Python environment with exactly the packages of a requirements file.
virtual_environment() {
  rm -rf "${deps:?}/$1"
  python3 -m venv "$deps/$1"
  "$deps/$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
}

fingerprint() { sha256sum "$1" | cut -c1-12; }

case $what in
  build)
    install_packages
    once libtorch-2.11.0 install_libtorch
    once googleapis-1.72.0 install_googleapis
    once sentencepiece-0.2.1 install_sentencepiece
    once "python-$(fingerprint tests/integration/requirements.txt)" virtual_environment python tests/integration/requirements.txt
    ;;
  peers)
    install_packages
    once "peers-$(fingerprint tests/reference/requirements.txt)" virtual_environment peers tests/reference/requirements.txt
    ;;
  *)
    say "unknown part '$what' (build or peers)"
    exit 2
    ;;
esac
