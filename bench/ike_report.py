# SPDX-License-Identifier: Apache-2.0
"""Runs espgate-ike-bench and prints what clients cost the control process."""

import json
import subprocess
import sys


MANY = "come_up/100000/"  # half a minute by itself


def run(binary, raw, more):
    """Its rows, as Google Benchmark gives them."""
    raw.unlink(missing_ok=True)
    command = [str(binary), f"--benchmark_out={raw}", "--benchmark_out_format=json", *more]
    finished = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    rows = json.loads(raw.read_text())["benchmarks"] if raw.exists() else []
    failed = [row["name"] + ": " + row["error_message"] for row in rows if row.get("error_occurred")]
    if finished.returncode != 0 or failed or not rows:
        sys.exit("the IKE benchmark failed: " + "; ".join(failed or [finished.stdout.strip()]))
    return rows


def measure(binary, output, repetitions, many_peers=False):
    """Medians by case name; all that was said is left in OUTPUT/ike.json. many_peers: 100,000 as well, once."""
    rows = run(binary, output / "ike.json", [f"--benchmark_filter=-{MANY}", f"--benchmark_repetitions={repetitions}",
                                             "--benchmark_report_aggregates_only=true"])
    found = [row for row in rows if row.get("aggregate_name") == "median"]
    if many_peers:
        found += run(binary, output / "ike-many.json", [f"--benchmark_filter={MANY}"])
    return {row["run_name"].split("/manual_time")[0].split("/iterations")[0]: row for row in found}


def print_all(medians):
    print("\nIKE, one core, the gateway's side alone, Diffie-Hellman included (medians)\n")
    for name, row in medians.items():
        rate = row["items_per_second"]
        if name.startswith("handshake/"):
            group = name.split("/")[1]
            print(f"  main mode and quick mode, {group:11} {1e6 / rate:8.0f} µs {rate:9.0f} a second")
        elif name.startswith("flood"):
            print(f"  a first message in a flood, answered  {1e6 / rate:8.1f} µs {rate:9.0f} a second, "
                  f"{row['half_open']:.0f} half-open records")
        else:
            print(f"  {name.split('/')[1]:>6} clients come up, curve25519 {row['real_time'] / 1000:8.2f} s"
                  f"  each {row['resident_bytes_a_peer']:.0f} bytes of memory, {row['heap_bytes_a_peer']:.0f} of them heap; "
                  f"{row['record_bytes_a_peer']:.0f} of state")
