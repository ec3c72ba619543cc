# SPDX-License-Identifier: Apache-2.0
"""From Google Benchmark's JSON to our own, and to tables."""

import datetime
import pathlib
import platform
import statistics
import subprocess

# What the whole path may cost more than its cryptography alone, in cycles per packet, by number of SAs.
GOALS = {1: 60, 1000: 60, 10000: 150}
CPU_FLAGS = ("aes", "pclmulqdq", "vaes", "vpclmulqdq", "avx2", "avx512f", "sha_ni", "gfni")


def read_text(path, default="unknown"):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return default


def cpu():
    model, flags = platform.machine(), []
    for line in read_text("/proc/cpuinfo", "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            model = value.strip()
        elif name.strip() == "flags":
            flags = [flag for flag in CPU_FLAGS if flag in value.split()]
    return {"model": model, "flags": flags}


def commit():
    here = pathlib.Path(__file__).parent
    try:
        described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=here, capture_output=True, text=True,
                                   check=True)
        return described.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def environment(context, load_before):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(),
        "compiler": context["compiler"],
        "compiler_flags": context["flags"],
        "cpu": cpu(),
        "tsc_ghz": float(context["tsc_ghz"]),
        "caches": [f"L{c['level']} {c['type'].lower()} {c['size'] // 1024} KiB" for c in context["caches"]],
        "kernel": platform.release(),
        "transparent_huge_pages": read_text("/sys/kernel/mm/transparent_hugepage/enabled"),
        "packets_in_huge_pages": context["packet_set_huge_pages"],
        "load_average_before": round(load_before, 2),
        "engines": {name: context[f"engine_{name}"] for name in ("ipsec_mb", "openssl")},
        "packets_per_round": int(context["packets_per_round"]),
        "rounds_per_repetition": int(context["rounds_per_repetition"]),
    }


def spread(values):
    """Median and median absolute deviation."""
    middle = statistics.median(values)
    return round(middle, 1), round(statistics.median(abs(value - middle) for value in values), 1)


def row(name, runs, tsc_ghz):
    way, engine, suite, size, sas = name.split("/")[:5]
    result = {"way": way, "engine": engine, "engine_used": runs[0]["label"], "suite": suite, "size": size,
              "sas": int(sas), "inner_bytes": round(runs[0]["inner_bytes"], 1), "repetitions": len(runs)}
    for key in ("path", "crypto", "difference"):
        result[key], result[key + "_mad"] = spread([run[key] for run in runs])
        result[key + "_min"] = round(min(run[key] for run in runs), 1)
        result[key + "_max"] = round(max(run[key] for run in runs), 1)
    result["mpps"] = round(tsc_ghz * 1e3 / result["path"], 3)
    result["gbits"] = round(result["mpps"] * 1e6 * result["inner_bytes"] * 8 / 1e9, 3)
    limit = GOALS.get(result["sas"])
    if limit is not None:
        result["goal"] = limit
        result["goal_met"] = result["difference"] <= limit
    stages = sorted(key for key in runs[0] if key.startswith("stage_"))
    result["stages"] = {key[9:]: spread([run[key] for run in runs])[0] for key in stages}
    return result


def ratios(rows):
    """How many times the cycles of ipsec_mb openssl takes, where both were measured."""
    by_case = {(r["way"], r["suite"], r["size"], r["sas"], r["engine_used"]): r for r in rows}
    found = []
    for (way, suite, size, sas, engine), fast in by_case.items():
        slow = by_case.get((way, suite, size, sas, "openssl"))
        if engine == "ipsec_mb" and slow is not None:
            found.append({"way": way, "suite": suite, "size": size, "sas": sas,
                          "crypto": round(slow["crypto"] / fast["crypto"], 2),
                          "path": round(slow["path"] / fast["path"], 2)})
    return found


def digest(raw, load_before):
    """Everything that the tables and plots show, and where it was measured."""
    where = environment(raw["context"], load_before)
    cases = {}
    for run in raw["benchmarks"]:
        if run["run_type"] == "iteration":
            cases.setdefault(run["run_name"], []).append(run)
    rows = [row(name, runs, where["tsc_ghz"]) for name, runs in cases.items()]
    return {"environment": where, "rows": rows, "openssl_to_ipsec_mb": ratios(rows)}


def print_environment(where):
    print(f"{where['cpu']['model']} ({' '.join(where['cpu']['flags'])}), TSC {where['tsc_ghz']:.3f} GHz, "
          f"kernel {where['kernel']}")
    print(f"{where['compiler']}, {where['compiler_flags']}; commit {where['commit']}; {where['date']}")
    for name, text in where["engines"].items():
        print(f"{name}: {text}")
    print(f"{where['packets_per_round']} packets a round, {where['packets_in_huge_pages']} of them in huge pages; "
          f"load average {where['load_average_before']} before")
    if where["load_average_before"] > 0.5:
        print("note: other programs were running; medians over bursts hide their time slices, but not what they do to the "
              "caches")


def goal_mark(result):
    if "goal" not in result:
        return "–"
    return f"{'✓' if result['goal_met'] else '✗'} ≤ {result['goal']}"


def print_table(title, rows):
    print(f"\n{title}")
    print(f"{'':8} {'size':>5} {'SAs':>7}  {'path':>15}  {'crypto alone':>15}  {'difference':>15}  {'goal':8} "
          f"{'Mpps':>7} {'Gbit/s':>7}")
    order = {"inbound": 0, "outbound": 1}
    for r in sorted(rows, key=lambda r: (order[r["way"]], r["sas"], r["inner_bytes"] if r["size"] != "imix" else 1e9)):
        figures = "  ".join(f"{r[key]:8.1f} ±{r[key + '_mad']:5.1f}" for key in ("path", "crypto", "difference"))
        print(f"{r['way']:8} {r['size']:>5} {r['sas']:7,}  {figures}  {goal_mark(r):8} {r['mpps']:7.2f} {r['gbits']:7.2f}")


def print_stages(title, rows):
    """Cases as columns, stages as rows."""
    for way in ("inbound", "outbound"):
        cases = [r for r in rows if r["way"] == way]
        for start in range(0, len(cases), 10):
            columns = cases[start:start + 10]
            print(f"\n{title}, {way}: cycles per packet by stage")
            print(" " * 16 + "".join(f"{r['size'] + '/' + str(r['sas']):>12}" for r in columns))
            for stage in columns[0]["stages"]:
                print(f"{stage:16}" + "".join(f"{r['stages'].get(stage, 0):12.1f}" for r in columns))
            print(f"{'sum':16}" + "".join(f"{sum(r['stages'].values()):12.1f}" for r in columns))


def print_ratios(found):
    if found:
        print("\nopenssl takes as many times the cycles of ipsec_mb")
        print(f"{'':8} {'suite':14} {'size':>5} {'SAs':>7}  {'crypto alone':>12}  {'whole path':>10}")
    for r in found:
        print(f"{r['way']:8} {r['suite']:14} {r['size']:>5} {r['sas']:7,}  {r['crypto']:12.2f}  {r['path']:10.2f}")


def print_all(results, with_stages):
    print_environment(results["environment"])
    print("\nCycles of the time stamp counter per packet, median ± median absolute deviation of the repetitions. "
          "Gbit/s of inner IP on one core.")
    groups = {}
    for r in results["rows"]:
        used = r["engine"] if r["engine_used"] == r["engine"] else f"{r['engine']}, done by {r['engine_used']}"
        groups.setdefault(f"{r['suite']} ({used})", []).append(r)
    for title, rows in groups.items():
        print_table(title, rows)
        if with_stages:
            print_stages(title, rows)
    print_ratios(results["openssl_to_ipsec_mb"])
    judged = [r for r in results["rows"] if "goal" in r]
    if judged:
        print(f"\npath less crypto alone: {sum(r['goal_met'] for r in judged)} of {len(judged)} rows within their goal")
