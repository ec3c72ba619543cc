#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh TARGET SECONDS: fuzzes one target from its seeds and what earlier runs found; prints one line.
set -uo pipefail
target=$1 seconds=$2
found=build/fuzz/found/$target log=build/fuzz/log/$target.log
seeds=tests/fuzz/corpus/$target
mkdir -p "$found" build/fuzz/log build/fuzz/artifacts
folders=("$found")
[ -d "$seeds" ] && folders+=("$seeds")
if "build/asan-ubsan/bin/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
  -artifact_prefix="build/fuzz/artifacts/$target-" "${folders[@]}" >"$log" 2>&1; then
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  coverage=$(grep -oE 'cov: [0-9]+' "$log" | tail -1)
  printf '%-20s %10s runs  %s  clean\n' "$target" "$runs" "$coverage"
else
  printf '%-20s FAILED\n' "$target"
  tail -40 "$log"
  exit 1
fi
