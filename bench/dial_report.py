#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What whole tunnels cost the gateway: espgate-client calls it many times in network namespaces, with IKE, L2TP and PPP.
The gateway has one core, the callers another.

    espgate-client, sources in 10.60.0.0/16, 10.20.0.1 --c0=s0-- 10.20.0.10 gateway
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "tests/live"))

import lab  # noqa: E402
from gateway import Gateway  # noqa: E402
from lab import LIBC, PR_SET_CHILD_SUBREAPER, Lab, run, wait_until  # noqa: E402

SOURCES = "10.60.0.0/16"
PSK = "bench-preshared-key"


class OneCore(Gateway):
    """On a core of its own."""

    def _start(self, program, log):
        return self.lab.start("gw", ["taskset", "-c", str(self.core), program, "-c", self.config], self.folder / log)


def resident_kib(program):
    for line in pathlib.Path(f"/proc/{program.process.pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def cpu_seconds(program):
    fields = pathlib.Path(f"/proc/{program.process.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, options):
        self.options = options
        self.lab = Lab()
        with self.lab.inside("net"):
            run("ip", "route", "add", "local", SOURCES, "dev", "lo")
        config = {"gateway": "", "ike": f'psk = "{PSK}"\nmax_half_open_per_network = 4096', "users": 'file = "chap-secrets"'}
        del config["gateway"]
        self.gateway = OneCore(self.lab, extra=config)
        self.gateway.core = options.cores[0]
        text = self.gateway.config.read_text(encoding="ascii").replace("10.40.0.0/24", "10.64.0.0/16")
        self.gateway.config.write_text(text, encoding="ascii")
        self.psk = self.write("psk", PSK)
        self.write("chap-secrets", "".join(f'user{i} * "secret-{i}" *\n' for i in range(options.tunnels)))
        self.users = self.write("users", "".join(f"user{i} secret-{i}\n" for i in range(options.tunnels)))
        self.start()

    def write(self, name, text):
        path = self.gateway.folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="ascii")
        return path

    def start(self):
        self.gateway.start_dataplane()
        self.gateway.start_control()
        wait_until(lambda: self.gateway.ask("control", "status")["dataplane"].get("reconciled"), "the gateway is ready")

    def call(self, count, *more, proposal="aes256-sha256-modp2048"):
        log = self.gateway.folder / "client.json"
        command = ["taskset", "-c", str(self.options.cores[1]), str(self.options.programs / "espgate-client"), "--server",
                   "10.20.0.10", "--psk-file", str(self.psk), "--users", str(self.users), "--count", str(count),
                   "--source-network", SOURCES, "--share-dh", "--at-once", str(self.options.at_once), "--ike-proposal", proposal,
                   "--json", *map(str, more)]
        with open(log, "wb") as output, self.lab.inside("net"):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
        return process, log

    def settled(self, process, log, patience=900):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            lines = log.read_text(encoding="ascii").splitlines(keepends=True)
            if lines and lines[0].endswith("\n"):
                return json.loads(lines[0])
            assert process.poll() is None, "espgate-client ended before its calls were settled"
            time.sleep(0.05)
        raise AssertionError(f"calls were not settled in {patience} s")

    def rates(self):
        """Tunnels a second, and what they cost, by group."""
        rows = []
        for proposal in ("aes256-sha256-modp2048", "aes256-sha256-ecp256", "aes256-sha256-curve25519"):
            before = [cpu_seconds(each) for each in (self.gateway.control, self.gateway.dataplane)]
            process, log = self.call(self.options.calls, "--hold", 0, proposal=proposal)
            calls = self.settled(process, log)
            after = [cpu_seconds(each) for each in (self.gateway.control, self.gateway.dataplane)]
            process.wait(300)
            control = (after[0] - before[0]) / max(calls["up"], 1)
            rows.append({"proposal": proposal, "up": calls["up"], "calls": calls["clients"], "a_second": calls["up"] / calls["seconds"],
                         "control_ms": 1000 * control, "p99_ms": calls["steps"]["ip"]["p99_ms"],
                         "median_ms": calls["steps"]["ip"]["median_ms"], "failed": calls["failed"]})
        return rows

    def memory(self):
        """KiB a tunnel over both processes, and how long the same clients take to come back after a restart."""
        self.gateway.stop()
        self.start()
        programs = (self.gateway.control, self.gateway.dataplane)
        before = [resident_kib(each) for each in programs]
        process, log = self.call(self.options.tunnels, proposal="aes256-sha256-curve25519")
        calls = self.settled(process, log)
        after = [resident_kib(each) for each in programs]
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        process.wait(300)
        for each in programs:
            each.kill()
        self.gateway.dataplane = self.gateway.control = None
        began = time.monotonic()
        self.start()
        process, log = self.call(self.options.tunnels, proposal="aes256-sha256-curve25519")
        back = self.settled(process, log)
        seconds = time.monotonic() - began
        process.send_signal(signal.SIGTERM)
        process.wait(600)
        up = max(calls["up"], 1)
        return {"tunnels": calls["up"], "asked": calls["clients"], "seconds": calls["seconds"], "failed": calls["failed"],
                "control_kib": (after[0] - before[0]) / up, "dataplane_kib": (after[1] - before[1]) / up,
                "back": back["up"], "back_seconds": seconds}


def print_all(rates, memory):
    print("\nWhole tunnels (IKE, L2TP, PPP to an address), the gateway on one core, callers on another\n")
    for row in rates:
        print(f"  {row['proposal']:26} {row['a_second']:8.0f} a second, {row['control_ms']:.2f} ms of control each; "
              f"median {row['median_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms; {row['up']} of {row['calls']} {row['failed'] or ''}")
    total = memory["control_kib"] + memory["dataplane_kib"]
    print(f"\n  {memory['tunnels']} of {memory['asked']} tunnels at once: {total:.1f} KiB each, {memory['control_kib']:.1f} in control, "
          f"{memory['dataplane_kib']:.1f} in the data plane {memory['failed'] or ''}")
    print(f"  after a restart of the gateway {memory['back']} are back in {memory['back_seconds']:.1f} s")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=pathlib.Path, default=here.parent / "build/release/bin")
    parser.add_argument("--calls", type=int, default=1000, help="for each rate")
    parser.add_argument("--tunnels", type=int, default=10000, help="at once, for memory")
    parser.add_argument("--at-once", type=int, default=48)
    parser.add_argument("--output", type=pathlib.Path, default=here.parent / "build/bench")
    parser.add_argument("--inside", action="store_true")
    options = parser.parse_args()
    if not options.inside:
        os.execvp("unshare", ["unshare", "-Urnm", sys.executable, *sys.argv, "--inside"])
    options.programs = options.programs.resolve()
    cores = sorted(os.sched_getaffinity(0))
    options.cores = (cores[0], cores[-1])
    lab.OPTIONS.dataplane, lab.OPTIONS.control = (options.programs / f"espgate-{name}" for name in ("dataplane", "control"))
    lab.OPTIONS.workers = 1
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    run("mount", "-t", "tmpfs", "none", "/run")
    bench = Bench(options)
    try:
        rates = bench.rates()
        memory = bench.memory()
    finally:
        try:
            bench.gateway.stop()
        finally:
            bench.gateway.remove()
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "dial.json").write_text(json.dumps({"rates": rates, "memory": memory}, indent=1) + "\n", encoding="ascii")
    print_all(rates, memory)


if __name__ == "__main__":
    main()
