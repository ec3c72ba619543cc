# SPDX-License-Identifier: Apache-2.0
"""Namespaces and wires of the live tests.

      home                nat                    net (the internet)                 gw                    host
    10.10.1.2 --h1=h0-- 10.10.1.1              lo 203.0.113.7, .8                                   (private host)
    10.10.1.3           198.51.100.2 --n1=n0-- 198.51.100.1
                        masquerades            10.20.0.1 --c0=s0-- [10.20.0.10  10.30.0.1] --s1=p0-- 10.30.0.10
                                               lo 192.0.2.66 (mallory)                              lo 10.50.0.10

With one port for both sides the host is behind the router too: net 10.30.0.254 --p1=p0-- 10.30.0.10.
With taps net, gw and host are one namespace, and the gateway's ports are the other ends of TAP devices c0 and p0:
nothing in between touches what these send. Through af_packet the kernel puts IP fragments together.

All of it exists inside `unshare -Urnm`, for an ordinary user as for root, and is gone with its last process. A program
calls `main()`, which re-enters itself there."""
import argparse
import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import unittest

PATIENCE_SECONDS = 20  # for whatever must happen; nothing here waits for longer than it takes

CLONE_NEWNET = 0x40000000
PR_SET_CHILD_SUBREAPER = 36
LIBC = ctypes.CDLL(None, use_errno=True)

MAC = {name: f"02:00:00:00:{number:02x}:{end:02x}" for end, names in enumerate(("c0 p0 n0 h0", "s0 s1 n1 h1"))
       for number, name in enumerate(names.split())} | {"p1": "02:00:00:00:01:02"}


def mac(end):
    return bytes.fromhex(MAC[end].replace(":", ""))


class SkipLab(Exception):
    """Something is missing here that is no fault of the gateway's."""


def wait_until(condition, what, seconds=PATIENCE_SECONDS):
    """The first value of `condition()` that is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what() if callable(what) else what}")
        time.sleep(0.005)


class Program:
    """A process that must be ended, with a log."""

    def __init__(self, command, log):
        self.log = log
        with open(log, "ab") as stream:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                            stdout=stream, stderr=stream)

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)

    def end(self):
        """Its exit status."""
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.process.args[0]} did not end within {PATIENCE_SECONDS} s of SIGTERM") from None


def run(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stderr or done.stdout}")
    return done


class Lab:
    """`taps`: the gateway's ports are TAP devices, which it makes itself: call `attach_taps` once it runs."""

    def __init__(self, taps=False, one_port=False):
        self.taps = taps
        self.one_port = one_port
        self.names = {}
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        for name in ("net", "nat", "home") if taps else ("net", "nat", "home", "gw", "host"):
            self._add_namespace(name)
        self._wire("nat", "n1", "net", "n0")
        self._wire("home", "h1", "nat", "h0")
        self._address_clients()
        if taps:
            self.names["gw"] = self.names["host"] = self.names["net"]
            return
        self._wire("net", "c0", "gw", "s0")
        self._wire("host", "p0", *(("net", "p1") if one_port else ("gw", "s1")))
        self._address_outside()
        self._address_host()

    # --- building

    def _add_namespace(self, name):
        run("ip", "netns", "add", name)
        self.names[name] = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        with self.inside(name):
            # Neighbour discovery of a kernel would look like the gateway's on its wire.
            for setting in ("ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"):
                path = pathlib.Path("/proc/sys/net", setting)
                if path.exists():
                    path.write_text("1")
            for setting in ("all", "default"):
                pathlib.Path(f"/proc/sys/net/ipv4/conf/{setting}/rp_filter").write_text("0")
            if name in ("net", "nat"):
                pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            run("ip", "link", "set", "lo", "up")

    def _wire(self, one, one_end, other, other_end):
        run("ip", "link", "add", one_end, "netns", one, "address", MAC[one_end], "type", "veth",
            "peer", "name", other_end, "netns", other, "address", MAC[other_end])
        for name, end in ((one, one_end), (other, other_end)):
            with self.inside(name):
                # With offloads packets would come with checksums that nobody has filled in, and larger than the MTU.
                run("ethtool", "-K", end, "tx", "off", "rx", "off", "gso", "off", "gro", "off", "tso", "off")
                run("ip", "link", "set", end, "up")

    def _ip(self, name, *lines):
        with self.inside(name):
            for line in lines:
                run("ip", *line.split())

    def _address_clients(self):
        self._ip("net", "address add 198.51.100.1/24 dev n0", "address add 203.0.113.7/32 dev lo",
                 "address add 203.0.113.8/32 dev lo", "address add 192.0.2.66/32 dev lo")
        self._ip("nat", "address add 198.51.100.2/24 dev n1", "address add 10.10.1.1/24 dev h0",
                 "route add default via 198.51.100.1")
        self._ip("home", "address add 10.10.1.2/24 dev h1", "address add 10.10.1.3/24 dev h1",
                 "route add default via 10.10.1.1")

    def _address_outside(self):
        self._ip("net", "address add 10.20.0.1/24 dev c0")
        if self.one_port:
            self._ip("net", "address add 10.30.0.254/24 dev p1", "route add 10.40.0.0/24 via 10.20.0.10")
        elif not self.taps:
            # Mallory tries to reach what is private, past IPsec.
            self._ip("net", "route add 10.30.0.0/24 via 10.20.0.10", "route add 10.40.0.0/24 via 10.20.0.10")

    def _address_host(self):
        self._ip("host", "address add 10.30.0.10/24 dev p0", "address add 10.50.0.10/32 dev lo")
        self.route_host()

    def route_host(self):
        """The host's way to clients, which is gone after its link was down."""
        clients = "10.40.0.0/24" if self.taps else "default"
        self._ip("host", f"route replace {clients} via {'10.30.0.254' if self.one_port else '10.30.0.1'}")

    def attach_taps(self):
        """Gives the devices addresses of their own: the gateway's ports have those that they were made with."""
        for end in ("c0", "p0"):
            self._ip("net", f"link set {end} address {MAC[end]}", f"link set {end} up")
        self._address_outside()
        self._address_host()

    def masquerade(self):
        """The NAT. SkipLab: no nftables here."""
        with self.inside("nat"):
            rules = "table ip nat { chain out { type nat hook postrouting priority 100; oif n1 masquerade; }; }"
            try:
                done = run("nft", rules, check=False)
            except FileNotFoundError:
                raise SkipLab("there is no nft") from None
            if done.returncode:
                raise SkipLab(f"nft: {done.stderr}")

    # --- using

    @contextlib.contextmanager
    def inside(self, name):
        """What this thread opens or starts meanwhile belongs to the namespace for good."""
        if LIBC.setns(self.names[name], CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {name}")
        try:
            yield
        finally:
            if LIBC.setns(self.home, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns home")

    def command(self, name, *command, check=True):
        """Runs a program there."""
        with self.inside(name):
            return run(*command, check=check)

    def socket(self, name, family, kind, protocol=0):
        with self.inside(name):
            return socket.socket(family, kind, protocol)

    def udp(self, name, address, port):
        opened = self.socket(name, socket.AF_INET, socket.SOCK_DGRAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        opened.bind((address, port))
        return opened

    def frames(self, name, interface):
        """Sends raw frames by an interface."""
        opened = self.socket(name, socket.AF_PACKET, socket.SOCK_RAW)
        with self.inside(name):
            opened.bind((interface, 0))
        return opened

    def start(self, name, command, log):
        with self.inside(name):
            return Program(command, log)

    def close(self):
        for descriptor in {*self.names.values(), self.home}:
            os.close(descriptor)
        for path in pathlib.Path("/run/netns").iterdir():
            run("ip", "netns", "delete", path.name)


def children():
    """Processes that this one has still to answer for, whoever started them."""
    listed = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return [int(pid) for pid in listed.split()]


def name_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return "gone"


OPTIONS = argparse.Namespace()  # what the program was called with


def _enter(arguments):
    """Into a lab of its own, or exit code 77."""
    enter = ["unshare", "-Urnm"]
    if subprocess.run([*enter, "true"], capture_output=True, check=False).returncode:
        print("no namespaces for this user: skipped")
        sys.exit(77)
    os.execvp(enter[0], [*enter, sys.executable, *arguments, "--inside"])


def main(*cases):
    """Runs the unittest classes. Exit code 77: something that the tests need is not here."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--dataplane", required=True)
    parser.add_argument("--control", default="")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--times", action="store_true", help="how long each test takes")
    parser.add_argument("--inside", action="store_true")
    parser.add_argument("names", nargs="*", help="only tests whose names contain one of these")
    parser.parse_args(namespace=OPTIONS)
    if not OPTIONS.inside:
        _enter(sys.argv)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    run("mount", "-t", "tmpfs", "none", "/run")
    loader = unittest.TestLoader()
    if OPTIONS.names:
        loader.testNamePatterns = [f"*{name}*" for name in OPTIONS.names]
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in cases)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    leaked = [f"{pid} {name_of(pid)}" for pid in children()]
    if leaked:
        print(f"processes that nobody ended: {', '.join(leaked)}")
        for entry in leaked:
            os.kill(int(entry.split()[0]), signal.SIGKILL)
    if leaked or not result.wasSuccessful():
        sys.exit(1)
    sys.exit(77 if result.testsRun == 0 and result.skipped else 0)
