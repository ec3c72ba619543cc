#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One port for both sides: the private network is behind the same router as the clients, and only its prefix says that
it is inside; the topology is drawn in lab.py."""
import select
import socket

from client import GATEWAY, HOST, ICMP, IP, TCP, UDP, Client, Raw, is_echo_reply, is_icmp
from gateway import LiveTest, main
from lab import PATIENCE_SECONDS, mac
from wiretap import tcp_mss

MALLORY = "192.0.2.66"


def content(size):
    return bytes((5 * at + size) % 251 for at in range(size))


class OnePort(LiveTest):
    CLIENTS = [lambda: Client(1, "aes256-sha1"), lambda: Client(2, "aes128gcm16"), lambda: Client(3, "aes256-sha512")]
    ONE_PORT = True

    @classmethod
    def prepare(cls):
        for number, client in enumerate(cls.clients):
            client.socket = cls.lab.udp("net", "203.0.113.7", 4500 + number)
            client.ping()
        cls.host = cls.lab.udp("host", HOST, 7)
        cls.host.settimeout(PATIENCE_SECONDS)
        cls.addClassCleanup(cls.host.close)

    def tearDown(self):
        for client in self.clients:
            client.ping()
            self.assertEqual((client.waiting(), client.jumps), ([], []))

    def by_router(self, *packets):
        """What the router hands to the gateway, whoever is said to have sent it."""
        with self.lab.frames("net", "c0") as wire:
            for packet in packets:
                wire.send(mac("s0") + mac("c0") + b"\x08\x00" + bytes(packet))

    def test_echoes_of_many_sizes(self):
        for client in self.clients:
            lengths = [28, 29, 100, 575, 576, 1000, client.limit - 1, client.limit]
            client.send(*(client.echo_request(content(length - 28), length) for length in lengths))
            for length, answer in zip(lengths, client.receive(len(lengths))):
                self.assertTrue(is_echo_reply(answer, 7, length))
                self.assertEqual(answer[28:], content(length - 28))
        self.assert_drops()

    def test_host_reaches_clients_unasked(self):
        for client in self.clients:
            self.host.sendto(b"hello", (client.inner, 9))
            self.assertEqual(client.receive()[0][28:], b"hello")
            client.send(client.udp(b"and back"))
            data, sender = self.host.recvfrom(100)
            self.assertEqual((data, sender[0]), (b"and back", client.inner))
        self.assert_drops()

    def test_mss_is_clamped(self):
        for client in self.clients:
            self.inside.mark()
            client.send(client.tcp(sport=4000, dport=9, flags="S", options=[("MSS", 1460)]))
            client.receive(1, lambda inner: inner[9] == 6)
            self.assertEqual([mss for mss in map(tcp_mss, self.inside.packets()) if mss], [client.limit - 40])

    def test_too_large_without_df_is_fragmented_inside(self):
        client = self.clients[2]
        self.host.setsockopt(socket.IPPROTO_IP, 10, 5)  # IP_MTU_DISCOVER, IP_PMTUDISC_OMIT
        self.host.sendto(content(1472), (client.inner, 9))
        first, second = client.receive(2)
        self.assertEqual((first + second[20:])[28:], content(1472))

    def test_clear_packets_from_anywhere_else(self):
        """To clients, to the private network by way of the gateway, and to the gateway."""
        inner = self.clients[0].inner
        self.by_router(IP(src=MALLORY, dst=inner) / UDP(sport=7, dport=5000) / Raw(b"let me in"),
                       IP(src=MALLORY, dst=inner) / UDP(sport=1701, dport=1701) / Raw(b"let me in"),
                       IP(src=MALLORY, dst=HOST) / UDP(dport=7) / Raw(b"let me in"),
                       IP(src=inner, dst=HOST) / UDP(dport=7) / Raw(b"one of yours"),
                       IP(src=self.clients[1].inner, dst=inner) / UDP(dport=7) / Raw(b"one of yours"),
                       IP(src=MALLORY, dst=GATEWAY) / TCP(dport=22))
        self.assert_drops(clear_from_outside=6)
        self.by_router(IP(src=HOST, dst=GATEWAY) / UDP(sport=1701, dport=1701) / Raw(bytes(12)))
        self.assert_drops(clear_from_outside=6, clear_l2tp=1)
        self.assertEqual(select.select([self.host], [], [], 0)[0], [])

    def test_private_network_does_not_transit(self):
        """From inside, only clients can be reached through the gateway."""
        self.by_router(IP(src=HOST, dst=MALLORY) / UDP(dport=7) / Raw(b"out"),
                       IP(src=HOST, dst="10.30.0.99") / UDP(dport=7) / Raw(b"about"))
        self.assert_drops(clear_from_outside=2)

    def test_foreign_inner_source(self):
        client = self.clients[0]
        for source in (HOST, self.clients[1].inner, MALLORY):
            client.send(IP(src=source, dst=HOST) / UDP(dport=7) / Raw(b"not me"))
        self.assert_drops(inner_source_spoofed=3)

    def test_unknown_client(self):
        probe = self.lab.socket("host", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self.addCleanup(probe.close)
        probe.settimeout(PATIENCE_SECONDS)
        probe.sendto(bytes(ICMP(id=77) / Raw(b"anybody?")), ("10.40.0.200", 0))
        answer, sender = probe.recvfrom(1000)
        self.assertEqual((sender[0], answer[20], answer[21]), (GATEWAY, 3, 1))
        self.assert_drops(no_session=1)

    def test_no_route(self):
        """The default route is the clients' way to us, not our way to the world."""
        client = self.clients[0]
        client.send(client.udp(b"the world", destination="198.18.0.1"))
        client.receive(1, lambda inner: is_icmp(inner, 3, 0))
        self.assert_drops(no_route=1)

    def test_client_to_client(self):
        client = self.clients[0]
        client.send(client.udp(b"hello", destination=self.clients[1].inner))
        client.receive(1, lambda inner: is_icmp(inner, 3, 13))
        self.assert_drops(client_to_client=1)


if __name__ == "__main__":
    main(OnePort)
