#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ARP, ICMP and links: the gateway as one more host on its wires; the topology is drawn in lab.py."""
import socket
import struct

from client import HOST, ICMP, IP, UDP, Client, Raw
from gateway import LiveTest, main
from lab import PATIENCE_SECONDS, mac, wait_until

BROADCAST = b"\xff" * 6


def arp_messages(tap, from_gateway=True):
    """(operation, sender's MAC and address, target's MAC and address, destination of the frame)"""
    for frame in tap.drain():
        if frame.from_gateway == from_gateway and frame.data[12:14] == b"\x08\x06":
            operation, sender, sender_ip, target, target_ip = struct.unpack_from("!H6s4s6s4s", frame.data, 20)
            yield operation, sender, socket.inet_ntoa(sender_ip), target, socket.inet_ntoa(target_ip), frame.data[:6]


class Links(LiveTest):
    def comes_back(self, name, address):
        """Pings until an answer comes."""
        self.lab.command(name, "ping", "-n", "-c", "1", "-i", "0.1", "-w", PATIENCE_SECONDS, address)

    def raise_link(self, name, end):
        self.lab.command(name, "ip", "link", "set", end, "up")
        if name == "host":
            self.lab.route_host()


    def wait_for_link(self, end, state):
        port = {"c0": "outside", "p0": "inside"}[end]
        def link():
            return {row["name"]: row["link"] for row in self.gateway.ask("dataplane", "port")["ports"]}[port] == state
        wait_until(link, f"{port} is {state}")


class Neighbours(Links):
    """Without any client, and without control."""

    def test_announces_itself(self):
        for tap, gateway, end in ((self.outside, "10.20.0.10", "s0"), (self.inside, "10.30.0.1", "s1")):
            tap.unmark()  # it did so when it started: RFC 5227 §2.3
            def announced(tap=tap, wanted=(1, mac(end), gateway, bytes(6), gateway, BROADCAST)):
                return wanted in arp_messages(tap)
            wait_until(announced, f"{gateway} announces itself")

    def test_answers_pings_on_both_sides(self):
        for name, address in (("net", "10.20.0.10"), ("host", "10.30.0.1")):
            done = self.lab.command(name, "ping", "-n", "-c", "3", "-i", "0.02", "-W", PATIENCE_SECONDS, "-s", "1400", address)
            self.assertIn("3 received", done.stdout)
            self.assertIn("ttl=64", done.stdout)
        self.assert_drops()

    def test_answers_arp_for_its_own_address_only(self):
        with self.lab.frames("net", "c0") as wire:
            def ask(address):
                wire.send(BROADCAST + mac("c0") + b"\x08\x06" + struct.pack(
                    "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac("c0"), socket.inet_aton("10.20.0.1"), bytes(6),
                    socket.inet_aton(address)))
            for address in ("10.20.0.99", "10.30.0.1", "10.40.0.2", "10.20.0.255", "10.20.0.10"):
                ask(address)
            answers = wait_until(lambda: [m for m in arp_messages(self.outside) if m[0] == 2], "an ARP reply")
        self.assertEqual(answers, [(2, mac("s0"), "10.20.0.10", mac("c0"), "10.20.0.1", mac("c0"))])

    def test_answers_a_probe(self):
        """RFC 5227 §2.1.1: whoever wants our address must hear that it is taken."""
        with self.lab.frames("net", "c0") as wire:
            stranger = b"\x02\0\0\0\0\x77"
            wire.send(BROADCAST + stranger + b"\x08\x06" + struct.pack(
                "!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, stranger, bytes(4), bytes(6), socket.inet_aton("10.20.0.10")))
            answers = wait_until(lambda: [m for m in arp_messages(self.outside) if m[0] == 2], "an ARP reply")
        self.assertEqual(answers[0][:3], (2, mac("s0"), "10.20.0.10"))

    def test_unknown_clients_are_unreachable(self):
        done = self.lab.command("host", "ping", "-n", "-c", "2", "-i", "0.02", "-W", PATIENCE_SECONDS, "10.40.0.5", check=False)
        self.assertIn("From 10.30.0.1 icmp_seq=1 Destination Host Unreachable", done.stdout)
        self.assert_drops(no_session=2)

    def test_frames_for_others_are_left_alone(self):
        """Another MAC address, broadcast and multicast IP, other protocols."""
        packet = bytes(IP(src="10.20.0.1", dst="10.20.0.10") / ICMP(id=5) / Raw(b"not for you"))
        frames = [b"\x02\0\0\0\0\x99" + mac("c0") + b"\x08\x00" + packet, BROADCAST + mac("c0") + b"\x08\x00" + packet,
                  b"\x01\0\x5e\0\0\x01" + mac("c0") + b"\x08\x00" + packet, mac("s0") + mac("c0") + b"\x88\xcc" + bytes(50),
                  mac("s0") + mac("c0") + b"\x08\x00" + packet[:19], mac("s0") + mac("c0") + b"\x08\x00\x45"]
        with self.lab.frames("net", "c0") as wire:
            for frame in frames:
                wire.send(frame)
        self.assert_drops(foreign_destination=3, clear_from_outside=1, frame_cut=2)
        self.assertEqual(list(self.outside.packets()), [])

    def test_link_goes_and_comes(self):
        """The gateway says so, and goes on when the wire is back."""
        for name, end, address in (("net", "c0", "10.20.0.10"), ("host", "p0", "10.30.0.1")):
            for _ in range(3):
                self.lab.command(name, "ip", "link", "set", end, "down")
                self.wait_for_link(end, "down")
                self.raise_link(name, end)
                self.wait_for_link(end, "up")
                self.comes_back(name, address)


class NextHops(Links):
    CLIENTS = [lambda: Client(1, "aes256-sha256")]
    EXTRA = {"inside": 'gateway = "10.30.0.10"', "end": '[[route]]\nprefix = "10.50.0.0/24"\nvia = "10.30.0.10"\n'}

    @classmethod
    def prepare(cls):
        cls.client = cls.clients[0]
        cls.client.socket = cls.lab.udp("net", "203.0.113.7", 4500)
        cls.client.ping()

    def test_packets_wait_for_arp(self):
        """A burst to a host that nobody has talked to yet: all arrive."""
        self.lab.command("host", "ip", "address", "add", "10.30.0.77/24", "dev", "p0")
        self.client.send(*(self.client.echo_request(b"patience", number, destination="10.30.0.77") for number in range(4)))
        answers = self.client.receive(4)
        self.assertEqual({answer[27] for answer in answers}, {0, 1, 2, 3})
        self.assert_drops()

    def test_host_that_does_not_answer(self):
        self.client.send(self.client.echo_request(b"anybody?", destination="10.30.0.200"))
        error = IP(self.client.receive(1, lambda inner: inner[9] == 1 and inner[20] == 3)[0])
        self.assertEqual((error.src, error[ICMP].code), ("10.30.0.1", 1))
        self.assert_drops(no_neighbour=1)

    def test_network_behind_a_router(self):
        self.client.ping(destination="10.50.0.10")

    def test_rest_of_the_world_is_behind_the_inside_gateway(self):
        self.lab.command("host", "ip", "address", "add", "198.18.0.1/32", "dev", "lo")
        self.client.ping(destination="198.18.0.1")

    def test_padding_of_short_frames_stays_on_the_link(self):
        packet = bytes(IP(src=HOST, dst=self.client.inner) / ICMP(id=5, seq=6))
        with self.lab.frames("host", "p0") as wire:
            wire.send(mac("s1") + mac("p0") + b"\x08\x00" + packet + b"\xee" * (46 - len(packet)))
        inner = self.client.receive()[0]
        self.assertEqual((inner[0], inner[4:8], inner[12:]), (packet[0], packet[4:8], packet[12:]))
        with self.lab.frames("net", "c0") as wire:
            datagram = IP(src="203.0.113.7", dst="10.20.0.10") / UDP(sport=4500, dport=4500) / Raw(b"\xff")
            wire.send(mac("s0") + mac("c0") + b"\x08\x00" + bytes(datagram) + b"\xee" * 17)  # a keepalive
        self.client.ping()
        self.assert_drops()

    def test_host_is_replaced(self):
        """Another network card answers for its address, and says so."""
        self.client.ping()
        self.lab.command("host", "ip", "link", "set", "p0", "down")
        self.lab.command("host", "ip", "link", "set", "p0", "address", "02:00:00:00:00:55")
        self.raise_link("host", "p0")
        self.comes_back("host", "10.30.0.1")
        self.client.comes_back()
        self.inside.mark()
        self.client.ping()
        to = {frame.data[:6] for frame in self.inside.drain() if frame.from_gateway and frame.data[12:14] == b"\x08\x00"}
        self.assertEqual(to, {b"\x02\0\0\0\0\x55"})

    def test_nobody_takes_what_is_sent(self):
        """Packets to a link that is down are lost, and no more than they."""
        for name, end in (("host", "p0"), ("net", "c0")):
            self.client.ping()
            self.lab.command(name, "ip", "link", "set", end, "down")
            if name == "host":  # more than the driver's ring holds
                for number in range(100):
                    self.client.send(self.client.udp(b"lost", sport=number))
            self.raise_link(name, end)
            self.comes_back("net", "10.20.0.10")
            self.comes_back("host", "10.30.0.1")
            self.client.comes_back()


if __name__ == "__main__":
    main(Neighbours, NextHops)
