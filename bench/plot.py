# SPDX-License-Identifier: Apache-2.0
"""throughput.svg and cycles.svg from results.json; also by hand: /usr/bin/python3 bench/plot.py FOLDER."""

import json
import pathlib
import sys

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

WAYS = ("inbound", "outbound")
SIZES = ("64", "256", "1024", "1400", "imix")


def main_engine(results):
    engines = [r["engine"] for r in results["rows"]]
    return max(set(engines), key=engines.count)


def best_sas(rows):
    """1,000 SAs where they were measured: a gateway's everyday."""
    counts = sorted({r["sas"] for r in rows})
    return 1000 if 1000 in counts else counts[0]


def caption(figure, results, engine):
    where = results["environment"]
    figure.text(0.01, 0.005, f"{where['cpu']['model']}, TSC {where['tsc_ghz']:.2f} GHz, one core; "
                f"{where['engines'][engine]}; {where['compiler']}; {where['commit']}; {where['date'][:10]}",
                fontsize=7, color="0.4")


def pick(rows, **wanted):
    return [r for r in rows if all(r[key] == value for key, value in wanted.items())]


def suites_of(rows):
    return list(dict.fromkeys(r["suite"] for r in rows))


def bars_by_size(axes, rows, suites, value):
    """Groups of bars: a group for each size, a bar for each suite. `value` gives the height of a row."""
    sizes = [size for size in SIZES if pick(rows, size=size)]
    width = 0.8 / max(len(suites), 1)
    for number, suite in enumerate(suites):
        heights = [value(found[0]) if (found := pick(rows, suite=suite, size=size)) else 0 for size in sizes]
        places = [i - 0.4 + (number + 0.5) * width for i in range(len(sizes))]
        yield suite, places, width, heights, f"C{number}"
    axes.set_xticks(range(len(sizes)), sizes)
    axes.set_xlabel("inner IP packet, bytes")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def throughput(results, folder):
    engine = main_engine(results)
    rows = pick(results["rows"], engine=engine)
    sas = best_sas(rows)
    rows = pick(rows, sas=sas)
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    for axes, way in zip(panels, WAYS):
        for suite, places, width, heights, colour in bars_by_size(axes, pick(rows, way=way), suites_of(rows),
                                                                  lambda r: r["gbits"]):
            axes.bar(places, heights, width, color=colour, label=suite)
        axes.set_title(f"{way}, {sas:,} SAs")
    panels[0].set_ylabel("Gbit/s of inner IP")
    panels[0].legend(fontsize=8, loc="upper left")
    finish(figure, results, engine, folder / "throughput.svg")


def path_and_crypto(axes, rows, suites):
    for suite, places, width, heights, colour in bars_by_size(axes, rows, suites, lambda r: r["path"]):
        axes.bar(places, heights, width, color=colour, alpha=0.35)
    for suite, places, width, heights, colour in bars_by_size(axes, rows, suites, lambda r: r["crypto"]):
        axes.bar(places, heights, width, color=colour, label=suite)


def scaling(axes, rows):
    """Cycles over the number of SAs: the path solid, its crypto alone dashed."""
    colours = {}
    for suite in suites_of(rows):
        for size in SIZES:
            line = sorted(pick(rows, suite=suite, size=size), key=lambda r: r["sas"])
            if len(line) < 3:
                continue
            colour = colours.setdefault((suite, size), f"C{len(colours)}")
            sas = [r["sas"] for r in line]
            axes.plot(sas, [r["path"] for r in line], "o-", color=colour, label=f"{suite}, {size}")
            axes.plot(sas, [r["crypto"] for r in line], "o--", color=colour, alpha=0.6, markersize=3)
    axes.set_xscale("log")
    axes.set_xlabel("SAs, each packet of a random one")
    axes.grid(alpha=0.3)
    if colours:
        axes.legend(fontsize=7, loc="upper left")


def cycles(results, folder):
    engine = main_engine(results)
    rows = pick(results["rows"], engine=engine)
    sas = best_sas(rows)
    figure, panels = plt.subplots(2, 2, figsize=(11, 8.5), sharey="row")
    for column, way in enumerate(WAYS):
        here = pick(rows, way=way)
        path_and_crypto(panels[0][column], pick(here, sas=sas), suites_of(rows))
        panels[0][column].set_title(f"{way}, {sas:,} SAs: crypto alone (dark), whole path (light)")
        scaling(panels[1][column], here)
        panels[1][column].set_title(f"{way}: whole path (solid), crypto alone (dashed)")
    for axes in panels[:, 0]:
        axes.set_ylabel("cycles per packet")
        axes.set_ylim(bottom=0)  # only now: it stops the scale, which a row's panels share
    panels[0][0].legend(fontsize=8, loc="upper left")
    finish(figure, results, engine, folder / "cycles.svg")


def finish(figure, results, engine, path):
    figure.tight_layout(rect=(0, 0.02, 1, 1))
    caption(figure, results, engine)
    figure.savefig(path)
    plt.close(figure)


def draw(results, folder):
    matplotlib.rcParams["svg.hashsalt"] = "espgate"  # the same figures make the same file
    throughput(results, folder)
    cycles(results, folder)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/bench")
    draw(json.loads((target / "results.json").read_text()), target)
