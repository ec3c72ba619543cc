#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ESP that comes in IP fragments; the topology is drawn in lab.py, with taps: through af_packet the kernel would put
fragments together before the gateway sees them."""
import struct
import time

from client import GATEWAY, IP, UDP, Client, IPOption_NOP, IPOption_RR, Raw, is_echo_reply
from gateway import LARGE_FRAMES, LiveTest, main
from lab import OPTIONS, PATIENCE_SECONDS, mac, wait_until

SENDER = "203.0.113.7"


def content(size):
    return bytes((3 * at + size) % 255 for at in range(size))


class OuterFragmentTest(LiveTest):
    TAPS = True

    @classmethod
    def prepare(cls):
        for number, client in enumerate(cls.clients):
            client.socket = cls.lab.udp("net", SENDER, 4500 + number)
            client.ping()
        ports = {row["name"]: row["mac"] for row in cls.gateway.ask("dataplane", "port")["ports"]}
        cls.gateway_mac = bytes.fromhex(ports["outside"].replace(":", ""))
        cls.wire = cls.lab.frames("net", "c0")
        cls.addClassCleanup(cls.wire.close)
        cls.identification = 0

    def setUp(self):
        super().setUp()
        self.client = self.clients[0]

    def tearDown(self):
        for client in self.clients:
            client.ping()
            self.assertEqual((client.waiting(), client.jumps), ([], []))

    # --- what goes in

    def datagram(self, client, size=1300, number=1):
        """The outer IP packet of an echo request, in one piece."""
        type(self).identification += 1
        esp = client.esp(client.echo_request(content(size), number))
        sport = client.socket.getsockname()[1]
        return IP(src=SENDER, dst=GATEWAY, id=self.identification) / UDP(sport=sport, dport=4500) / Raw(esp)

    def send(self, *packets):
        for packet in packets:
            self.wire.send(self.gateway_mac + mac("c0") + b"\x08\x00" + bytes(packet))

    def assert_answered(self, client, number, size=1300):
        answer = client.receive()[0]
        self.assertTrue(is_echo_reply(answer, 7, number))
        self.assertEqual(answer[28:], content(size))


class OuterFragments(OuterFragmentTest):
    CLIENTS = [lambda: Client(1, "aes256-sha256"), lambda: Client(2, "aes128gcm16"), lambda: Client(3, "aes256-sha512")]

    def test_fragments_in_every_cut(self):
        for client in self.clients:
            for size in (1300, 700, 61):
                for cut in (1280, 576, 256, 200, 104, 40):
                    pieces = self.datagram(client, size, cut).fragment(cut)
                    if len(pieces) < 2 or len(pieces) > 8:
                        continue
                    self.send(*pieces)
                    self.assert_answered(client, cut, size)
        self.assert_drops()

    def test_any_order(self):
        pieces = self.datagram(self.client).fragment(304)
        self.assertEqual(len(pieces), 5)
        for number, order in enumerate(((4, 3, 2, 1, 0), (1, 3, 0, 2, 4), (4, 0, 1, 2, 3), (2, 0, 4, 1, 3)), 1):
            pieces = self.datagram(self.client, number=number).fragment(304)
            self.send(*(pieces[at] for at in order))
            self.assert_answered(self.client, number)
        self.assert_drops()

    def test_fragments_of_several_clients_mixed(self):
        mixed = [self.datagram(client, number=number).fragment(400) for number, client in enumerate(self.clients)]
        for at in range(max(map(len, mixed))):
            self.send(*(pieces[at] for pieces in mixed if at < len(pieces)))
        for number, client in enumerate(self.clients):
            self.assert_answered(client, number)
        self.assert_drops()

    def test_same_identification_of_different_senders(self):
        """Mallory's first fragment with the same identification joins nothing of the client's."""
        first, second = self.datagram(self.client).fragment(800)
        stolen = IP(bytes(first))
        stolen.src = "192.0.2.66"
        del stolen.chksum
        self.send(stolen, first, second)
        self.assert_answered(self.client, 1)
        self.assert_drops()
        rest = IP(bytes(second))
        rest.src = "192.0.2.66"
        del rest.chksum
        self.send(rest)  # so that nothing waits any longer; and it is the same ESP packet again
        self.assert_drops(esp_replayed=1)

    def test_duplicates(self):
        first, second = self.datagram(self.client).fragment(800)
        self.send(first, first, first, second)
        self.assert_answered(self.client, 1)
        self.assert_drops(fragment_duplicate=2)

    def test_overlap(self):
        """RFC 5722's rule, for IPv4 too: an overlap makes nothing whole."""
        before = self.client.sequence
        for shift in (-8, -80, -400):
            first, second = self.datagram(self.client).fragment(800)
            second.frag += shift // 8
            del second.chksum
            self.send(first, second)
        self.assert_malformed(3)
        self.assertEqual(self.client.waiting(), [])
        self.assertEqual(self.client.sequence, before + 3)

    def assert_malformed(self, datagrams):
        wait_until(lambda: self.new_drops()["fragment_malformed"] >= datagrams,
                   lambda: f"{datagrams} malformed, {dict(self.new_drops())}")
        self.assertEqual(set(self.new_drops()), {"fragment_malformed"})

    def test_fragments_that_make_no_sense(self):
        first, second = self.datagram(self.client).fragment(800)
        odd = IP(bytes(first))
        odd.payload = Raw(bytes(odd.payload)[:-3])  # not a multiple of 8, and more to come
        del odd.len, odd.chksum
        beyond = IP(bytes(second))
        beyond.frag = 8190  # ends beyond 65535
        del beyond.chksum
        empty = IP(bytes(first))
        empty.remove_payload()
        del empty.len, empty.chksum
        self.send(odd, beyond, empty)
        self.assert_drops(fragment_malformed=3)

    def test_too_many_fragments(self):
        """Eight at most."""
        pieces = self.datagram(self.client).fragment(136)
        self.assertGreater(len(pieces), 8)
        self.send(*pieces)
        wait_until(lambda: self.new_drops()["fragment_malformed"], lambda: dict(self.new_drops()))

    def test_ip_options(self):
        """In a packet, and in its fragments."""
        options = [IPOption_NOP(), IPOption_RR(length=11, routers=["0.0.0.0", "0.0.0.0"])]
        for number, cut in enumerate((1400, 700), 1):
            packet = self.datagram(self.client, number=number)
            packet.options = options
            self.send(*IP(bytes(packet)).fragment(cut))
            self.assert_answered(self.client, number)
        self.assert_drops()

    def test_plain_esp(self):
        """The SA was made for UDP: without it a packet says nothing about where the client is."""
        before = self.gateway.installed()["peer"]
        esp = self.client.esp(self.client.echo_request())
        self.send(IP(src="192.0.2.66", dst=GATEWAY, proto=50) / Raw(esp))
        self.client.receive()
        self.assertEqual(self.gateway.installed()["peer"], before)

    def test_largest_datagram(self):
        """Nothing sends so much ESP at once; it is put together and fails its ICV, or is refused for its size."""
        large = IP(src=SENDER, dst=GATEWAY, id=9) / UDP(sport=4500, dport=4500) / Raw(
            struct.pack("!II", self.client.inbound.spi, 0x7fffffff) + bytes(11000))
        self.send(*large.fragment(1480))
        wait_until(lambda: sum(self.new_drops().values()) >= 1, "it is dropped")
        self.assertLessEqual(set(self.new_drops()), {"esp_bad_icv", "esp_misaligned", "fragment_resources"})

    def test_fragments_of_clear_packets(self):
        for packet in (IP(src=SENDER, dst=GATEWAY, id=1) / UDP(sport=1701, dport=1701) / Raw(bytes(1000)),
                       IP(src=SENDER, dst=GATEWAY, id=2) / UDP(sport=9, dport=9) / Raw(bytes(1000)),
                       IP(src=SENDER, dst="10.30.0.10", id=3) / UDP(sport=9, dport=9) / Raw(bytes(1000))):
            self.send(*packet.fragment(600))
        self.assert_drops(clear_l2tp=1, clear_from_outside=1, foreign_destination=2)

    def test_ping_larger_than_the_link(self):
        """Of the gateway itself: the answer is as large."""
        done = self.lab.command("net", "ping", "-n", "-c", "1", "-W", PATIENCE_SECONDS, "-s", "2000", GATEWAY, check=False)
        said = [len(packet) for packet in self.outside.packets() if packet[9] == 1]
        self.assertIn("1 received", done.stdout, f"the gateway said ICMP of {said} bytes; drops {dict(self.new_drops())}")


class Flood(OuterFragmentTest):
    """Fragments whose rest never comes."""
    CLIENTS = [lambda: Client(1, "aes256-sha256"), lambda: Client(2, "aes128gcm16")]
    EXTRA = {"memory": "reassembly_datagrams = 16"}

    def test_1_more_than_there_is_room_for(self):
        """They are refused, whole packets pass, and memory does not grow."""
        for client in self.clients:
            before = self.gateway.ask("dataplane", "buffers")
            for _ in range(8):
                self.send(*(self.datagram(client).fragment(800)[0] for _ in range(16)))
                client.ping()
            after = self.gateway.ask("dataplane", "buffers")
            self.assertLessEqual(buffers_in_use(after), buffers_in_use(before) + 2 * 16, (before, after))
        self.assert_drops(fragment_resources=2 * 8 * 16 - 16)

    def test_2_missing_fragments_time_out(self):
        if OPTIONS.workers != 1:
            self.skipTest("once is enough for half a minute")
        deadline = time.monotonic() + 60
        while not self.new_drops()["fragment_timeout"]:
            self.assertLess(time.monotonic(), deadline, dict(self.new_drops()))
            time.sleep(0.2)
        self.assertEqual(set(self.new_drops()), {"fragment_timeout"})
        first, second = self.datagram(self.client).fragment(800)
        self.send(first, second)
        self.assert_answered(self.client, 1)


def buffers_in_use(answer):
    return answer["in_use"]


class OuterFragmentsThroughTheKernel(LiveTest):
    """With af_packet the kernel puts fragments together; what comes out must pass all the same."""
    CLIENTS = [lambda: Client(1, "aes256-sha256")]
    FRAMES = LARGE_FRAMES

    def test_fragments_pass(self):
        client = self.clients[0]
        client.socket = self.lab.udp("net", SENDER, 4500)
        client.ping()
        with self.lab.frames("net", "c0") as wire:
            for number, cut in enumerate((1280, 600, 200), 1):
                esp = client.esp(client.echo_request(content(1300), number))
                whole = IP(src=SENDER, dst=GATEWAY, id=number) / UDP(sport=4500, dport=4500) / Raw(esp)
                for piece in whole.fragment(cut):
                    wire.send(mac("s0") + mac("c0") + b"\x08\x00" + bytes(piece))
                self.assertEqual(client.receive()[0][28:], content(1300))
        self.assert_drops()


if __name__ == "__main__":
    main(OuterFragments, Flood, OuterFragmentsThroughTheKernel)
