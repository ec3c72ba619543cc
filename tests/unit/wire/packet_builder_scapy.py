#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that scapy makes the same bytes as the packet builder: packet_builder_scapy.py PACKET_BUILDER_PRINT"""

import logging
import subprocess
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
try:
    from scapy.all import ARP, ESP, ICMP, IP, L2TP, TCP, UDP, Dot1Q, Ether, IPv6, Raw
except ImportError:
    sys.exit(77)  # ctest: skipped

NAMES = {layer.__name__: layer for layer in (ARP, ESP, ICMP, IP, L2TP, TCP, UDP, Dot1Q, Ether, IPv6, Raw)}
NAMES["bytes"] = bytes

examples = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
wrong = 0
for example in examples:
    ours, expression = example.split("\t")
    theirs = bytes(eval(expression, {"__builtins__": {}}, NAMES)).hex()
    if ours != theirs:
        wrong += 1
        print(f"{expression}\n  ours   {ours}\n  scapy  {theirs}")
print(f"{len(examples)} packets compared with scapy, {wrong} differ")
sys.exit(1 if wrong or not examples else 0)
