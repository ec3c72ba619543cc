#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""scapy decrypts what encap wrote: OUTER.pcap KEYS.json INNER.pcap, the last with the packets that went in.

Exit codes: 0 all packets are as they should be, 1 one is not, 77 there is no scapy."""
import json
import sys

try:
    from scapy.layers.inet import IP, UDP
    from scapy.layers.ipsec import ESP, SecurityAssociation
    from scapy.utils import RawPcapReader
except ImportError:
    sys.exit(77)

ALGORITHMS = {"aes128gcm16": ("AES-GCM", "NULL"),
              "aes256-sha1": ("AES-CBC", "HMAC-SHA1-96"),
              "chacha20poly1305": ("CHACHA20-POLY1305", "NULL")}


def security_association(sa):
    crypt, auth = ALGORITHMS[sa["suite"]]
    return SecurityAssociation(ESP, spi=int(sa["spi"], 16), crypt_algo=crypt, auth_algo=auth,
                               crypt_key=bytes.fromhex(sa["cipher_key"][2:]),
                               auth_key=bytes.fromhex(sa.get("integrity_key", "0x")[2:]),
                               nat_t_header=UDP(sport=4500, dport=4500))


def main(outer_path, keys_path, inner_path):
    with open(keys_path, encoding="ascii") as file:
        sas = {int(sa["spi"], 16): security_association(sa) for sa in json.load(file)["esp_sas"]}
    outer = [data for data, _ in RawPcapReader(outer_path)]
    inner = [data for data, _ in RawPcapReader(inner_path)]
    if not inner or len(outer) != len(inner):
        sys.exit(f"{len(outer)} packets came of {len(inner)}")
    for number, (frame, expected) in enumerate(zip(outer, inner), 1):
        packet = IP(frame[14:])
        plain = sas[packet[ESP].spi].decrypt(packet)  # raises where the ICV is wrong
        payload = bytes(plain[UDP].payload)  # L2TP of 6 bytes, FF 03, protocol of 2 bytes
        if plain[UDP].dport != 1701 or payload[10:] != expected:
            sys.exit(f"packet {number} holds {payload.hex()}, expected {expected.hex()}")
    print(f"{len(inner)} packets")


main(*sys.argv[1:])
