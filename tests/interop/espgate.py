# SPDX-License-Identifier: Apache-2.0
"""The gateway under test: its two processes on configs/lab.toml, with what a scenario changes in it."""
import collections
import json
import pathlib
import re
import shutil
import socket
import subprocess
import tomllib

from lab import PATIENCE_SECONDS, wait_until

LAB = pathlib.Path(__file__).resolve().parents[2] / "configs/lab.toml"


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


def _toml(tables):
    lines = []
    for name, table in tables.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_value(value)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"


def _lab_tables(ike, more):
    tables = tomllib.loads(LAB.read_text(encoding="utf-8"))
    tables["ike"] = {**tables.get("ike", {}), **ike}
    for name, table in more.items():
        tables[name] = {**tables.get(name, {}), **table}
    if "users" in tables:
        tables["users"]["file"] = str(LAB.parent / tables["users"]["file"])
    return tables


class Espgate:
    """`folder`: for configuration, logs and state; `runtime`: for sockets, a short path; `what`: the scenario. It says
    what is not as in the lab's file, or from which old files the configuration comes instead."""

    def __init__(self, topology, programs, folder, runtime, what):
        self.topology, self.programs, self.folder, self.runtime = topology, programs, folder, runtime
        shutil.rmtree(self.runtime, ignore_errors=True)
        (self.runtime / "state").mkdir(mode=0o700, parents=True)
        self.import_said = ""
        if what.old_files:
            text, tables = self._imported(what.old_files), {}
        else:
            text, tables = "", _lab_tables(what.ike, what.tables)
        tables["memory"] = {"hugepages": "off", **tables.get("memory", {})}
        tables["runtime"] = {**tables.get("runtime", {}), "directory": str(self.runtime),
                             "state_directory": str(self.runtime / "state"), "log_level": "debug"}
        self.config = self.folder / "gateway.toml"
        self.config.touch(mode=0o600)
        self.config.write_text(f"{text}\n{_toml(tables)}", encoding="utf-8")
        self.dataplane = self.control = None

    def _imported(self, old_files):
        """What `espgate import` makes of them, told where it stands."""
        port = {name: tomllib.loads(LAB.read_text(encoding="utf-8"))[name] for name in ("outside", "inside")}
        result = self.folder / "imported.toml"
        done = subprocess.run(
            [self.programs / "espgate", "import", *old_files, "-o", result,
             *(word for name, table in port.items() for key, value in table.items()
               for word in (f"--{name}-{key}", value))],
            capture_output=True, text=True, check=False)
        self.import_said = done.stderr
        assert done.returncode == 0, f"espgate import: {done.stderr}"
        return result.read_text(encoding="utf-8")

    # --- its life

    def start(self):
        self.start_dataplane()
        self.start_control()

    def start_dataplane(self):
        self.dataplane = self.topology.start("gateway", [self.programs / "espgate-dataplane", "-c", self.config],
                                             self.folder / "dataplane.log")
        self._wait_for("dataplane", lambda status: True)

    def start_control(self):
        # With the keys, Wireshark opens what the captures beside them hold.
        keys = self.folder / "keys"
        keys.mkdir(mode=0o700, exist_ok=True)
        self.control = self.topology.start("gateway", [self.programs / "espgate-control", "-c", self.config,
                                                       "--save-keys", keys], self.folder / "control.log")
        self._wait_for("control", lambda status: status["dataplane"].get("reconciled"))

    def _wait_for(self, name, ready):
        def answers():
            program = getattr(self, name)
            assert program.is_running(), f"espgate-{name} ended: {self.last_words(name)}"
            status = self.try_asking(name, "status")
            return status and status.get("ok") and ready(status)
        wait_until(answers, lambda: f"espgate-{name} is ready: {self.last_words(name)}")

    def kill_control(self):
        self.control.kill()

    def kill_dataplane(self):
        self.dataplane.kill()

    def stop(self):
        """What was wrong with their ends, a sentence each."""
        faults = []
        for name in ("control", "dataplane"):
            program = getattr(self, name)
            if program is None:
                continue
            running = program.is_running()
            try:
                status = program.end()
            except AssertionError as problem:
                faults.append(str(problem))
                continue
            if not running or status != 0:
                faults.append(f"espgate-{name} {'returned' if running else 'had ended before with'} {status}: "
                              f"{self.last_words(name)}")
        found = re.findall(r"stopped; packet buffers in use (\d+) \(at the start (\d+)\)", self.log("dataplane"))
        if self.dataplane is not None and not faults and (not found or found[-1][0] != found[-1][1]):
            faults.append(f"packet buffers leaked: {found}")
        faults += [line for name in ("control", "dataplane") for line in self.log(name).splitlines()
                   if "ERROR: AddressSanitizer" in line or "ERROR: LeakSanitizer" in line or "runtime error:" in line]
        self.control = self.dataplane = None
        return faults

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def last_words(self, name):
        return " | ".join(self.log(name).strip().splitlines()[-4:])

    # --- what it says

    def ask(self, process, command, **more):
        answer = self.try_asking(process, command, **more)
        assert answer and answer.get("ok"), f"espgate-{process}, {command}: {answer}"
        return answer

    def printed(self, *words):
        """What `espgate` prints for people, with its exit code in front if that is not 0."""
        done = subprocess.run([self.programs / "espgate", *words, "--runtime-directory", self.runtime],
                              capture_output=True, text=True, check=False)
        return (f"[exit code {done.returncode}] {done.stderr}" if done.returncode else "") + done.stdout

    def try_asking(self, process, command, **more):
        """None: nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
                asked.settimeout(PATIENCE_SECONDS)
                asked.connect(str(self.runtime / f"{process}.sock"))
                asked.sendall(json.dumps({"command": command, **more}).encode() + b"\n")
                line = asked.makefile("rb").readline()
            return json.loads(line) if line else None
        except OSError:
            return None

    def command(self, *words):
        """`espgate WORDS --json`, as an operator calls it."""
        done = self.topology.command("gateway", self.programs / "espgate", *words, "--json", "-c", self.config)
        return json.loads(done.stdout)

    def check(self):
        """What `espgate check` finds wrong, errors and warnings."""
        done = self.topology.command("gateway", self.programs / "espgate", "check", self.config, "--json", check=False)
        found = json.loads(done.stdout)
        return [problem["what"] for problem in found["errors"] + found["warnings"]]

    def sas(self, direction):
        """SPI: the data plane's row of the SA, for "in" or "out"."""
        return {int(row["spi"], 0): row for row in self.ask("dataplane", "sa")["sas"] if row["direction"] == direction}

    def clients(self):
        """Who has an IKE SA, or ESP SAs."""
        return self.ask("control", "ike")["clients"]

    def disconnect(self, peer_id):
        self.ask("control", "ike down", peer_id=peer_id)

    def why(self, address):
        """How the last negotiations with an address went, a sentence each, the newest last."""
        return [entry["text"] for entry in self.ask("control", "why", address=address)["negotiations"]]

    def drops(self):
        rows = self.ask("dataplane", "drops")["drops"]
        return collections.Counter({row["reason"]: row["packets"] for row in rows if row["packets"]})
