# SPDX-License-Identifier: Apache-2.0
"""Listens on a wire of the gateway, at its peer, and judges what it says there."""
import collections
import ipaddress
import mmap
import socket
import struct

PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_RX_RING, PACKET_STATISTICS, PACKET_VERSION = 5, 6, 10
TPACKET_V2 = 1
STATUS_USER = 1
ETH_P_ALL = 3

FRAME_BYTES, FRAMES, BLOCK_BYTES = 2048, 8192, 65536

GATEWAY = socket.inet_aton("10.20.0.10")
CLIENTS = ipaddress.ip_network("10.40.0.0/24")
HOSTS = ipaddress.ip_network("10.30.0.0/24")
PRIVATE = [CLIENTS, HOSTS, ipaddress.ip_network("10.50.0.0/24")]

# From the Ethernet header on; whether the gateway sent it, or its peer.
Frame = collections.namedtuple("Frame", "from_gateway data")
# One ESP packet in UDP; `payload` is what lies behind the sequence number.
Esp = collections.namedtuple("Esp", "spi sequence payload destination port")


def checksum(data):
    """RFC 1071: 0 over data that contains its own."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Wiretap:
    """All frames of an interface, from when this exists. They wait in a ring that the kernel fills: nothing is missed
    while Python is busy."""

    def __init__(self, lab, name, interface):
        self.frames = []
        self._marked = 0
        self._next = 0
        self._socket = lab.socket(name, socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
        blocks = FRAMES * FRAME_BYTES // BLOCK_BYTES
        self._socket.setsockopt(SOL_PACKET, PACKET_RX_RING, struct.pack("IIII", BLOCK_BYTES, blocks, FRAME_BYTES, FRAMES))
        self._ring = mmap.mmap(self._socket.fileno(), blocks * BLOCK_BYTES)
        with lab.inside(name):
            self._socket.bind((interface, ETH_P_ALL))

    def drain(self):
        """Everything since the mark, the newest included."""
        while True:
            at = self._next * FRAME_BYTES
            status, length, captured, start = struct.unpack_from("IIIH", self._ring, at)
            if not status & STATUS_USER:
                break
            assert length == captured, f"a frame of {length} bytes on a wire for 1514"
            from_gateway = self._ring[at + 42] != PACKET_OUTGOING  # sll_pkttype
            self.frames.append(Frame(from_gateway, self._ring[at + start:at + start + captured]))
            struct.pack_into("I", self._ring, at, 0)
            self._next = (self._next + 1) % FRAMES
        packets, missed = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        assert missed == 0, f"{missed} frames of {packets} did not fit into the ring"
        return self.frames[self._marked:]

    def mark(self):
        """From now on, only what comes later is given, until `unmark`."""
        self.drain()
        self._marked = len(self.frames)

    def unmark(self):
        self._marked = 0

    def packets(self, from_gateway=True):
        """IPv4 packets without their padding."""
        for frame in self.drain():
            if frame.from_gateway == from_gateway and frame.data[12:14] == b"\x08\x00":
                yield frame.data[14:14 + struct.unpack_from("!H", frame.data, 16)[0]]

    def close(self):
        self._ring.close()
        self._socket.close()


def esp_of(packet):
    """ESP in UDP from or to port 4500; None: `packet` is something else."""
    header = (packet[0] & 15) * 4
    if packet[9] != 17 or struct.unpack_from("!H", packet, 6)[0] & 0x3FFF:
        return None
    source, port, length, _ = struct.unpack_from("!HHHH", packet, header)
    datagram = packet[header + 8:]
    if 4500 not in (source, port) or len(datagram) < 8 or datagram[:4] == bytes(4) or length != 8 + len(datagram):
        return None
    spi, sequence = struct.unpack_from("!II", datagram)
    return Esp(spi, sequence, datagram[8:], packet[16:20], port)


def is_private(address):
    return any(ipaddress.ip_address(address) in network for network in PRIVATE)


def complaint(frame, one_port=False, outer_mtu=1500):
    """Why the gateway must not have sent this frame to the outside; None: it may.

    It may say ESP in UDP, ARP, and ICMP of its own to somebody outside; with one port for both sides, what clients
    send to private hosts too."""
    kind = frame[12:14]
    if kind == b"\x08\x06":
        arp = struct.unpack_from("!HHBBH6s4s6s4s", frame, 14)
        if arp[:4] == (1, 0x0800, 6, 4) and arp[4] in (1, 2) and arp[5] == frame[6:12] and arp[6] == GATEWAY:
            return None
        return f"an ARP message that is not about the gateway: {arp}"
    if kind != b"\x08\x00":
        return f"ether type {kind.hex()}"
    packet = frame[14:14 + struct.unpack_from("!H", frame, 16)[0]]
    source, destination = packet[12:16], packet[16:20]
    between = f"from {socket.inet_ntoa(source)} to {socket.inet_ntoa(destination)}, protocol {packet[9]}"
    if packet[0] != 0x45 or checksum(packet[:20]) != 0 or len(packet) > len(frame) - 14:
        return f"a broken IP header, {between}"
    if one_port and ipaddress.ip_address(destination) in HOSTS and (
            ipaddress.ip_address(source) in CLIENTS or (source == GATEWAY and packet[9] == 1)):
        return None
    if source != GATEWAY or is_private(destination):
        return f"a clear packet {between}"
    if packet[9] == 1:
        fragment = struct.unpack_from("!H", packet, 6)[0] & 0x3fff != 0
        return None if fragment or checksum(packet[20:]) == 0 else f"ICMP with a wrong checksum {between}"
    if esp_of(packet) is None or packet[20:22] != b"\x11\x94":
        return f"neither ESP in UDP nor ICMP, {between}"
    if len(packet) > outer_mtu or struct.unpack_from("!H", packet, 6)[0] != 0x4000:
        return f"an outer packet of {len(packet)} bytes, flags {packet[6:8].hex()}, {between}"
    if packet[26:28] != bytes(2):
        return f"an outer UDP checksum, {between}"  # RFC 3948 §2.1
    return None


def tcp_mss(packet):
    """MSS of a SYN; None: it is none. Asserts its checksum."""
    header = (packet[0] & 15) * 4
    segment = packet[header:]
    if packet[9] != 6 or not segment[13] & 2:
        return None
    pseudo = packet[12:20] + struct.pack("!HH", 6, len(segment))
    assert checksum(pseudo + segment) == 0, "a SYN with a wrong checksum"
    at = 20
    while at < (segment[12] >> 4) * 4:
        if segment[at] == 1:
            at += 1
            continue
        if segment[at] == 2:
            return struct.unpack_from("!H", segment, at + 2)[0]
        at += segment[at + 1]
    return None
