# SPDX-License-Identifier: Apache-2.0
"""A VPN client made of scapy: ESP in UDP over a real socket, L2TP and PPP inside, keys given by hand."""
import hmac
import logging
import os
import random
import select
import socket
import struct
import sys
import time

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)  # it misses addresses on lo
try:
    from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_NOP, IPOption_RR  # some for the scenarios alone
    from scapy.layers.ipsec import ESP, SecurityAssociation, _ESPPlain
    from scapy.packet import Raw
except ImportError:
    sys.exit(77)

from lab import PATIENCE_SECONDS

GATEWAY = "10.20.0.10"
HOST = "10.30.0.10"
PPP_IPV4 = 0x0021


class Suite:
    """One row of what both sides can do."""

    def __init__(self, cipher, key_bytes, integrity, integrity_bytes, iv_bytes, alignment, icv_bytes):
        self.cipher, self.key_bytes = cipher, key_bytes
        self.integrity, self.integrity_bytes = integrity, integrity_bytes
        self.iv_bytes, self.alignment, self.icv_bytes = iv_bytes, alignment, icv_bytes

    @property
    def digest(self):
        """For hashlib; None: an AEAD."""
        return {"HMAC-SHA1-96": "sha1", "SHA2-256-128": "sha256", "SHA2-512-256": "sha512"}.get(self.integrity)

    def esp_bytes(self, inner_bytes):
        """Length of the ESP packet around an inner one: RFC 4303 §2, with UDP 8, L2TP 6 and PPP 4 bytes inside."""
        plain = inner_bytes + 8 + 6 + 4 + 2
        return 8 + self.iv_bytes + -(-plain // self.alignment) * self.alignment + self.icv_bytes

    def largest_inner(self, outer_mtu):
        return max(size for size in range(outer_mtu) if 28 + self.esp_bytes(size) <= outer_mtu)


SUITES = {  # a key of AES-GCM has four bytes of salt behind it
    "aes256-sha1": Suite("AES-CBC", 32, "HMAC-SHA1-96", 20, 16, 16, 12),
    "aes256-sha256": Suite("AES-CBC", 32, "SHA2-256-128", 32, 16, 16, 16),
    "aes128gcm16": Suite("AES-GCM", 20, "NULL", 0, 8, 4, 16),
    "aes256-sha512": Suite("AES-CBC", 32, "SHA2-512-256", 64, 16, 16, 32),
}


class Keys:
    """One direction of a client."""

    def __init__(self, suite, spi):
        self.suite, self.spi = suite, spi
        self.cipher = os.urandom(suite.key_bytes)
        self.integrity = os.urandom(suite.integrity_bytes)

    def security_association(self):
        return SecurityAssociation(ESP, spi=self.spi, crypt_algo=self.suite.cipher, crypt_key=self.cipher,
                                   auth_algo=self.suite.integrity, auth_key=self.integrity or None)

    def toml(self):
        second = f', integrity_key = "0x{self.integrity.hex()}"' if self.integrity else ""
        return f'{{ spi = {self.spi:#x}, key = "0x{self.cipher.hex()}"{second} }}'


class Client:
    """`number` makes its SPI slot and inner address; `socket` is where it talks from, and may be changed any time."""

    def __init__(self, number, suite, mru=1400, remote=None, slot=None, esn=False):
        self.name = f"client{number}"
        self.suite_name, self.suite = suite, SUITES[suite]
        self.mru, self.remote, self.esn = mru, remote, esn
        slot = slot or number
        self.inbound = Keys(self.suite, 0x10000000 | slot << 10 | random.randrange(1024))
        self.outbound = Keys(self.suite, 0xC0000000 | slot << 10 | random.randrange(1024))
        self.inner = f"10.40.0.{number + 1}"
        self.tunnel, self.session = 1, 1  # the same for all: they mean something only within one client's SA
        self.peer_tunnel, self.peer_session = 100 + number, 200 + number
        self.limit = min(mru, self.suite.largest_inner(1500))
        self.sequence = 0  # last sent
        self.highest = None  # last received
        self.jumps = []  # of received sequence numbers: (from, to)
        self.socket = None
        self._send_sa = self.inbound.security_association()
        self._receive_sa = self.outbound.security_association()

    def toml(self):
        remote = f'remote = "{self.remote}"\n' if self.remote else ""
        return f"""
[[static_peer]]
name = "{self.name}"
suite = "{self.suite_name}"
esn = {str(self.esn).lower()}
{remote}inner_address = "{self.inner}"
mru = {self.mru}
tunnel = {self.tunnel}
session = {self.session}
peer_tunnel = {self.peer_tunnel}
peer_session = {self.peer_session}
inbound = {self.inbound.toml()}
outbound = {self.outbound.toml()}
"""

    # --- sending

    def l2tp(self, inner):
        """L2TP data header, and PPP in the form that Windows sends."""
        return struct.pack("!HHHHH", 0x0002, self.tunnel, self.session, 0xFF03, PPP_IPV4) + bytes(inner)

    def esp(self, inner, sequence=None, payload=None, port=1701, association=None):
        """The ESP packet around `inner`, or around another UDP payload."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        clear = UDP(sport=1701, dport=port) / Raw(payload or self.l2tp(inner))
        if self.esn:
            return self.esp_raw(bytes(clear), sequence=sequence)
        association = association or self._send_sa
        packet = association.encrypt(IP(src="192.168.0.2", dst=GATEWAY) / clear, seq_num=sequence)
        return bytes(packet[ESP])

    def esp_raw(self, data, padding=None, next_header=17, sequence=None):
        """The ESP packet around any bytes, whose sender knows the key but not how to behave."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        if padding is None:
            padding = bytes(range(1, 1 + -(len(data) + 2) % self.suite.alignment))
        sa = self._send_sa
        plain = _ESPPlain(spi=sa.spi, seq=sequence & 0xFFFFFFFF, iv=sa.crypt_algo.generate_iv(), data=data,
                          padding=padding, padlen=len(padding), nh=next_header)
        packet = bytes(sa.crypt_algo.encrypt(sa, plain, sa.crypt_key, esn_en=self.esn, esn=sequence >> 32))
        return packet + self._icv(sa, packet, sequence)

    def _icv(self, sa, packet, sequence):
        """RFC 4303 §2.2.1: the upper half of an extended number is covered, and not sent. scapy does so for AEADs only."""
        if not self.suite.digest:
            return b""
        upper = struct.pack("!I", sequence >> 32) if self.esn else b""
        return hmac.digest(sa.auth_key, packet + upper, self.suite.digest)[:self.suite.icv_bytes]

    def send(self, *inner_packets):
        for inner in inner_packets:
            self.send_datagram(self.esp(inner))

    def send_datagram(self, data, by=None):
        (by or self.socket).sendto(data, (GATEWAY, 4500))

    # --- receiving

    def decrypt(self, datagram):
        """The inner packet. Asserts everything around it."""
        spi, sequence = struct.unpack_from("!II", datagram)
        assert spi == self.outbound.spi, f"{self.name}: SPI {spi:#x}, expected {self.outbound.spi:#x}"
        packet = IP(bytes(IP(src=GATEWAY, dst="192.0.2.1") / UDP(sport=4500, dport=4500) / Raw(datagram)))
        plain = self._open(packet)  # raises where the ICV is wrong
        if self.highest is not None and sequence != self.highest + 1:
            assert sequence > self.highest, f"{self.name}: sequence {sequence} behind {self.highest}"
            self.jumps.append((self.highest, sequence))
        self.highest = sequence
        udp = UDP(plain)
        assert (udp.sport, udp.dport, udp.chksum) == (1701, 1701, 0), f"{self.name}: {udp.summary()}"
        payload = bytes(udp.payload)
        assert udp.len == 8 + len(payload), f"{self.name}: UDP length {udp.len} around {len(payload)} bytes"
        header = struct.pack("!HHHHH", 0x0002, self.peer_tunnel, self.peer_session, 0xFF03, PPP_IPV4)
        assert payload[:10] == header, f"{self.name}: L2TP and PPP header {payload[:10].hex()}, not {header.hex()}"
        inner = payload[10:]
        total = struct.unpack_from("!H", inner, 2)[0]
        assert total == len(inner) <= self.limit, f"{self.name}: {len(inner)} bytes inside, IP says {total}"
        assert len(datagram) == self.suite.esp_bytes(len(inner)), f"{self.name}: more padding than needed"
        assert socket.inet_ntoa(inner[16:20]) == self.inner, f"{self.name}: for {socket.inet_ntoa(inner[16:20])}"
        return inner

    def _open(self, packet):
        """The payload of an ESP packet. Its numbers stay below 2^32."""
        sa = self._receive_sa
        if not self.esn:
            return bytes(sa.decrypt(packet)[UDP])
        data = bytes(packet[ESP])
        if self.suite.digest:
            sequence = struct.unpack_from("!I", data, 4)[0]
            assert data[-self.suite.icv_bytes:] == self._icv(sa, data[:-self.suite.icv_bytes], sequence), "a wrong ICV"
        plain = sa.crypt_algo.decrypt(sa, packet[ESP], sa.crypt_key, self.suite.icv_bytes, esn_en=True, esn=0)
        assert plain.nh == 17, plain.nh
        return bytes(plain.data)

    def receive(self, count=1, wanted=lambda inner: True):
        """`count` inner packets that are wanted, in their order. AssertionError: they did not come in time."""
        found = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(found) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise AssertionError(f"{self.name}: {len(found)} of {count} packets came within {PATIENCE_SECONDS} s")
            datagram, sender = self.socket.recvfrom(65535)
            assert sender == (GATEWAY, 4500), f"{self.name}: from {sender}"
            inner = self.decrypt(datagram)
            if wanted(inner):
                found.append(inner)
        return found

    def waiting(self):
        """What has come already, and nobody asked for."""
        found = []
        while select.select([self.socket], [], [], 0)[0]:
            found.append(self.decrypt(self.socket.recvfrom(65535)[0]))
        return found

    # --- inner packets

    def echo_request(self, data=b"hello", number=1, identifier=7, destination=HOST, **ip):
        return bytes(IP(src=self.inner, dst=destination, **ip) / ICMP(id=identifier, seq=number) / Raw(data))

    def udp(self, data, destination=HOST, sport=5000, dport=7, **ip):
        return bytes(IP(src=self.inner, dst=destination, **ip) / UDP(sport=sport, dport=dport) / Raw(data))

    def tcp(self, destination=HOST, data=b"", **fields):
        return bytes(IP(src=self.inner, dst=destination) / TCP(**fields) / Raw(data))

    def ping(self, data=b"hello", number=1, identifier=7, destination=HOST):
        """One echo request and its answer."""
        self.send(self.echo_request(data, number, identifier, destination))
        reply = IP(self.receive(1, lambda inner: is_echo_reply(inner, identifier, number))[0])
        assert (reply.src, bytes(reply[ICMP].payload)) == (destination, data), reply.summary()
        return reply


    def comes_back(self):
        """Pings until an answer comes: for after something was broken, when the first packets may be lost."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        number = 0
        while time.monotonic() < deadline:
            number += 1
            self.send(self.echo_request(b"back?", number, identifier=8))
            if select.select([self.socket], [], [], 0.1)[0]:
                break
        # Answers to the others, which may be late; the last one is.
        self.send(self.echo_request(b"back?", 0, identifier=8))
        self.receive(1, lambda inner: is_echo_reply(inner, 8, 0))


def is_echo_reply(inner, identifier, number):
    return inner[9] == 1 and inner[20] == 0 and inner[24:28] == struct.pack("!HH", identifier, number)


def is_icmp(inner, kind, code):
    """An ICMP error."""
    return inner[9] == 1 and (inner[20], inner[21]) == (kind, code)
