# SPDX-License-Identifier: Apache-2.0
"""Runs in a guest: frames.py ADDRESS COUNT MILLISECONDS sends test frames at that interval.

A frame is a datagram from UDP 1701 to UDP 1701 that the guest's kernel has to encrypt: a zero-length L2TP control
message of no tunnel, with its number as Ns, which no L2TP server answers."""
import errno
import socket
import struct
import sys
import time

address, count, milliseconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sender.bind(("0.0.0.0", 1701))
refused = 0
begin = time.monotonic()
for number in range(count):
    time.sleep(max(0.0, begin + number * milliseconds / 1000 - time.monotonic()))
    frame = struct.pack(">HHHHHH", 0xC802, 12, 0, 0, number & 0xFFFF, 0)
    try:
        sender.sendto(frame, (address, 1701))
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EAGAIN, errno.ENETUNREACH, errno.ESRCH):
            raise
        refused += 1  # the kernel has no SA at this moment
print(f"sent {count - refused} refused {refused}")
