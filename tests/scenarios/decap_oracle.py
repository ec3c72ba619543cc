#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""decap opens what scapy has encrypted: decap_oracle.py ESPGATE-REPLAY

Transport mode with L2TP and PPP, tunnel mode, IPv4 and IPv6 outside, in UDP and plain. The inner
packets must come out byte for byte. Exit code 77: there is no scapy."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6
    from scapy.layers.ipsec import ESP, SecurityAssociation
    from scapy.layers.l2 import Ether
    from scapy.packet import Raw
    from scapy.utils import RawPcapReader, wrpcap
except ImportError:
    sys.exit(77)

# suite: (scapy's cipher, its key with salt, scapy's integrity, its key)
SUITES = {
    "aes256-sha1": ("AES-CBC", 32, "HMAC-SHA1-96", 20),
    "aes128-sha256": ("AES-CBC", 16, "SHA2-256-128", 32),
    "aes192-sha384": ("AES-CBC", 24, "SHA2-384-192", 48),
    "aes256-sha512": ("AES-CBC", 32, "SHA2-512-256", 64),
    "3des-sha1": ("3DES", 24, "HMAC-SHA1-96", 20),
    "aes128gcm16": ("AES-GCM", 20, "NULL", 0),
    "aes256gcm16": ("AES-GCM", 36, "NULL", 0),
}

V4 = {"src": "198.51.100.2", "dst": "203.0.113.10"}
V6 = {"src": "2001:db8::2", "dst": "2001:db8::10"}


def inner_packets():
    """Inner IPv4 and IPv6 of several sizes."""
    for size in (0, 1, 15, 16, 17, 700, 1372):
        yield IP(src="10.40.0.10", dst="10.30.0.10") / UDP(sport=1000, dport=2000) / Raw(b"x" * size)
    yield IP(src="10.40.0.10", dst="10.30.0.10") / TCP(flags="S", options=[("MSS", 1360)])
    yield IP(src="10.40.0.10", dst="10.30.0.10") / ICMP() / Raw(bytes(range(56)))
    yield IPv6(src="2001:db8:1::1", dst="2001:db8:2::1") / ICMPv6EchoRequest(data=b"hello")


def l2tp(inner, form):
    """PPP and L2TP before an inner packet, in one of the forms that clients use."""
    protocol = 0x21 if inner.version == 4 else 0x57
    payload = bytes(inner)
    ppp = (b"\xff\x03" if form & 1 else b"") + (bytes([protocol]) if form & 2 else struct.pack("!H", protocol))
    if form & 4:  # length, sequence and offset fields
        header = struct.pack("!HHHHHHH", 0x4A02, 16 + len(ppp) + len(payload), 7, 9, 1, 0, 2) + b"\0\0"
    else:
        header = struct.pack("!HHH", 0x0002, 7, 9)
    return header + ppp + payload


def security_association(case, spi):
    crypt, crypt_bytes, auth, auth_bytes = SUITES[case["suite"]]
    crypt_key = bytes((spi + 7 * i) % 256 for i in range(crypt_bytes))
    auth_key = bytes((spi + 11 * i) % 256 for i in range(auth_bytes))
    outer = (IPv6 if case["v6"] else IP)(**(V6 if case["v6"] else V4))
    options = {"nat_t_header": UDP(sport=4500, dport=4500)} if case["natt"] else {}
    if case["tunnel"]:
        options["tunnel_header"] = outer
    sa = SecurityAssociation(ESP, spi=spi, crypt_algo=crypt, crypt_key=crypt_key, auth_algo=auth,
                             auth_key=auth_key or None, **options)
    keys = {"spi": f"0x{spi:08x}", "suite": case["suite"], "cipher_key": "0x" + crypt_key.hex(),
            "mode": "tunnel" if case["tunnel"] else "transport"}
    if auth_key:
        keys["integrity_key"] = "0x" + auth_key.hex()
    return sa, keys, outer


def encrypted(case, spi):
    """Frames of one case, its keys, and what must come out."""
    sa, keys, outer = security_association(case, spi)
    frames, expected = [], []
    for number, inner in enumerate(inner_packets()):
        if case["tunnel"]:
            if case["natt"] and inner.version == 6:
                continue  # scapy's NAT-T wants one address family
            packet = sa.encrypt(inner)
        else:
            packet = sa.encrypt(outer / UDP(sport=1701, dport=1701) / Raw(l2tp(inner, number % 8)))
        if case["natt"]:
            packet[UDP].len = len(bytes(packet[UDP]))  # scapy 2.5 leaves it at the empty header's
            packet[UDP].chksum = 0
        frames.append(Ether(src="02:00:00:00:00:02", dst="02:00:00:00:00:01") / packet)
        expected.append(bytes(inner))
    return frames, keys, expected


def cases():
    for suite in SUITES:
        for tunnel in (False, True):
            for v6, natt in ((False, True), (False, False), (True, False)):
                if not (v6 and not tunnel):  # scapy's transport mode over IPv6 wants its own extension headers
                    yield {"suite": suite, "tunnel": tunnel, "v6": v6, "natt": natt}


def main(replay):
    frames, expected, keys = [], [], []
    for number, case in enumerate(cases()):
        made, sa_keys, inner = encrypted(case, 0x1000 + number)
        frames += made
        expected += inner
        keys.append(sa_keys)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        wrpcap(str(folder / "outer.pcap"), frames)
        (folder / "keys.json").write_text(json.dumps({"esp_sas": keys}), encoding="ascii")
        subprocess.run([replay, "decap", "--keys", folder / "keys.json", folder / "outer.pcap", "--write",
                        folder / "inner.pcap"], check=True, stdout=subprocess.DEVNULL)
        found = [data for data, _ in RawPcapReader(str(folder / "inner.pcap"))]
    if found != expected:
        sys.exit(f"{len(expected)} packets went in, {len(found)} came out, or not the same ones")
    print(f"{len(found)} packets of {len(keys)} SAs: all as they went in")


if __name__ == "__main__":
    main(sys.argv[1])
