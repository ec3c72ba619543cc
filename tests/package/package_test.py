#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Debian package on a machine of its own, with systemd, from installing it to purging it: README.md says how. Needs
no root; everything happens in namespaces of its own and is gone with this program."""
import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "tests/interop"), str(ROOT / "tests/live")]

# pylint: disable=wrong-import-position
import image
from image import Missing
from lab import LIBC, PR_SET_CHILD_SUBREAPER, run, wait_until
from machine import Machine
from topology import ELASTIC_IP, Topology

ENTER = ["unshare", "-Urnm", "--pid", "--fork", "--kill-child", "--mount-proc"]
UNITS = ("espgate-dataplane", "espgate-control")
DATAPLANE, CONTROL = UNITS
PATIENCE_SECONDS = 90  # a guest without acceleration, and systemd's own delays
CONFIGURATION = "/etc/espgate/gateway.toml"
PSK, PASSWORD = "a-preshared-key-of-the-test", "a-password-of-the-test"
SETTINGS = f"""
/^\\[outside\\]/a interface = "vec0"\\naddress = "10.20.0.10/24"\\ngateway = "10.20.0.1"
/^\\[inside\\]/a interface = "vec1"\\naddress = "10.30.0.1/24"
/^\\[clients\\]/a pool = "10.40.0.0/24"
/^\\[ike\\]/a psk = "{PSK}"\\nidentity = "{ELASTIC_IP}"
/^\\[ppp\\]/a dns = ["10.30.0.53"]
$a [memory]\\nhugepages = "off"
"""
JOURNAL_LINE = re.compile(r"(area=\w+ client=\S+( peer=\d+)? msg=\"|msg=\").*\"$")


class Failed(AssertionError):
    pass


def check(condition, what, detail=""):
    print(f"  {'ok  ' if condition else 'FAIL'} {what}", flush=True)
    if not condition:
        raise Failed(f"{what}: {detail}")


def eventually(condition, what):
    try:
        value = wait_until(condition, what, PATIENCE_SECONDS)
    except AssertionError as problem:
        raise Failed(str(problem)) from None
    check(True, what)
    return value


def repacked(deb, folder, release, change=None):
    """The same package as a later release, with a change to what it holds."""
    tree, result = folder / f"tree-{release}", folder / f"espgate-{release}.deb"
    run("dpkg-deb", "-R", deb, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^(Version: .*)-\d+$", rf"\1-{release}", control.read_text(encoding="utf-8"), flags=re.M),
                       encoding="utf-8")
    if change:
        change(tree)
    run("dpkg-deb", "--root-owner-group", "-b", tree, result)
    shutil.rmtree(tree)
    return result


def other_channel(tree):
    """A control process of another version, as far as its answer to --channel says."""
    program = tree / "usr/bin/espgate-control"
    program.write_text("#!/bin/sh\necho 999:0\n", encoding="ascii")


class Client:
    """espgate-client at the strongSwan's place, behind the NAT."""

    def __init__(self, topology, programs, folder):
        self.topology, self.programs, self.folder = topology, programs, folder
        self.process = None
        topology.ip("strongswan", "address add 10.10.1.2/24 dev c1", "route add default via 10.10.1.1")
        for name, text in (("psk", PSK), ("password", PASSWORD)):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text, encoding="ascii")

    def dial(self):
        self.hang_up()
        log = self.folder / "client.log"
        self.process = self.topology.start(
            "strongswan", [self.programs / "espgate-client", "--server", ELASTIC_IP, "--psk-file", self.folder / "psk",
                           "--user", "alice", "--password-file", self.folder / "password", "--tun", "tun0",
                           "--route", "10.30.0.0/24"], log)
        def up():
            if not self.process.is_running():
                raise Failed(f"the client ended: {log.read_text(encoding='utf-8')[-600:]}")
            return self.topology.command("strongswan", "ip", "-o", "address", "show", "dev", "tun0", check=False).stdout
        eventually(up, "a client dials in")

    def hang_up(self):
        if self.process is not None:
            with contextlib.suppress(AssertionError):
                self.process.end()
        self.process = None

    def pings(self, count=3, interval=0.2):
        """How many of `count` were answered."""
        done = self.topology.command("strongswan", "ping", "-n", "-i", interval, "-W", "2", "-c", count, "10.30.0.10",
                                     check=False)
        found = re.search(r"(\d+) received", done.stdout)
        return int(found.group(1)) if found else 0

    def start_pings(self, log):
        return self.topology.start("strongswan", ["ping", "-n", "-i", "0.1", "10.30.0.10"], log)


class Lab:
    def __init__(self, options, disk):
        self.options, self.logs = options, options.logs
        self.topology = Topology()
        self.folder = pathlib.Path("/run/package")
        self.shared = self.folder / "shared"
        self.shared.mkdir(parents=True)
        self.machine = Machine(self.topology, disk, self.logs / "machine", self.shared, self.logs / "console.log")
        self.machine.folder.mkdir(parents=True)
        self.client = Client(self.topology, options.programs, self.folder)
        shutil.copy(options.deb, self.shared / "espgate-1.deb")
        for release, change in ((2, None), (3, other_channel)):
            shutil.move(repacked(options.deb, self.folder, release, change), self.shared / f"espgate-{release}.deb")

    def close(self):
        self.client.hang_up()
        if self.machine.process is not None:
            with contextlib.suppress(Exception):
                text = self.machine.run("journalctl -b -o short-precise --no-pager")
                (self.logs / "journal.log").write_text(text, encoding="utf-8")
            self.machine.kill()
        self.topology.close()
        shutil.rmtree(self.machine.folder, ignore_errors=True)


# --- what happens to a machine, in this order


def installs(lab):
    machine = lab.machine
    said = machine.run("dpkg -i /host/espgate-1.deb", 120)
    check("nothing is enabled or started" in said, "without a configuration installing starts nothing, and says what to do", said)
    for unit in UNITS:
        check(machine.show(unit, "UnitFileState") == "disabled" and not machine.is_active(unit), f"{unit} is neither enabled nor active")
    modes = machine.run(f"stat -c '%a %U:%G %n' /etc/espgate /etc/espgate/* /run/espgate").splitlines()
    check(modes == ["750 espgate:espgate /etc/espgate", "600 espgate:espgate /etc/espgate/chap-secrets",
                    f"600 espgate:espgate {CONFIGURATION}", "700 espgate:espgate /run/espgate"],
          "configuration and sockets are control's alone", modes)
    said, status = machine.finish(machine.begin(f"espgate check {CONFIGURATION}"), check=False)
    check(status == 1 and '"psk" is missing' in said, "espgate check says what the configuration lacks", said)
    check(not machine.succeeds(f"systemctl start {DATAPLANE}"), "a data plane without configuration does not start")
    time.sleep(2)
    check(machine.show(DATAPLANE, "NRestarts") == "0" and machine.show(DATAPLANE, "ExecMainStatus") == "2",
          "and is not tried again and again")
    machine.run(f"systemctl reset-failed {DATAPLANE}")


def is_configured(lab):
    machine = lab.machine
    machine.write("/tmp/settings.sed", SETTINGS)
    machine.run(f"sed -i -f /tmp/settings.sed {CONFIGURATION}")
    machine.write("/tmp/password", PASSWORD)
    machine.run(f"espgate user add alice -c {CONFIGURATION} --password-file /tmp/password")
    check(machine.run("stat -c '%a %U' /etc/espgate/chap-secrets").split() == ["600", "espgate"],
          "espgate user keeps owner and permissions")
    said, status = machine.finish(machine.begin(f"espgate check {CONFIGURATION}"), check=False)
    check(status == 0, "the configuration checks", said)


def starts(lab):
    machine = lab.machine
    machine.run("systemctl enable --now espgate-dataplane espgate-control", 90)
    for unit in UNITS:
        check(machine.is_active(unit), f"{unit} is active, and so was ready")
    check(machine.show(DATAPLANE, "StatusText").startswith("forwarding with 1 worker"), "its status tells how the data plane is",
          machine.show(DATAPLANE, "StatusText"))
    rights(lab)


def rights(lab):
    machine = lab.machine
    for unit, user in ((DATAPLANE, "root"), (CONTROL, "espgate")):
        pid = machine.show(unit, "MainPID")
        sets = machine.run(f"cat /proc/{pid}/task/*/status | grep -E '^Cap(Prm|Eff|Bnd)' | awk '{{print $2}}' | sort -u").split()
        check(sets == ["0000000000000000"], f"no thread of {unit} has a capability", sets)
        check(machine.run(f"stat -c %U /proc/{pid}/task/{pid}; ps -o user= -p {pid}").split()[1] == user, f"{unit} runs as {user}")
    check(machine.run(f"grep Seccomp: /proc/{machine.show(CONTROL, 'MainPID')}/status").split()[1] == "2",
          "control's system calls are filtered")


def serves(lab):
    lab.client.dial()
    check(lab.client.pings() == 3, "its pings are answered")
    check("alice" in lab.machine.run("espgate session"), "espgate session names the user")


def is_reloaded(lab):
    machine = lab.machine
    machine.run(f"espgate user add bob -c {CONFIGURATION} --password-file /tmp/password; systemctl reload {CONTROL}")
    eventually(lambda: "2 users in" in machine.run(f"journalctl -b -u {CONTROL} -o cat"), "a reload reads the users again")
    check(machine.is_active(CONTROL), "and control is active")


def writes_for_the_journal(lab):
    machine = lab.machine
    for unit in UNITS:
        rows = [json.loads(line) for line in machine.run(
            f"journalctl -b -o json _SYSTEMD_UNIT={unit}.service").splitlines()]
        lines = [row["MESSAGE"] for row in rows if isinstance(row["MESSAGE"], str)]
        # A start without configuration prints what `espgate check` prints.
        other = [line for line in lines if not JOURNAL_LINE.match(line) and CONFIGURATION not in line]
        check(lines and not other, f"each line of {unit} is key=value", other[:3])
        check(any(row["PRIORITY"] == "6" for row in rows), "with its priority")
        check(not any(secret in line for line in lines for secret in (PSK, PASSWORD)), "and none has a secret")


def is_upgraded(lab):
    machine = lab.machine
    before = {unit: machine.show(unit, "MainPID") for unit in UNITS}
    pings = lab.client.start_pings(lab.logs / "pings.log")
    said = machine.run("dpkg -i /host/espgate-2.deb", 180)
    time.sleep(1)
    pings.process.send_signal(2)
    pings.process.wait(10)
    check("control is replaced" in said, "an upgrade replaces control", said)
    after = {unit: machine.show(unit, "MainPID") for unit in UNITS}
    check(before[DATAPLANE] == after[DATAPLANE] and before[CONTROL] != after[CONTROL], "and leaves the data plane alone",
          f"{before} {after}")
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received",
                                        (lab.logs / "pings.log").read_text(encoding="utf-8")).groups())
    check(received == sent > 10, f"none of {sent} pings was lost meanwhile", f"{received} of {sent}")
    check("alice" in machine.run("espgate session"), "the session is there")
    check("interface = \"vec0\"" in machine.run(f"cat {CONFIGURATION}"), "and so is the configuration")
    rights(lab)


def keeps_what_does_not_fit_apart(lab):
    machine = lab.machine
    before = {unit: machine.show(unit, "MainPID") for unit in UNITS}
    said = machine.run("dpkg -i /host/espgate-3.deb", 180)
    check("both go on as they are" in said, "a control that can't talk to the data plane is not started", said)
    check(before == {unit: machine.show(unit, "MainPID") for unit in UNITS} and lab.client.pings() == 3, "both go on")
    machine.run("dpkg -i /host/espgate-2.deb", 180)


def survives_crashes(lab):
    machine = lab.machine
    machine.run(f"systemctl kill --signal=KILL {CONTROL}")
    eventually(lambda: machine.show(CONTROL, "NRestarts") != "0" and machine.is_active(CONTROL), "a control that was killed is back")
    check(lab.client.pings() == 3 and "alice" in machine.run("espgate session"), "with its session")
    machine.run(f"systemctl kill --signal=KILL {DATAPLANE}")
    eventually(lambda: machine.show(DATAPLANE, "NRestarts") != "0" and machine.is_active(DATAPLANE), "a data plane that was killed is back")
    eventually(lambda: lab.client.pings(1) == 1, "and forwards for who was connected")


def is_watched(lab):
    machine = lab.machine
    for unit in UNITS:
        machine.run(f"systemctl stop {' '.join(UNITS)}; mkdir -p /run/systemd/system/{unit}.service.d; "
                    f"printf '[Service]\\nWatchdogSec=4\\n' >/run/systemd/system/{unit}.service.d/watchdog.conf; "
                    f"systemctl daemon-reload; systemctl start {' '.join(UNITS)}", 90)
        pid = machine.show(unit, "MainPID")
        time.sleep(6)
        check(machine.show(unit, "MainPID") == pid, f"{unit} feeds its watchdog")
        machine.run(f"kill -STOP {pid}")
        eventually(lambda unit=unit, pid=pid: machine.show(unit, "MainPID") not in ("0", pid) and machine.is_active(unit),
                   f"{unit} that hangs is replaced")
        machine.run(f"rm -r /run/systemd/system/{unit}.service.d; systemctl daemon-reload")


def comes_back_after_a_reboot(lab):
    lab.client.hang_up()
    lab.machine.power_off()
    lab.machine.start()
    for unit in UNITS:
        eventually(lambda unit=unit: lab.machine.is_active(unit), f"{unit} is active after a reboot")
    serves(lab)


def is_removed(lab):
    machine = lab.machine
    lab.client.hang_up()
    machine.run("dpkg -r espgate", 120)
    for unit in UNITS:
        check(not machine.is_active(unit), f"{unit} is stopped by removal")
    check(machine.succeeds(f"test -e {CONFIGURATION} -a -d /var/lib/espgate -a ! -e /run/espgate -a ! -e /usr/bin/espgate"),
          "configuration and state stay, programs and sockets go")
    machine.run("dpkg -P espgate", 60)
    left = machine.run("find / -xdev -name '*espgate*' -not -path '/host/*' -not -path '/proc/*' -not -path '/sys/*' "
                       "-not -path '/tmp/*' -not -path '/run/systemd/*'").split()
    check(left == [], "a purge leaves nothing", left)


STEPS = (installs, is_configured, starts, serves, is_reloaded, writes_for_the_journal, is_upgraded, keeps_what_does_not_fit_apart,
         survives_crashes, is_watched, comes_back_after_a_reboot, is_removed)


def parse():
    parser = argparse.ArgumentParser(description="the Debian package on a machine of its own")
    parser.add_argument("--deb", type=pathlib.Path, required=True)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin", help="where espgate-client is")
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / "build/package-test/cache", help="where the machine's disk is kept")
    parser.add_argument("--logs", type=pathlib.Path, default=ROOT / "build/package-test/log")
    parser.add_argument("--inside", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in ("deb", "programs", "cache", "logs"):
        setattr(options, name, getattr(options, name).resolve())
    return options


def perform(options):
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    run("mount", "-t", "tmpfs", "-o", "mode=0755", "none", "/run")
    shutil.rmtree(options.logs, ignore_errors=True)
    options.logs.mkdir(parents=True)
    lab = Lab(options, options.inside)
    try:
        began = time.monotonic()
        lab.machine.start()
        print(f"the machine is up after {time.monotonic() - began:.1f} s", flush=True)
        for step in STEPS:
            print(f"{step.__name__.replace('_', ' ')} ({time.monotonic() - began:.0f} s)", flush=True)
            step(lab)
    except AssertionError as problem:
        print(f"package: {problem}\nlogs: {options.logs}", file=sys.stderr)
        return False
    finally:
        lab.close()
    print(f"passed after {time.monotonic() - began:.0f} s")
    return True


def main():
    options = parse()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    try:
        if options.inside is None:
            disk = image.build(options.deb, options.cache)
            if subprocess.run([*ENTER, "true"], check=False).returncode:
                raise Missing("this system does not let this user make namespaces: sysctl kernel.unprivileged_userns_clone=1")
            sys.stdout.flush()
            os.execvp(ENTER[0], [*ENTER, sys.executable, *sys.argv, "--inside", str(disk)])
        sys.exit(0 if perform(options) else 1)
    except Missing as problem:
        print(f"package: {problem}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
