# SPDX-License-Identifier: Apache-2.0
"""Runs in a guest: dhcp_inform.py INTERFACE ADDRESS asks as Windows does once IPCP is open (RFC 2131 section 4.4.3), and
prints the options of the answer, a line each: number and value in hexadecimal."""
import secrets
import socket
import struct
import sys
import time

interface, address = sys.argv[1], sys.argv[2]
asked = bytes([1, 6, 15, 121, 249])
transaction = secrets.token_bytes(4)
message = struct.pack(">BBBB4sHH4s4s4s4s16s192x", 1, 8, 0, 0, transaction, 0, 0, socket.inet_aton(address),
                      bytes(4), bytes(4), bytes(4), b"")
message += bytes([99, 130, 83, 99]) + bytes([53, 1, 8]) + bytes([55, len(asked)]) + asked + bytes([255])

question = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
question.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
question.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
question.bind((address, 0))
# charon has port 68 for itself, so the answer is read off the interface.
everything = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
everything.bind((interface, 0))


def answer_within(seconds):
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        everything.settimeout(left)
        try:
            packet = everything.recv(2048)
        except socket.timeout:
            break
        header = (packet[0] & 15) * 4
        if packet[9] == 17 and packet[header:header + 4] == bytes([0, 67, 0, 68]):
            return packet[header + 8:]
    return None


for _ in range(5):
    question.sendto(message, ("255.255.255.255", 67))
    if answer := answer_within(2):
        break
else:
    sys.exit("no answer")
assert answer[4:8] == transaction
at = 240
while answer[at] != 255:
    if answer[at] == 0:
        at += 1
        continue
    length = answer[at + 1]
    print(answer[at], answer[at + 2:at + 2 + length].hex())
    at += 2 + length
