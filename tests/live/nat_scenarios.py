#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients behind one NAT, whose ports change, and an attacker who would like to be them; the topology is drawn in lab.py."""
import select
import socket

from client import HOST, ICMP, IP, UDP, Client, Raw, is_echo_reply
from gateway import LiveTest, main
from lab import PATIENCE_SECONDS, wait_until
from wiretap import esp_of

MALLORY = "192.0.2.66"


def twin(number, suite):
    """The same L2TP ids, the same UDP ports inside and out, one address: only their SAs tell them apart."""
    client = Client(number, suite)
    client.peer_tunnel, client.peer_session = 7, 9
    return client


class Remote(LiveTest):
    """Where a client is before it has said anything: as configured, or nowhere."""
    CLIENTS = [lambda: Client(1, "aes256-sha256", remote="203.0.113.7:4500"), lambda: Client(2, "aes256-sha256")]

    @classmethod
    def prepare(cls):
        cls.known, cls.unknown = cls.clients
        cls.known.socket = cls.lab.udp("net", "203.0.113.7", 4500)
        cls.unknown.socket = cls.lab.udp("net", "203.0.113.8", 4500)
        cls.host = cls.lab.udp("host", HOST, 7)
        cls.addClassCleanup(cls.host.close)

    def test_sends_to_where_the_client_is_configured_to_be(self):
        self.host.sendto(b"hello", (self.known.inner, 5000))
        self.assertEqual(self.known.receive()[0][28:], b"hello")
        self.assert_drops()

    def test_sends_nothing_before_the_client_is_heard(self):
        self.host.sendto(b"hello", (self.unknown.inner, 5000))
        self.assert_drops(peer_unknown=1)
        self.unknown.ping()
        self.host.sendto(b"hello", (self.unknown.inner, 5000))
        self.assertEqual(self.unknown.receive()[0][28:], b"hello")
        self.assert_drops(peer_unknown=1)


class Nat(LiveTest):
    CLIENTS = [lambda: twin(1, "aes256-sha256"), lambda: twin(2, "aes256-sha1"), lambda: twin(3, "aes128gcm16")]
    MASQUERADE = True

    @classmethod
    def prepare(cls):
        cls.one, cls.other, cls.third = cls.clients
        cls.one.socket = cls.lab.udp("home", "10.10.1.2", 4500)
        cls.other.socket = cls.lab.udp("home", "10.10.1.3", 4500)
        cls.third.socket = cls.lab.udp("home", "10.10.1.3", 40000)
        cls.mallory = cls.lab.udp("net", MALLORY, 4500)
        cls.addClassCleanup(cls.mallory.close)
        cls.host = cls.lab.udp("host", HOST, 7)
        cls.host.settimeout(PATIENCE_SECONDS)
        cls.addClassCleanup(cls.host.close)
        for client in cls.clients:
            client.ping()

    def tearDown(self):
        for client in self.clients:
            self.assertEqual((client.waiting(), client.jumps), ([], []))
        self.assertEqual(select.select([self.mallory], [], [], 0)[0], [])

    def remote(self, client):
        """Where the gateway believes a client to be."""
        sessions = self.gateway.ask("dataplane", "session")["sessions"]
        peer = next(row["peer"] for row in sessions if row["inner"] == client.inner)
        return next(row["remote"] for row in self.gateway.ask("dataplane", "peer")["peers"] if row["peer"] == peer)

    def moves(self, client):
        """Gives the client a new socket, and with it a new port at the NAT; returns the old one."""
        old = client.socket
        self.addCleanup(old.close)
        client.socket = self.lab.udp("home", old.getsockname()[0], 0)
        return old

    def reaches(self, client, data):
        """A packet of the private host, unasked, finds the client."""
        self.host.sendto(data, (client.inner, 5000))
        self.assertEqual(client.receive()[0][28:], data)

    def test_clients_behind_one_address_talk_at_once(self):
        for number in range(64):
            for client in self.clients:
                client.send(client.echo_request(client.name.encode() * 20, number))
            if number % 8 == 7:
                for client in self.clients:
                    for at, answer in zip(range(number - 7, number + 1), client.receive(8)):
                        self.assertTrue(is_echo_reply(answer, 7, at))
                        self.assertEqual(answer[28:], client.name.encode() * 20)
        said = [esp_of(packet) for packet in self.outside.packets()]
        self.assertEqual({socket.inet_ntoa(esp.destination) for esp in said}, {"198.51.100.2"})
        ports = {spi: {esp.port for esp in said if esp.spi == spi} for spi in {esp.spi for esp in said}}
        self.assertEqual([len(each) for each in ports.values()], [1, 1, 1])
        self.assertEqual(len(set.union(*ports.values())), 3)
        self.assert_drops()

    def test_host_reaches_each_unasked(self):
        for number in range(10):
            for client in self.clients:
                self.reaches(client, f"{client.name} {number}".encode())

    def test_port_changes(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name):
                before = self.remote(client)
                old = self.moves(client)
                client.ping()
                self.assertNotEqual(self.remote(client), before)
                self.reaches(client, b"found you")
                self.assertEqual(select.select([old], [], [], 0)[0], [])
        self.assert_drops()

    def test_control_knows_where_a_client_is(self):
        self.moves(self.one)
        self.one.ping()
        expected = self.remote(self.one)
        def told():
            peer = next(row for row in self.gateway.ask("control", "peer")["peers"] if row["name"] == self.one.name)
            return "{address}:{port}".format(**peer["remote"]) == expected
        wait_until(told, f"control has {self.one.name} at {expected}")

    def test_client_comes_back_to_where_it_was(self):
        client, home = self.one, self.one.socket
        before = self.remote(client)
        for _ in range(3):
            with self.lab.udp("home", "10.10.1.2", 0) as elsewhere:
                client.socket = elsewhere
                client.ping()
                self.assertNotEqual(self.remote(client), before)
                client.socket = home
            client.ping()
            self.assertEqual(self.remote(client), before)
            self.reaches(client, b"back")

    def assert_stays(self, client, before):
        self.reaches(client, b"still there")
        self.assertEqual(self.remote(client), before)
        self.assertEqual(select.select([self.mallory], [], [], 0)[0], [])

    def test_replay_from_elsewhere_moves_nothing(self):
        for client in self.clients:
            before = self.remote(client)
            datagram = client.esp(client.echo_request())
            client.send_datagram(datagram)
            client.receive()
            client.send_datagram(datagram, by=self.mallory)
            wait_until(lambda: self.new_drops()["esp_replayed"], "the replayed packet is dropped")
            self.assert_stays(client, before)
            self.drops_before = self.gateway.drops()

    def test_forgery_from_elsewhere_moves_nothing(self):
        for client in self.clients:
            before = self.remote(client)
            for ahead in (1, 100, 100000):
                forged = bytearray(client.esp(client.echo_request(), sequence=client.sequence + ahead))
                forged[-1] ^= 1
                client.send_datagram(bytes(forged), by=self.mallory)
        self.assert_drops(esp_bad_icv=9)
        for client in self.clients:
            self.assert_stays(client, self.remote(client))
        self.assertEqual(self.remote(self.third), before)

    def test_packet_held_back_and_sent_from_elsewhere_moves_nothing(self):
        """It is fresh, and passes; but somebody has overtaken it, so it says nothing about where the client is."""
        for client in self.clients:
            before = self.remote(client)
            held_back = client.esp(client.udp(b"held back"))
            client.ping()
            client.send_datagram(held_back, by=self.mallory)
            self.assertEqual(self.host.recvfrom(100)[0], b"held back")
            self.assert_stays(client, before)
        self.assert_drops()

    def test_keepalive_from_elsewhere_moves_nothing(self):
        before = self.remote(self.one)
        self.one.send_datagram(b"\xff", by=self.mallory)
        self.one.ping()
        self.assert_stays(self.one, before)

    def test_clear_icmp_about_an_unknown_packet_changes_nothing(self):
        """Mallory says that a path is narrow, but knows no SPI."""
        quoted = IP(src="10.20.0.10", dst="198.51.100.2", flags="DF", len=1500) / UDP(sport=4500, dport=4500) / Raw(bytes(8))
        limits = {row["inner"]: row["inner_limit"] for row in self.gateway.ask("dataplane", "session")["sessions"]}
        with self.lab.socket("net", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.bind((MALLORY, 0))
            for spi in (bytes(4), b"\x12\x34\x56\x78", self.one.inbound.spi.to_bytes(4, "big")):
                wrong = bytes(quoted)[:28] + spi + bytes(12)
                raw.sendto(bytes(ICMP(type=3, code=4, nexthopmtu=576) / Raw(wrong)), ("10.20.0.10", 0))
            raw.sendto(bytes(ICMP(id=1) / Raw(b"last")), ("10.20.0.10", 0))
            raw.settimeout(PATIENCE_SECONDS)
            while b"last" not in raw.recv(1000):
                pass
        self.assertEqual({row["inner"]: row["inner_limit"]
                          for row in self.gateway.ask("dataplane", "session")["sessions"]}, limits)


if __name__ == "__main__":
    main(Nat, Remote)
