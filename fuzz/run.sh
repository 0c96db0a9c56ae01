#!/usr/bin/env bash
# Runs every fuzz target for some seconds, one after another, and prints a table. Exit 1 when one found something.
#   fuzz/run.sh [seconds=300] [target…]
# SANITIZER=address looks for memory errors in dependencies as well; the workspace itself forbids unsafe code.
set -euo pipefail
cd "$(dirname "$0")"
export RUSTC_BOOTSTRAP=1 # cargo-fuzz needs flags that stable Rust keeps behind this

seconds=${1:-300}
shift || true
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list)

cargo fuzz build --sanitizer "${SANITIZER:-none}"
host=$(rustc -vV | sed -n 's/^host: //p')
bin=${CARGO_TARGET_DIR:-target}/$host/release
logs=$(mktemp -d)
status=0
rows=()
for t in "${targets[@]}"; do
  mkdir -p "corpus/$t" "artifacts/$t"
  args=("corpus/$t" "-max_total_time=$seconds" -max_len=65536 -rss_limit_mb=4096 -timeout=20 -report_slow_units=1
    "-artifact_prefix=artifacts/$t/" -print_final_stats=1)
  [ ! -f "dict/$t.dict" ] || args+=("-dict=dict/$t.dict")
  log=$logs/$t
  began=$SECONDS
  echo "fuzz: $t for $seconds s (log: $log)"
  found="none"
  if ! "$bin/$t" "${args[@]}" >"$log" 2>&1; then
    found="$(sed -n 's/^Test unit written to //p; s/.*Test unit written to //p' "$log" | tail -1)"
    found=${found:-see $log}
    status=1
  elif grep -q 'slow-unit-' "$log"; then
    found="slow: $(grep -o 'artifacts/.*slow-unit-[0-9a-f]*' "$log" | tail -1)"
    status=1
  fi
  # A crash leaves no final line; the last one that says `cov:` counts then.
  runs=$(sed -n 's/^#\([0-9][0-9]*\).*/\1/p' "$log" | tail -1)
  edges=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -1)
  rows+=("$t|${runs:-0}|${edges:-0}|$((SECONDS - began))|$found")
done

printf '\n%-10s %12s %8s %8s  %s\n' target executions edges seconds finding
for r in "${rows[@]}"; do
  IFS='|' read -r t runs edges took found <<<"$r"
  printf '%-10s %12s %8s %8s  %s\n' "$t" "$runs" "$edges" "$took" "$found"
done
exit $status
