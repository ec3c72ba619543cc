#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real clients against the gateway: README.md says how. Needs no root; everything happens in namespaces of its own and
is gone with this program, whatever becomes of it."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT / "tests/live"))

# pylint: disable=wrong-import-position
import root_file_system
from client import CLIENTS
from espgate import Espgate
from guest import Guest
from lab import LIBC, PR_SET_CHILD_SUBREAPER, children, name_of, run
from reference import Reference
from root_file_system import Missing
from scenario import REGISTRY, Results, perform
from topology import Topology

import connect_scenarios
import dial_scenarios
import import_scenarios
import rekey_scenarios
import life_scenarios
import refusal_scenarios
import traffic_scenarios

SCENARIO_FILES = (connect_scenarios, rekey_scenarios, life_scenarios, refusal_scenarios, dial_scenarios,
                  traffic_scenarios, import_scenarios)
PROGRAMS = {"linux.uml": "user-mode-linux", "mmdebstrap": "mmdebstrap", "nft": "nftables", "dumpcap": "wireshark-common",
            "tshark": "tshark", "ethtool": "ethtool", "ip": "iproute2", "ike-scan": "ike-scan"}
ENTER = ["unshare", "-Urnm", "--pid", "--fork", "--kill-child", "--mount-proc"]
ROOT_OF_GUEST = {"strongswan": "strongswan", "libreswan": "libreswan", "reference": "libreswan"}


class Lab:
    """What all scenarios of a run share."""

    def __init__(self, options, roots):
        self.options, self.roots, self.logs = options, roots, options.logs
        self.topology = Topology()
        self.folder = pathlib.Path("/run/interop")
        (self.folder / "guests").mkdir(parents=True)
        self.guests, self.clients = {}, {}

    def boot(self, names):
        """All at once."""
        began = time.monotonic()
        for name in names:
            self.guests[name] = Guest(self.topology, name, self.roots[ROOT_OF_GUEST[name]], self.folder / "guests",
                                      self.logs / f"{name}.console.log")
            self.guests[name].start()
        for name in names:
            self.guests[name].wait_until_ready()
            if name in CLIENTS:
                self.clients[name] = CLIENTS[name](self.guests[name])
        if names:
            print(f"guests {', '.join(names)} are up after {time.monotonic() - began:.1f} s", flush=True)

    def client(self, name):
        return self.clients[name]

    def make_gateway(self, folder, what):
        if self.options.reference:
            return Reference(self.guests["reference"], folder, what.ike)
        return Espgate(self.topology, self.options.programs, folder, self.folder / "gateway", what)

    def close(self):
        for guest in self.guests.values():
            guest.kill()
        self.topology.close()


def parse():
    parser = argparse.ArgumentParser(description="real clients against the gateway")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin",
                        help="where the gateway's programs are")
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / "build/interop/root",
                        help="where the guests' root file systems are kept")
    parser.add_argument("--logs", type=pathlib.Path, default=ROOT / "build/interop/log")
    parser.add_argument("--all", action="store_true", help="every scenario; without it, one connection per client")
    parser.add_argument("--list", action="store_true", help="names of all scenarios")
    parser.add_argument("--reference", action="store_true",
                        help="Libreswan in the gateway's place, to try the lab itself")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="only scenarios whose names contain one of these")
    options = parser.parse_args()
    for name in ("programs", "cache", "logs"):
        setattr(options, name, getattr(options, name).resolve())
    return options


def chosen(options):
    if options.names:
        unknown = [name for name in options.names if not any(name in each for each in REGISTRY)]
        if unknown:
            raise Missing(f"no scenario has {unknown[0]} in its name; --list shows all")
        return [each for each in REGISTRY.values() if any(name in each.name for name in options.names)]
    return [each for each in REGISTRY.values() if options.all or each.quick]


def guest_names(options, scenarios):
    names = [name for name in CLIENTS if any(name in each.clients for each in scenarios)]
    return names + (["reference"] if options.reference else [])


def prepare(options, scenarios):
    """Outside of the namespaces: whatever may be missing on this machine, and the root file systems."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            raise Missing(f"there is no {program} (package {package}); ./dev setup installs it")
    for program in () if options.reference else ("espgate-dataplane", "espgate-control", "espgate"):
        if not (options.programs / program).exists():
            raise Missing(f"there is no {options.programs / program}; ./dev build makes it")
    tried = subprocess.run([*ENTER, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        raise Missing(f"this system does not let this user make namespaces ({tried.stderr.strip()}); run this as "
                      "root, or allow it: sysctl kernel.unprivileged_userns_clone=1")
    began = time.monotonic()
    kinds = {ROOT_OF_GUEST[name] for name in guest_names(options, scenarios)}
    root_file_system.build_all(sorted(kinds), options.cache)
    if time.monotonic() - began > 1:
        print(f"root file systems are made after {time.monotonic() - began:.1f} s", flush=True)


def perform_all(options, scenarios):
    """Inside."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/run")
    shutil.rmtree(options.logs, ignore_errors=True)
    options.logs.mkdir(parents=True)
    results = Results()
    lab = Lab(options, {kind: options.cache / kind for kind in root_file_system.PACKAGES})
    try:
        lab.boot(guest_names(options, scenarios))
        for each in scenarios:
            perform(each, results, lab)
    finally:
        lab.close()
    left = [f"{pid} {name_of(pid)}" for pid in children()]
    if left:
        results.count(False, 0, f"processes that nobody ended: {', '.join(left)}")
    print(f"{results.passed} passed, {results.failed} failed; logs and captures: {options.logs}")
    return results.failed == 0 and results.passed > 0


def main():
    options = parse()
    try:
        scenarios = chosen(options)
        if options.list:
            print("\n".join(f"{each.name}{'  (quick)' if each.quick else ''}" for each in REGISTRY.values()))
            return
        if not options.inside:
            prepare(options, scenarios)
            sys.stdout.flush()
            os.execvp(ENTER[0], [*ENTER, sys.executable, *sys.argv, "--inside"])
        sys.exit(0 if perform_all(options, scenarios) else 1)
    except Missing as problem:
        print(f"interop: {problem}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
