#!/usr/bin/env bash
# Starts a server on the demo models, lets each paint some prompts, and lays the pictures out on a contact sheet. `make demo` builds what it
# needs and runs it.
#
# In the environment, or as `make demo NAME=…`:
#   KEEP=1     leaves the server up
#   MODEL=DIR  one other pipeline folder (default: demo/pixart-shapes and demo/sana-shapes)
#   OUT=DIR    where the pictures and the server's log go (default: build/demo)
#   BIN=DIR    where stampd and stamp are (default: build/release/bin)
set -euo pipefail
cd "$(dirname "$0")/.."
keep=${KEEP:-0}
if [ -n "${MODEL:-}" ]; then models=("demo=$MODEL"); else models=(pixart=demo/pixart-shapes sana=demo/sana-shapes); fi
out=${OUT:-build/demo}
bin=${BIN:-build/release/bin}
python=${PYTHON:-${STAMPD_DEPS:-.deps}/python/bin/python}

prompts=(
  "a red circle in the center on a blue background"
  "a large yellow star in the top left corner on a purple background"
  "a green triangle to the left of a purple ring on a white background"
  "a white square at the bottom on a green gradient"
  "an orange ring in the center on a textured grey background"
  "a black star above a red square on a yellow background"
  "a purple triangle on the right on a plain orange background"
  "a blue square in the bottom right corner on a white marble background"
  "a yellow circle below a green star on a black background"
  "a small red ring at the top on a grey gradient"
  "a white star to the right of an orange square on a blue background"
  "a big blue triangle in the bottom left corner on mottled yellow"
)

# The small models follow a prompt so closely that more only exaggerates: at 4.5 squares grow horns.
guidance=2

say() { printf 'demo: %s\n' "$*"; }

fail() { # MESSAGE: and the end of what the server had to say
  say "$*"
  if [ -s "${log:-}" ]; then
    say "the end of the server's log, $log:"
    tail -n 15 "$log"
  fi
  exit 1
} >&2

stop() {
  rm -f "$ready"
  kill "$server" 2>/dev/null || return 0
  wait "$server" || true
}

# Sets `server` (a process), `grpc` and `metrics`. In a session of its own: Ctrl-C is for this script, which then stops it in good order.
start() {
  log=$out/stampd-$$.log ready=$out/ready-$$
  setsid "$bin/stampd" "${models[@]/#/--model=}" --listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0 >"$ready" 2>"$log" </dev/null &
  server=$!
  trap stop EXIT
  local tenths=0
  until grep -qs '^stampd ready ' "$ready"; do
    kill -0 "$server" 2>/dev/null || fail "the server ended before it was ready"
    [ $((tenths += 1)) -lt 1200 ] || fail "the server was not ready after two minutes"
    sleep 0.1
  done
  read -r _ _ grpc metrics <"$ready"
  grpc=${grpc#grpc=} metrics=http://${metrics#metrics=}/metrics
}

paint() {
  local i model name
  pictures=()
  for i in "${!prompts[@]}"; do
    say "${prompts[$i]}"
    for model in "${models[@]}"; do
      name=${model%%=*}
      pictures+=("$out/$(printf '%s-%02d' "$name" "$i").png")
      "$bin/stamp" generate "${prompts[$i]}" -o "${pictures[-1]}" --model "$name" --seed "$i" --guidance "$guidance" --metadata \
        --server "$grpc" || fail "no picture"
    done
  done
}

for model in "${models[@]}"; do
  [ -e "${model#*=}/model_index.json" ] || fail "no model: expected a pipeline folder in diffusers' format at '${model#*=}'"
done
models=("${models[@]/%/,precision=fp32}")
mkdir -p "$out"
start
say "stampd is up: gRPC $grpc, metrics $metrics, log $log"
paint
"$python" demo/contact_sheet.py "$out/sheet.png" "${pictures[@]}" || fail "no contact sheet"
say "the contact sheet is $out/sheet.png"
if [ "$keep" = 1 ]; then
  trap 'rm -f "$ready"' EXIT
  say "the metrics page is $metrics"
  say "paint more: $bin/stamp generate \"a red circle on the left on a blue background\" -o out.png --guidance $guidance --server $grpc"
  say "stop the server: kill $server"
else
  stop
  rm "$log"
  say "the server is stopped; make demo KEEP=1 leaves it up, with its metrics page"
fi
