#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the gateway must not let through, each under its reason; the topology is drawn in lab.py.

Nothing is proved by waiting: a packet is gone when its drop is counted, and whatever is sent behind it arrives."""
import errno
import random
import select
import socket
import struct

from client import GATEWAY, HOST, ICMP, IP, TCP, UDP, Client, Keys, Raw, is_echo_reply, is_icmp
from gateway import LiveTest, main
from lab import PATIENCE_SECONDS, wait_until

IP_RECVERR, MSG_ERRQUEUE = 11, 0x2000
MALLORY = "192.0.2.66"
INSIDE_ADDRESS = "10.30.0.1"


def two_clients():
    return [lambda: Client(1, "aes256-sha256"), lambda: Client(2, "aes128gcm16"), lambda: Client(3, "aes256-sha1")]


def connect(case):
    for number, client in enumerate(case.clients):
        client.socket = case.lab.udp("net", "203.0.113.7", 4500 + number)
        client.ping()


class Refused(LiveTest):
    CLIENTS = two_clients()

    @classmethod
    def prepare(cls):
        connect(cls)
        cls.mallory = cls.lab.udp("net", MALLORY, 1701)
        cls.addClassCleanup(cls.mallory.close)
        cls.host = cls.lab.udp("host", HOST, 7)
        cls.host.settimeout(PATIENCE_SECONDS)
        cls.addClassCleanup(cls.host.close)

    def setUp(self):
        super().setUp()
        self.where_before = self.remotes()

    def tearDown(self):
        """What was refused has moved no client and broken nothing; neither Mallory nor the private host got anything."""
        self.assertEqual(self.remotes(), self.where_before)
        drops = self.gateway.drops()
        for client in self.clients:
            client.ping(b"still here", 999)
            self.assertEqual((client.waiting(), client.jumps), ([], []))
        self.assertEqual(self.gateway.drops(), drops)
        self.assert_silent(self.mallory)
        strangers = [packet for packet in self.inside.packets()
                     if packet[12:14] != b"\x0a\x28" and (packet[9], socket.inet_ntoa(packet[12:16])) != (1, INSIDE_ADDRESS)]
        self.assertEqual(strangers, [])

    def assert_silent(self, sock):
        self.assertEqual(select.select([sock], [], [], 0)[0], [])

    def remotes(self):
        return {row["peer"]: row["remote"] for row in self.gateway.ask("dataplane", "peer")["peers"]}

    # --- without IPsec

    def test_clear_l2tp(self):
        client = self.clients[0]
        data = client.l2tp(client.echo_request())
        control = struct.pack("!HHHHHH", 0xC802, 12, 0, 0, 0, 0)
        for payload in (data, control):
            self.mallory.sendto(payload, (GATEWAY, 1701))
            client.socket.sendto(payload, (GATEWAY, 1701))
            self.mallory.sendto(payload, (GATEWAY, 9999))  # from port 1701
        self.assert_drops(clear_l2tp=6)

    def test_clear_packets_to_what_is_behind(self):
        for address in (HOST, INSIDE_ADDRESS, self.clients[0].inner):
            for port in (7, 1701, 4500):
                self.mallory.sendto(b"let me in", (address, port))
        self.assert_drops(foreign_destination=9)

    def test_clear_packets_to_the_gateway(self):
        with self.lab.socket("net", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            header = IP(src=MALLORY, dst=GATEWAY)
            inner = IP(src="10.30.0.99", dst=HOST) / UDP(dport=7) / Raw(b"tunnelled")
            for packet in (header / TCP(dport=22), header / UDP(sport=99, dport=53), header / inner,
                           IP(src=MALLORY, dst=GATEWAY, proto=47) / Raw(bytes(24))):
                raw.sendto(bytes(packet), (GATEWAY, 0))
        self.assert_drops(clear_from_outside=4)

    def test_pings_from_outside_reach_the_gateway_only(self):
        with self.lab.socket("net", socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.settimeout(PATIENCE_SECONDS)
            raw.bind((MALLORY, 0))
            for address in (HOST, INSIDE_ADDRESS, self.clients[0].inner, GATEWAY):
                raw.sendto(bytes(ICMP(id=99, seq=1) / Raw(b"anybody?")), (address, 0))
            answer, sender = raw.recvfrom(1000)
            self.assertEqual((sender[0], answer[20], answer[28:]), (GATEWAY, 0, b"anybody?"))
        self.assert_drops(foreign_destination=3)

    # --- ESP

    def test_wrong_key(self):
        for client in self.clients:
            wrong = Keys(client.suite, client.inbound.spi).security_association()
            client.send_datagram(client.esp(client.udp(b"forged"), association=wrong), by=self.mallory)
            client.sequence -= 1
        self.assert_drops(esp_bad_icv=3)

    def test_damage_anywhere(self):
        """One bit of the sequence number, the IV, the ciphertext, the ICV. The window is as it was before."""
        for client in self.clients:
            with self.subTest(suite=client.suite_name):
                good = client.esp(client.udp(b"once"))
                for at in (5, 8, 8 + client.suite.iv_bytes, len(good) - client.suite.icv_bytes - 1, len(good) - 1):
                    bad = bytearray(good)
                    bad[at] ^= 0x10
                    client.send_datagram(bytes(bad))
                client.send_datagram(good)
                data, sender = self.host.recvfrom(100)
                self.assertEqual((data, sender[0]), (b"once", client.inner))
        self.assert_drops(esp_bad_icv=5 * len(self.clients))

    def test_replay(self):
        for client in self.clients:
            datagram = client.esp(client.udp(b"once"))
            for _ in range(3):
                client.send_datagram(datagram)
            client.send_datagram(datagram, by=self.mallory)
            self.assertEqual(self.host.recv(100), b"once")
        self.assert_drops(esp_replayed=3 * len(self.clients))
        self.assert_silent(self.host)

    def test_too_old_and_zero(self):
        client = self.clients[0]
        left_out = client.sequence + 1
        client.sequence += 2000
        client.ping()
        client.send_datagram(client.esp(client.udp(b"late"), sequence=left_out))
        inside_window = client.sequence - 1023  # the oldest of 1024
        client.send_datagram(client.esp(client.udp(b"just in time"), sequence=inside_window))
        self.assertEqual(self.host.recv(100), b"just in time")
        client.send_datagram(client.esp(client.udp(b"late"), sequence=inside_window - 1))
        self.assert_drops(esp_too_old=2)
        zero = bytearray(client.esp(client.udp(b"zero"), sequence=client.sequence))
        zero[4:8] = bytes(4)
        client.send_datagram(bytes(zero))
        self.assert_drops(esp_too_old=2, esp_sequence_zero=1)

    def test_unknown_spi(self):
        client = self.clients[0]
        datagram = client.esp(client.udp(b"whose?"))
        spi = client.inbound.spi
        others = (1, 255, spi ^ 1, spi ^ 1 << 27, spi ^ 1 << 31, client.outbound.spi, 0xFFFFFFFF)
        for other in others:
            client.send_datagram(struct.pack("!I", other) + datagram[4:])
        self.assert_drops(esp_unknown_spi=len(others))

    def test_cut_short(self):
        for client in self.clients:
            suite = client.suite
            datagram = client.esp(client.udp(b"whole"))
            client.sequence -= 1
            shortest = 8 + suite.iv_bytes + suite.alignment + suite.icv_bytes
            for length in (8, 12, 8 + suite.iv_bytes, shortest - suite.alignment):
                client.send_datagram(datagram[:length])
            client.send_datagram(datagram[:shortest])  # long enough for ESP, and no longer what was signed
            client.send_datagram(datagram[:-1])
        self.assert_drops(esp_truncated=4 * len(self.clients), esp_bad_icv=len(self.clients),
                          esp_misaligned=len(self.clients))

    def test_not_even_esp(self):
        for data in (b"", b"\xfe", b"\x12\x34\x56", bytes([1, 2, 3, 4, 5, 6, 7])):
            self.clients[0].send_datagram(data)
        self.assert_drops(natt_malformed=4)

    # --- what is inside

    def test_foreign_inner_source(self):
        client, other = self.clients[0], self.clients[1]
        for source in (other.inner, HOST, INSIDE_ADDRESS, GATEWAY, "8.8.8.8", "127.0.0.1", "0.0.0.0", "255.255.255.255"):
            client.send(IP(src=source, dst=HOST) / UDP(sport=5000, dport=7) / Raw(b"not me"))
        self.assert_drops(inner_source_spoofed=8)

    def test_other_payload_than_negotiated(self):
        client = self.clients[0]
        l2tp = client.l2tp(client.udp(b"hidden"))
        datagram = bytes(UDP(sport=1701, dport=1701, chksum=0) / Raw(l2tp))
        for port in (1702, 500, 4500, 0):
            client.send_datagram(client.esp(b"", payload=l2tp, port=port))
        for next_header in (6, 1, 4, 41, 50, 0):
            client.send_datagram(client.esp_raw(datagram, next_header=next_header))
        client.send_datagram(client.esp_raw(bytes(client.udp(b"tunnel mode")), next_header=4))
        self.assert_drops(selector_mismatch=11)
        client.send_datagram(client.esp_raw(datagram, next_header=59))
        self.assert_drops(selector_mismatch=11, esp_dummy=1)
        client.send_datagram(client.esp_raw(datagram))  # the same, as it should be
        self.assertEqual(self.host.recv(100), b"hidden")

    def test_padding(self):
        client = self.clients[0]
        datagram = bytes(UDP(sport=1701, dport=1701, chksum=0) / Raw(client.l2tp(client.udp(b"padded"))))
        needed = -(len(datagram) + 2) % 16
        for padding in (bytes(needed or 16), bytes(range(2, 2 + (needed or 16)))):
            client.send_datagram(client.esp_raw(datagram, padding=padding))
        longer_than_all = bytes(14) + b"\xff\x11"
        client.send_datagram(client.esp_raw(longer_than_all[:-2], padding=b""))  # zero bytes of padding: udp cut short
        self.assert_drops(esp_bad_padding=2, selector_mismatch=1)
        client.send_datagram(client.esp_raw(datagram, padding=bytes(range(1, 1 + needed + 160))))  # more than needed
        self.assertEqual(self.host.recv(100), b"padded")

    def test_foreign_session(self):
        client, other = self.clients[0], self.clients[1]
        inner = client.udp(b"whose session?")
        for tunnel, session in ((other.peer_tunnel, other.peer_session), (1, 2), (2, 1), (0, 0), (65535, 65535)):
            payload = struct.pack("!HHHHH", 2, tunnel, session, 0xFF03, 0x21) + inner
            client.send_datagram(client.esp(b"", payload=payload))
        self.assert_drops(l2tp_unknown_session=5)

    def test_broken_l2tp_and_ppp(self):
        client = self.clients[0]
        inner = client.udp(b"broken")
        for payload in (b"\0", struct.pack("!HHH", 3, 1, 1) + inner,  # version 3
                        struct.pack("!HHHH", 0x4002, 4000, 1, 1) + inner,  # longer than it is
                        struct.pack("!HHHH", 0x0202, 1, 1, 4000) + inner):  # an offset beyond the end
            client.send_datagram(client.esp(b"", payload=payload))
        self.assert_drops(l2tp_malformed=4)
        for payload in (struct.pack("!HHH", 2, 1, 1), struct.pack("!HHH", 2, 1, 1) + b"\xff\x03",
                        struct.pack("!HHH", 2, 1, 1) + b"\xff\x03\x00"):
            client.send_datagram(client.esp(b"", payload=payload))
        self.assert_drops(l2tp_malformed=4, ppp_malformed=3)

    def test_broken_inner_ip(self):
        client = self.clients[0]
        good = client.udp(b"broken")
        for at, value in ((0, 0x55), (0, 0x44), (0, 0x4F), (2, 0xFF), (3, 19)):
            bad = bytearray(good)
            bad[at] = value
            client.send(bytes(bad))
        client.send(good[:19])
        self.assert_drops(inner_ip_malformed=6)

    def test_ipv6_inside(self):
        client = self.clients[0]
        payload = struct.pack("!HHHHH", 2, 1, 1, 0xFF03, 0x57) + b"\x60" + bytes(39)
        client.send_datagram(client.esp(b"", payload=payload))
        self.assert_drops(session_closed=1)

    def test_inner_destinations_that_are_no_host(self):
        client = self.clients[0]
        for address in ("224.0.0.5", "239.255.255.250", "0.0.0.0", "127.0.0.1", "240.0.0.1"):
            client.send(client.udp(b"to nobody", destination=address))
        self.assert_drops(foreign_destination=5)
        client.send(client.udp(b"to everybody", destination="255.255.255.255"))
        wait_until(lambda: self.new_drops()["local_unwanted"], "a broadcast is nobody's")
        self.assert_drops(foreign_destination=5, local_unwanted=1)

    # --- refused, and the sender is told

    def assert_told(self, client, kind, code, about, source=INSIDE_ADDRESS):
        error = IP(client.receive(1, lambda inner: is_icmp(inner, kind, code))[0])
        self.assertEqual((error.src, error.dst), (source, client.inner))
        quoted = bytes(error[ICMP].payload)
        self.assertEqual(quoted[12:20], bytes(about)[12:20])  # addresses
        self.assertEqual(quoted[20:28], bytes(about)[20:28])
        checked = IP(bytes(error))
        del checked.chksum, checked[ICMP].chksum
        self.assertEqual(bytes(IP(bytes(checked))), bytes(error))

    def test_client_to_client(self):
        one, other, _ = self.clients
        for packet in (one.udp(b"hello neighbour", destination=other.inner), one.echo_request(destination=other.inner)):
            one.send(packet)
            self.assert_told(one, 3, 13, packet)
        one.send(one.udp(b"to myself", destination=one.inner))
        self.assert_told(one, 3, 13, one.udp(b"to myself", destination=one.inner))
        self.assert_drops(client_to_client=3)

    def test_nobody_has_that_client_address(self):
        client = self.clients[0]
        packet = client.udp(b"anybody?", destination="10.40.0.200")
        client.send(packet)
        self.assert_told(client, 3, 13, packet)
        self.assert_drops(client_to_client=1)

    def test_time_to_live(self):
        for client in self.clients:
            for ttl in (1, 0):
                packet = client.udp(b"too far", ttl=ttl)
                client.send(packet)
                self.assert_told(client, 11, 0, packet)
        self.assert_drops(ttl_exceeded=6)

    def test_time_to_live_from_inside(self):
        sender = self.lab.udp("host", HOST, 0)
        self.addCleanup(sender.close)
        sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        sender.sendto(b"too far", (self.clients[0].inner, 9))
        self.assertEqual(error_of(sender), (11, 0, INSIDE_ADDRESS))
        self.assert_drops(ttl_exceeded=1)

    def test_no_such_client(self):
        sender = self.lab.udp("host", HOST, 0)
        self.addCleanup(sender.close)
        sender.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        sender.sendto(b"anybody?", ("10.40.0.200", 9))
        self.assertEqual(error_of(sender), (3, 1, INSIDE_ADDRESS))
        self.assert_drops(no_session=1)

    def test_no_port_of_the_gateway(self):
        client = self.clients[0]
        packet = client.udp(b"a service?", destination=INSIDE_ADDRESS, dport=53)
        client.send(packet)
        wait_until(lambda: self.new_drops()["local_unwanted"], "the packet is dropped")
        self.assert_told(client, 3, 3, packet)
        self.assert_drops(local_unwanted=1)

    def test_no_route(self):
        """The default route leads to clients, not for them: what they send to the rest of the world does not leave clear."""
        client = self.clients[0]
        packet = client.udp(b"the world", destination="198.18.0.1")
        client.send(packet)
        self.assert_told(client, 3, 0, packet)
        self.assert_drops(no_route=1)

    def test_noise(self):
        """Random datagrams: every one is counted, none does anything."""
        chance = random.Random(7)
        slots = [client.inbound.spi for client in self.clients]
        for total in range(32, 321, 32):  # the driver's ring holds 64
            for number in range(32):
                data = bytes(chance.randrange(256) for _ in range(chance.randrange(4, 200)))
                spi = slots[number % 3] if number % 2 else chance.randrange(256, 1 << 32)
                self.clients[0].send_datagram(struct.pack("!I", spi) + data)
            wait_until(lambda: sum(self.new_drops().values()) == total,  # pylint: disable=cell-var-from-loop
                       lambda: f"{total} drops; there are {dict(self.new_drops())}")
        self.assertLessEqual(set(self.new_drops()), {"esp_unknown_spi", "esp_bad_icv", "esp_truncated", "esp_misaligned",
                                                     "esp_sequence_zero", "esp_replayed", "esp_too_old"})


    def test_what_looks_like_ike(self):
        """Goes to control, which has nothing to say to it."""
        chance = random.Random(8)
        for size in (0, 1, 27, 28, 29, 100, 1400):
            data = bytes(chance.randrange(256) for _ in range(size))
            self.mallory.sendto(data, (GATEWAY, 500))
            self.mallory.sendto(bytes(4) + data, (GATEWAY, 4500))
        wait_until(lambda: self.gateway.ask("dataplane", "status")["packets"]["punted"]["ike"] >= 12, "IKE is punted")


def error_of(sender):
    """Type, code and sender of the ICMP error that a socket was told of."""
    def queued():
        try:
            return sender.recvmsg(2000, 500, MSG_ERRQUEUE)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno in (errno.EHOSTUNREACH, errno.ECONNREFUSED, errno.EMSGSIZE, errno.ENETUNREACH):
                return None
            raise
    sender.setblocking(False)
    _, ancillary, _, _ = wait_until(queued, "an ICMP error")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, IP_RECVERR):
            _, _, icmp_type, icmp_code = struct.unpack_from("IBBB", data)
            return icmp_type, icmp_code, socket.inet_ntoa(data[20:24])
    raise AssertionError(f"no error in {ancillary}")


class ClientToClient(LiveTest):
    """Where the configuration allows it."""
    CLIENTS = two_clients()
    EXTRA = {"gateway": "client_to_client = true"}

    @classmethod
    def prepare(cls):
        connect(cls)

    def test_clients_reach_one_another(self):
        for one in self.clients:
            for other in self.clients:
                if one is other:
                    continue
                for size in (0, 100, 1300):
                    one.send(one.echo_request(bytes(size), size, destination=other.inner))
                    request = IP(other.receive()[0])
                    self.assertEqual((request.src, request.ttl, len(request)), (one.inner, 63, 28 + size))
                    other.send(IP(src=other.inner, dst=one.inner) / ICMP(type=0, id=7, seq=size) / Raw(bytes(size)))
                    answer = one.receive()[0]
                    self.assertTrue(is_echo_reply(answer, 7, size))
                    self.assertEqual(answer[28:], bytes(size))
        self.assert_drops()

    def test_time_to_live(self):
        one, other, _ = self.clients
        one.send(one.udp(b"too far", destination=other.inner, ttl=1))
        one.receive(1, lambda inner: is_icmp(inner, 11, 0))
        self.assert_drops(ttl_exceeded=1)

    def test_what_clients_send_is_still_their_own(self):
        one, other, _ = self.clients
        one.send(IP(src=HOST, dst=other.inner) / UDP(dport=7) / Raw(b"not me"))
        self.assert_drops(inner_source_spoofed=1)

    def test_nobody_there(self):
        client = self.clients[0]
        client.send(client.udp(b"anybody?", destination="10.40.0.200"))
        client.receive(1, lambda inner: is_icmp(inner, 3, 1))
        self.assert_drops(no_session=1)


if __name__ == "__main__":
    main(Refused, ClientToClient)
