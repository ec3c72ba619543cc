# SPDX-License-Identifier: Apache-2.0
"""Namespaces and wires between two clients and a gateway.

    strongswan --c1=n1--.
      10.10.1.2         nat 10.10.1.1                  router                            gateway           host
    libreswan  --c2=n2--'   198.51.100.2 --nout=ein--  198.51.100.1  10.20.0.1 --eout=s0--  10.20.0.10
      10.10.1.3             masquerades                203.0.113.10 <-> 10.20.0.10          10.30.0.1 --s1=p0-- 10.30.0.10
                                                                                                               10.30.0.53

c1, c2, s0 and s1 have no address in their namespaces: a guest or the data plane takes the frames off them."""
import contextlib
import ctypes
import os
import pathlib

from lab import CLONE_NEWNET, LIBC, Program, run

ELASTIC_IP = "203.0.113.10"
NAT_ADDRESS = "198.51.100.2"
STRONGSWAN_ADDRESS, LIBRESWAN_ADDRESS = "10.10.1.2", "10.10.1.3"
CLIENT_ROUTER = "10.10.1.1"
GATEWAY_ADDRESS, GATEWAY_ROUTER = "10.20.0.10", "10.20.0.1"
NAMESPACES = ("strongswan", "libreswan", "nat", "router", "gateway", "host")

WIRES = (("strongswan", "c1", "nat", "n1"), ("libreswan", "c2", "nat", "n2"), ("nat", "nout", "router", "ein"),
         ("router", "eout", "gateway", "s0"), ("gateway", "s1", "host", "p0"))
NAT_RULES = """table ip nat {
  chain out { type nat hook postrouting priority srcnat; oif nout masquerade; }
}"""
ROUTER_RULES = f"""table ip nat {{
  chain in {{ type nat hook prerouting priority dstnat; iifname ein ip daddr {ELASTIC_IP} dnat to {GATEWAY_ADDRESS}; }}
  chain out {{ type nat hook postrouting priority srcnat; oif ein ip saddr {GATEWAY_ADDRESS} snat to {ELASTIC_IP}; }}
}}"""


class Topology:
    def __init__(self):
        self.descriptors = {}
        self.home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        for name in NAMESPACES:
            self._add(name)
        for wire in WIRES:
            self._wire(*wire)
        self._address()

    def _add(self, name):
        run("ip", "netns", "add", name)
        self.descriptors[name] = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        with self.inside(name):
            for setting in ("ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6"):
                path = pathlib.Path("/proc/sys/net", setting)
                if path.exists():
                    path.write_text("1", encoding="ascii")
            if name in ("nat", "router"):
                pathlib.Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
            run("ip", "link", "set", "lo", "up")

    def _wire(self, one, one_end, other, other_end):
        run("ip", "link", "add", one_end, "netns", one, "type", "veth", "peer", "name", other_end, "netns", other)
        for name, end in ((one, one_end), (other, other_end)):
            with self.inside(name):
                # Whoever takes a frame off a wire needs its checksum, and no more of it than the MTU.
                run("ethtool", "-K", end, "tx", "off", "rx", "off", "gso", "off", "gro", "off", "tso", "off")
                run("ip", "link", "set", end, "up")

    def _address(self):
        self.ip("nat", "link add clients type bridge", "link set n1 master clients", "link set n2 master clients",
                "link set clients up", f"address add {CLIENT_ROUTER}/24 dev clients",
                f"address add {NAT_ADDRESS}/24 dev nout", "route add default via 198.51.100.1")
        self.ip("router", "address add 198.51.100.1/24 dev ein", f"address add {GATEWAY_ROUTER}/24 dev eout")
        self.ip("host", "address add 10.30.0.10/24 dev p0", "address add 10.30.0.53/24 dev p0",
                "route add default via 10.30.0.1")
        for name, rules in (("nat", NAT_RULES), ("router", ROUTER_RULES)):
            with self.inside(name):
                run("nft", rules)

    @contextlib.contextmanager
    def inside(self, name):
        """What this thread opens or starts meanwhile belongs to the namespace for good."""
        if LIBC.setns(self.descriptors[name], CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {name}")
        try:
            yield
        finally:
            if LIBC.setns(self.home, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns home")

    def ip(self, name, *lines):
        with self.inside(name):
            for line in lines:
                run("ip", *line.split())

    def command(self, name, *command, check=True):
        with self.inside(name):
            return run(*command, check=check)

    def start(self, name, command, log):
        with self.inside(name):
            return Program(command, log)

    def capture(self, name, interface, file):
        """To be ended. By dumpcap, as tcpdump insists on becoming another user, which is not to be had in here."""
        return self.start(name, ["dumpcap", "-q", "-P", "-i", interface, "-w", file], file.with_suffix(".dumpcap.log"))

    def close(self):
        for descriptor in {*self.descriptors.values(), self.home}:
            os.close(descriptor)
