#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is too large: inner packets that must be fragmented or refused, MSS of TCP, paths that carry less; the topology
is drawn in lab.py."""
import errno
import socket
import struct

from client import HOST, IP, TCP, Client
from gateway import LARGE_FRAMES, LiveTest, main
from lab import PATIENCE_SECONDS, wait_until
from wiretap import tcp_mss

IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, IP_PMTUDISC_OMIT = 10, 3, 5
IP_RECVERR, MSG_ERRQUEUE = 11, 0x2000
INSIDE_ADDRESS = "10.30.0.1"


def content(size):
    return bytes((11 * at + size) % 253 for at in range(size))


def is_udp(inner):
    """Also a fragment of it; not what TCP of another test still has to say."""
    return inner[9] == 17


def mtu_told(sender):
    """Sender and MTU of the "fragmentation needed" that a socket was told of."""
    def queued():
        try:
            return sender.recvmsg(2000, 500, MSG_ERRQUEUE)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EMSGSIZE):
                return None
            raise
    sender.setblocking(False)
    _, ancillary, _, _ = wait_until(queued, "an ICMP error")
    data = ancillary[0][2]
    _, _, kind, code, _, mtu = struct.unpack_from("IBBBBI", data)
    assert (kind, code) == (3, 4), (kind, code)
    return socket.inet_ntoa(data[20:24]), mtu


def whole(fragments):
    """The payload of a datagram from its fragments, which must fit together without a gap."""
    fragments = sorted((IP(data) for data in fragments), key=lambda packet: packet.frag)
    assert len({packet.id for packet in fragments}) == 1
    payload = b""
    for packet in fragments:
        assert packet.frag * 8 == len(payload), f"a gap before {packet.frag * 8}"
        assert packet.flags.MF == (packet is not fragments[-1]), packet.flags
        payload += bytes(packet.payload)
    return payload


class Fragments(LiveTest):
    # What the suite leaves of 1500 bytes decides, not the MRU; but for the first and the last one.
    CLIENTS = [lambda: Client(1, "aes256-sha1", mru=1391), lambda: Client(2, "aes256-sha256", mru=1500),
               lambda: Client(3, "aes128gcm16", mru=1500), lambda: Client(4, "aes256-sha512", mru=1500),
               lambda: Client(5, "aes128gcm16", mru=1280), lambda: Client(6, "aes256-sha256", mru=1390)]
    MASQUERADE = True
    FRAMES = LARGE_FRAMES

    @classmethod
    def prepare(cls):
        *cls.clients, cls.narrow = cls.clients  # the last one's limit will change
        for number, client in enumerate(cls.clients):
            client.socket = cls.lab.udp("net", "203.0.113.7", 4500 + number)
            client.ping()
        assert len({client.limit for client in cls.clients}) == 5, "the limits differ, so that a mix-up is seen"
        cls.host = cls.udp_of_host(7)

    @classmethod
    def udp_of_host(cls, port=0, discover=IP_PMTUDISC_OMIT):
        opened = cls.lab.udp("host", HOST, port)
        opened.settimeout(PATIENCE_SECONDS)
        opened.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, discover)
        opened.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        cls.addClassCleanup(opened.close)
        return opened

    # --- fragments

    def test_fragments_of_a_client_pass(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name, limit=client.limit):
                for size in (2000, 4001):
                    self.inside.mark()
                    datagram = IP(client.udp(content(size), id=size))
                    fragments = datagram.fragment(1000)
                    client.send(*map(bytes, fragments))
                    data, sender = self.host.recvfrom(65535)
                    self.assertEqual((data, sender[0]), (content(size), client.inner))
                    passed = [packet for packet in self.inside.packets()]
                    self.assertEqual([len(packet) for packet in passed], [len(each) for each in fragments])
                    self.assertEqual(whole(passed), bytes(datagram.payload))
        self.assert_drops()

    def test_fragments_come_in_any_order(self):
        client = self.clients[1]
        fragments = IP(client.udp(content(5000), id=9)).fragment(1000)
        client.send(*map(bytes, reversed(fragments)))
        self.assertEqual(self.host.recv(65535), content(5000))

    def test_too_large_without_df_is_fragmented_inside(self):
        """Also what the host's kernel has fragmented already, at 1500 bytes."""
        for client in self.clients:
            with self.subTest(suite=client.suite_name, limit=client.limit):
                sender = self.udp_of_host()
                for size in (client.limit - 27, 1472, 1473, 4000):
                    sender.sendto(content(size), (client.inner, 9))
                    fragments, got = [], 0
                    while got < 8 + size:
                        fragments.append(client.receive(1, is_udp)[0])
                        self.assertLessEqual(len(fragments[-1]), client.limit)
                        got += len(fragments[-1]) - 20
                        self.assertEqual(IP(fragments[-1]).ttl, 63)
                    self.assertGreaterEqual(len(fragments), 2)
                    self.assertEqual(whole(fragments)[8:], content(size))
        self.assert_drops()

    def test_what_just_fits_is_not_fragmented(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name, limit=client.limit):
                self.udp_of_host().sendto(content(client.limit - 28), (client.inner, 9))
                received = client.receive(1, is_udp)[0]
                self.assertEqual((len(received), received[28:]), (client.limit, content(client.limit - 28)))
                self.assertFalse(IP(received).flags.MF)

    def test_too_large_with_df_is_refused_and_the_host_is_told(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name, limit=client.limit):
                sender = self.udp_of_host(discover=IP_PMTUDISC_PROBE)
                sender.sendto(content(client.limit - 28), (client.inner, 9))
                self.assertEqual(client.receive(1, is_udp)[0][28:], content(client.limit - 28))
                sender.sendto(content(client.limit - 27), (client.inner, 9))
                self.assertEqual(mtu_told(sender), (INSIDE_ADDRESS, client.limit))
        self.assert_drops(too_big=5)

    def test_host_adapts(self):
        """A kernel that was told once does not need to be told again."""
        client = self.clients[3]
        self.lab.command("host", "ip", "route", "flush", "cache")
        sender = self.udp_of_host(discover=2)  # IP_PMTUDISC_DO
        sender.sendto(content(1472), (client.inner, 9))
        self.assertEqual(mtu_told(sender), (INSIDE_ADDRESS, client.limit))
        with self.assertRaises(OSError) as refused:
            sender.sendto(content(1472), (client.inner, 9))
        self.assertEqual(refused.exception.errno, errno.EMSGSIZE)
        self.assert_drops(too_big=1)

    # --- TCP

    def syn_on_the_inside(self):
        found = wait_until(lambda: [mss for mss in map(tcp_mss, self.inside.packets()) if mss], "a SYN on the inside")
        return found[-1]

    def test_mss_is_clamped_from_client_to_host(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name, limit=client.limit):
                for offered in (9000, 1460, client.limit - 39, client.limit - 40, 536):
                    self.inside.mark()
                    options = [("NOP", None), ("MSS", offered), ("SAckOK", b""), ("WScale", 7)]
                    client.send(client.tcp(sport=4000, dport=9, flags="S", seq=7, options=options))
                    self.assertEqual(self.syn_on_the_inside(), min(offered, client.limit - 40))
                    client.receive(1, lambda inner: inner[9] == 6)  # the host has no such port: RST

    def test_mss_is_clamped_from_host_to_client(self):
        for client in self.clients:
            with self.subTest(suite=client.suite_name, limit=client.limit):
                caller = self.lab.socket("host", socket.AF_INET, socket.SOCK_STREAM)
                self.addCleanup(caller.close)
                caller.setblocking(False)
                caller.connect_ex((client.inner, 80))
                syn = client.receive(1, lambda inner: inner[9] == 6)[0]
                self.assertEqual(tcp_mss(syn), client.limit - 40)
                caller.close()

    def test_tcp_carries_data_both_ways(self):
        """A handshake of scapy's with the host's kernel, 4000 bytes there and back."""
        for client in self.clients:
            with self.subTest(suite=client.suite_name, limit=client.limit):
                with self.lab.socket("host", socket.AF_INET, socket.SOCK_STREAM) as listener:
                    listener.bind((HOST, 0))
                    listener.listen()
                    listener.settimeout(PATIENCE_SECONDS)
                    talk = Talk(client, listener.getsockname()[1])
                    accepted, address = listener.accept()
                    with accepted:
                        self.assertEqual(address[0], client.inner)
                        self.assertEqual(talk.mss, client.limit - 40)
                        accepted.settimeout(PATIENCE_SECONDS)
                        talk.send(content(4000))
                        got = b""
                        while len(got) < 4000:
                            got += accepted.recv(65535)
                        self.assertEqual(got, content(4000))
                        accepted.sendall(got[::-1])
                        self.assertEqual(talk.receive(4000), content(4000)[::-1])
                        talk.reset()
        self.assert_drops()

    # --- the path to a client

    def test_a_narrow_path_lowers_what_fits(self):
        """The router before the NAT has a link of 1200 bytes, and says so."""
        client = self.narrow
        client.socket = self.lab.udp("home", "10.10.1.2", 4500)
        self.addCleanup(client.socket.close)
        client.ping()
        self.lab.command("net", "ip", "link", "set", "n0", "mtu", "1200")
        fits = client.suite.largest_inner(1200)
        sender = self.udp_of_host(discover=IP_PMTUDISC_PROBE)
        sender.sendto(content(client.limit - 28), (client.inner, 9))  # passes the gateway, and no further
        wait_until(lambda: "carries outer packets of 1200 bytes" in self.gateway.log("dataplane"), "the gateway is told")
        limit = next(row["inner_limit"] for row in self.gateway.ask("dataplane", "session")["sessions"]
                     if row["inner"] == client.inner)
        self.assertEqual(limit, fits)
        client.highest += 1  # that one is lost
        sender.sendto(content(fits - 27), (client.inner, 9))
        self.assertEqual(mtu_told(sender), (INSIDE_ADDRESS, fits))
        sender.sendto(content(fits - 28), (client.inner, 9))
        self.assertEqual(client.receive(1, is_udp)[0][28:], content(fits - 28))
        self.assertEqual(client.jumps, [])
        self.assert_drops(too_big=1)


class FragmentsWithoutTheKernel(Fragments):
    """The same, where no kernel has put the host's fragments together before the gateway gets them."""
    TAPS = True


class Talk:
    """The client's side of a TCP connection, without loss or retransmission."""

    def __init__(self, client, port):
        self.client, self.port = client, port
        self.sequence, self.acknowledged = 1000, 0
        self.own = client.socket.getsockname()[1] + 20000
        options = [("MSS", 1460)]
        client.send(client.tcp(sport=self.own, dport=port, flags="S", seq=self.sequence, options=options))
        answer = client.receive(1, self.is_mine)[0]
        self.mss = tcp_mss(answer)
        self.sequence += 1
        self.acknowledged = IP(answer)[TCP].seq + 1
        self.segment("A")

    def is_mine(self, inner):
        return inner[9] == 6 and inner[20:24] == struct.pack("!HH", self.port, self.own)

    def segment(self, flags, data=b""):
        self.client.send(self.client.tcp(sport=self.own, dport=self.port, flags=flags, seq=self.sequence,
                                         ack=self.acknowledged, window=65535, data=data))
        self.sequence += len(data)

    def send(self, data):
        for at in range(0, len(data), self.mss):
            self.segment("PA", data[at:at + self.mss])

    def receive(self, count):
        got = b""
        while len(got) < count:
            packet = IP(self.client.receive(1, self.is_mine)[0])
            data = bytes(packet[TCP].payload)
            if data and packet[TCP].seq == self.acknowledged:
                got += data
                self.acknowledged += len(data)
                self.segment("A")
        return got

    def reset(self):
        self.segment("RA")


if __name__ == "__main__":
    main(Fragments, FragmentsWithoutTheKernel)
