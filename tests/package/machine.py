# SPDX-License-Identifier: Apache-2.0
"""A machine with systemd: a whole Linux kernel as an ordinary process (User Mode Linux), a disk, and two links in the
gateway's namespace. What it writes outlives its power, in a file beside the disk."""
import os
import pathlib
import socket
import subprocess
import threading

import guest
from guest import LINUX, Guest
from image import Missing
from lab import wait_until

MEMORY_MEGABYTES = 768
BOOT_SECONDS = 120


class Machine(Guest):
    """`shared`: a folder that it sees as /host."""

    # pylint: disable=super-init-not-called
    def __init__(self, topology, disk, folder, shared, log):
        self.topology, self.disk, self.folder, self.shared, self.log = topology, disk, folder, shared, log
        self.name = "machine"
        self.process = None

    def start(self):
        if not pathlib.Path(LINUX).exists():
            raise Missing(f"there is no {LINUX} (package user-mode-linux); ./dev setup installs it")
        self.answers, self.waiting, self.next_id, self.ready = {}, threading.Condition(), 1, False
        self.line, theirs = socket.socketpair()
        command = [LINUX, f"umid={self.name}", f"uml_dir={self.folder}", f"mem={MEMORY_MEGABYTES}M",
                   f"ubd0={self.folder}/changes,{self.disk}", "root=/dev/ubda", "rootfstype=ext4", "rw", "quiet",
                   "init=/sbin/init", "net.ifnames=0", "systemd.show_status=0", "systemd.firstboot=0",
                   "vec0:transport=raw,ifname=s0,depth=128,gro=0,mac=02:00:5e:00:00:10",
                   "vec1:transport=raw,ifname=s1,depth=128,gro=0,mac=02:00:5e:00:00:11",
                   "con=null", "con0=null,fd:1", "ssl=null", f"ssl0=fd:{theirs.fileno()}"]
        with self.topology.inside("gateway"), open(self.log, "ab") as stream:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                                            pass_fds=[theirs.fileno()], start_new_session=True,
                                            env={**os.environ, "TMPDIR": str(self.folder)})
        theirs.close()
        threading.Thread(target=self._listen, args=(self.line,), daemon=True).start()
        guest.BOOT_SECONDS = BOOT_SECONDS
        self.wait_until_ready()
        # It has links, and no network of its own.
        self.run(f"mount -t hostfs -o {self.shared} host /host; ip link set vec0 up; ip link set vec1 up")

    def power_off(self):
        """In order, as an administrator does."""
        self.begin("systemctl poweroff")
        wait_until(lambda: self.process.poll() is not None, "the machine is off")
        self.kill()

    # --- services

    def show(self, unit, what):
        return self.run(f"systemctl show -P {what} {unit}").strip()

    def is_active(self, unit):
        return self.show(unit, "ActiveState") == "active"
