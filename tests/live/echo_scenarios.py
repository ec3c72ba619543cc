#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Packets of every size through the gateway, both ways, under each suite; the topology is drawn in lab.py."""
import socket
import struct

from client import GATEWAY, HOST, IP, UDP, Client, Raw, is_echo_reply
from gateway import LiveTest, main
from lab import OPTIONS, PATIENCE_SECONDS, wait_until

IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE = 10, 4


def sizes(limit):
    """Lengths of an inner packet: every one near the ends and around the ciphers' blocks, steps between."""
    return sorted({*range(28, 110), *range(110, limit, 61), *range(limit - 40, limit + 1)})


def content(size):
    return bytes((7 * at + size) % 256 for at in range(size))


def in_batches(items, count=32):
    for at in range(0, len(items), count):
        yield items[at:at + count]


class Echo(LiveTest):
    CLIENTS = [lambda: Client(1, "aes256-sha1"), lambda: Client(2, "aes256-sha256"), lambda: Client(3, "aes128gcm16"),
               lambda: Client(4, "aes256-sha512")]

    @classmethod
    def prepare(cls):
        for number, client in enumerate(cls.clients):
            client.socket = cls.lab.udp("net", "203.0.113.7", 4500 + number)
            client.ping()
        cls.host = cls.lab.udp("host", HOST, 7)
        cls.host.settimeout(PATIENCE_SECONDS)
        cls.host.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE)
        cls.addClassCleanup(cls.host.close)

    def tearDown(self):
        for client in self.clients:
            self.assertEqual(client.waiting(), [])
            self.assertEqual(client.jumps, [])
        self.assert_drops()

    def test_pings_of_all_sizes_are_answered(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name):
                for lengths in in_batches(sizes(client.limit)):
                    client.send(*(client.echo_request(content(length - 28), length) for length in lengths))
                    for length, answer in zip(lengths, client.receive(len(lengths))):
                        self.assertTrue(is_echo_reply(answer, 7, length))
                        self.assertEqual(answer[28:], content(length - 28))

    def test_datagrams_of_all_sizes_arrive_both_ways(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name):
                for lengths in in_batches(sizes(client.limit)[::2]):
                    client.send(*(client.udp(content(length - 28)) for length in lengths))
                    for length in lengths:
                        data, sender = self.host.recvfrom(65535)
                        self.assertEqual((data, sender), (content(length - 28), (client.inner, 5000)))
                        self.host.sendto(data[::-1], sender)
                    for length, answer in zip(lengths, client.receive(len(lengths))):
                        self.assertEqual(answer[28:], content(length - 28)[::-1])
                        # scapy computes both checksums anew.
                        packet = IP(answer)
                        again = IP(answer)
                        del again.chksum, again[UDP].chksum
                        self.assertEqual(bytes(packet), bytes(IP(bytes(again))))
                        self.assertEqual((packet.src, packet.ttl), (HOST, 63))

    def test_time_to_live_is_counted_once(self):
        client = self.clients[0]
        client.send(client.udp(b"counted", ttl=64))
        self.host.recvfrom(100)
        wait_until(lambda: [packet for packet in self.inside.packets() if packet[-7:] == b"counted"], "the packet")
        ttls = [packet[8] for packet in self.inside.packets() if packet[-7:] == b"counted"]
        self.assertEqual(ttls, [63])

    def test_clients_talk_at_once(self):
        """Packets of all of them mixed in every burst; nobody gets another's."""
        for numbers in in_batches(range(64)):
            for number in numbers:
                for client in self.clients:
                    client.send(client.echo_request(content(number * 15), number))
            for client in self.clients:
                for number, answer in zip(numbers, client.receive(len(numbers))):
                    self.assertTrue(is_echo_reply(answer, 7, number))
                    self.assertEqual(answer[28:], content(number * 15))

    def test_l2tp_and_ppp_headers_may_have_every_form(self):
        client = self.clients[1]
        number = 0
        for address_control in (b"\xff\x03", b""):
            for protocol in (b"\x00\x21", b"\x21"):
                for form in ("bare", "length", "sequence", "offset", "priority"):
                    number += 1
                    ppp = address_control + protocol + client.echo_request(content(number), number)
                    payload = l2tp_header(form, client.tunnel, client.session, len(ppp)) + ppp
                    client.send_datagram(client.esp(b"", payload=payload))
        for at, answer in enumerate(client.receive(number), 1):
            self.assertTrue(is_echo_reply(answer, 7, at))

    def test_gateway_itself_answers_pings_through_the_tunnel(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name):
                for address in ("10.30.0.1", GATEWAY):
                    reply = client.ping(content(1000), destination=address)
                    self.assertEqual(reply.ttl, 64)

    def test_shortest_packets(self):
        """Hardly more than an IP header."""
        with self.lab.socket("host", socket.AF_INET, socket.SOCK_RAW, 253) as raw:  # RFC 3692: for experiments
            raw.settimeout(PATIENCE_SECONDS)
            for client in self.clients:
                for size in range(8):
                    client.send(IP(src=client.inner, dst=HOST, proto=253) / Raw(content(size)))
                    self.assertEqual(raw.recv(100)[20:], content(size))
                    raw.sendto(content(size)[::-1], (client.inner, 0))
                    self.assertEqual(client.receive()[0][20:], content(size)[::-1])

    def test_workers_hand_over(self):
        """One port's packets all come to the first worker, the other's to the last: they must go to the SA's owner."""
        owners = {row["owner"] for row in self.gateway.ask("dataplane", "peer")["peers"]}
        self.assertEqual(owners, set(range(OPTIONS.workers)))
        punted = self.gateway.ask("dataplane", "status")["packets"]["punted"]
        self.assertEqual(punted["handover"] > 0, OPTIONS.workers > 1, punted)

    def test_keepalives_are_swallowed(self):
        client = self.clients[0]
        client.send_datagram(b"\xff")
        client.ping()


class ExtendedSequenceNumbers(LiveTest):
    """64 bits, of which 32 are sent."""
    CLIENTS = [lambda: Client(1, "aes256-sha256", esn=True), lambda: Client(2, "aes128gcm16", esn=True)]

    @classmethod
    def prepare(cls):
        for number, client in enumerate(cls.clients):
            client.socket = cls.lab.udp("net", "203.0.113.7", 4500 + number)
            client.ping()

    def test_numbers_cross_the_32_bits(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name):
                client.sequence = 1000
                old = [client.esp(client.echo_request())]
                client.send_datagram(old[0])
                client.receive()
                client.sequence = 0x7FFF0000  # a receiver follows steps of less than 2^31
                client.ping()
                client.sequence = 0xFFFFFFF0
                for number in range(32):
                    datagram = client.esp(client.echo_request(b"across", number))
                    old.append(datagram)
                    client.send_datagram(datagram)
                    self.assertTrue(is_echo_reply(client.receive()[0], 7, number))
                self.assertEqual(client.sequence, 0x100000010)
                before = self.gateway.drops()
                for datagram in old:
                    client.send_datagram(datagram)
                def dropped():
                    return self.gateway.drops() - before  # pylint: disable=cell-var-from-loop
                wait_until(lambda: sum(dropped().values()) == len(old), dropped)
                # The oldest is a number of the new half, for all that can be told: its ICV says that it is not.
                self.assertEqual(dict(dropped()), {"esp_bad_icv": 1, "esp_replayed": len(old) - 1})
                client.ping()

    def test_upper_half_is_protected(self):
        """A packet whose sender counts with 32 bits does not pass."""
        for client in self.clients:
            client.esn = False
            client.send_datagram(client.esp(client.echo_request(), sequence=(client.sequence + 1) & 0xFFFFFFFF))
            client.esn = True
        self.assert_drops(esp_bad_icv=2)


def l2tp_header(form, tunnel, session, length):
    """RFC 2661 §3.1."""
    if form == "length":
        return struct.pack("!HHHH", 0x4002, 8 + length, tunnel, session)
    if form == "sequence":
        return struct.pack("!HHHHH", 0x0802, tunnel, session, 77, 0)
    if form == "offset":
        return struct.pack("!HHHH", 0x0202, tunnel, session, 3) + b"pad"
    return struct.pack("!HHH", 0x0102 if form == "priority" else 0x0002, tunnel, session)


if __name__ == "__main__":
    main(Echo, ExtendedSequenceNumbers)
