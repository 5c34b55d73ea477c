#!/usr/bin/env bash
# Fuzzes one target, or all, for some time: tests/fuzz/run.sh [TARGET] [SECONDS]. See README.md here.
set -euo pipefail
cd "$(dirname "$0")"

targets=(parse evaluate format state)
[ "${1:-all}" = all ] || targets=("$1")
seconds=${2:-600}
# Only our own crate is instrumented: the rest is compiled as ever, in the same versions.
cp ../../Cargo.lock .
export RUSTC_WRAPPER=$PWD/rustc.sh
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target/fuzz}

for target in "${targets[@]}"; do
  cargo build --quiet --release --bin "$target"
  corpus=$CARGO_TARGET_DIR/corpus/$target
  mkdir -p "$corpus"
  # Every text of the examples is a seed.
  find ../../examples ../../src -name '*.hcl' | while read -r seed; do
    cp "$seed" "$corpus/$(printf '%s' "$seed" | tr '/' '_')"
  done
  # So are a state, a plan and a journal, each behind the byte that says which it is.
  if [ "$target" = state ]; then
    printf '0%s' '{"version":1,"tool_version":"0","serial":1,"lineage":"x","outputs":{"o":{"value":[1.5],"sensitive":true}},"resources":[{"address":"t.a[\"x\"]","identity":"b","provider":"aws","region":null,"values":{"rule":[{"x":1}]},"sensitive":["rule.x"],"depends_on":["t.c"],"prevent_destroy":false}]}' >"$corpus/state"
    printf '1%s' '{"sealform_plan":1,"tool_version":"0","destroy":false,"lineage":null,"serial":0,"providers":{},"steps":[{"address":"t.a","action":"update","provider":"aws","identity":"b","request":null,"before":{"x":1},"after":{"x":2},"changes":[],"drift":[],"record":false,"after_blocks":[],"depends_on":[],"prevent_destroy":false}],"unplanned":[],"outputs":{},"output_changes":[]}' >"$corpus/plan"
    printf '2%s\n%s\n%s\n%s\n' '{"header":{"version":2,"tool_version":"0","lineage":"x","serial":0}}' '{"intent":{"intent":{"address":"t.a","identity":"b","provider":"aws","writing":"update","before":{"x":1},"after":{"x":2}}}}' '{"remove":{"address":"t.a"}}' '{"settled":{"provider":"aws","identity":"b"}}' >"$corpus/journal"
  fi
  (cd "$CARGO_TARGET_DIR" && "./release/$target" "$corpus" -dict="$OLDPWD/hcl.dict" \
    -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$target-")
done
