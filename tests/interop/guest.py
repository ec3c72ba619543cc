# SPDX-License-Identifier: Apache-2.0
"""A guest: a whole Linux kernel as an ordinary process (User Mode Linux), with one link and a serial line by which
it is told what to do."""
import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import threading
import time

from lab import run
from root_file_system import Missing
from topology import CLIENT_ROUTER, GATEWAY_ADDRESS, GATEWAY_ROUTER, STRONGSWAN_ADDRESS, LIBRESWAN_ADDRESS

LINUX = "/usr/bin/linux.uml"
SOURCE = pathlib.Path(__file__).resolve().parent / "guest"
MEMORY_MEGABYTES = 192
BOOT_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a guest is connected. Its MAC address stays: neighbours remember one for longer than a guest may live."""
    namespace: str
    wire: str
    mac: str
    address: str
    router: str


PLACES = {
    "strongswan": Place("strongswan", "c1", "02:00:5e:00:00:01", f"{STRONGSWAN_ADDRESS}/24", CLIENT_ROUTER),
    "libreswan": Place("libreswan", "c2", "02:00:5e:00:00:02", f"{LIBRESWAN_ADDRESS}/24", CLIENT_ROUTER),
    "reference": Place("gateway", "s0", "02:00:5e:00:00:03", f"{GATEWAY_ADDRESS}/24", GATEWAY_ROUTER),
}


def _descendants(pid):
    found = []
    for listed in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listed.read_text(encoding="ascii").split()):
                found += [*_descendants(child), child]
    return found


class GuestError(AssertionError):
    """What a guest was told to do failed."""


class Guest:
    """`folder`: on a file system that programs may be run from, for memory and links; paths without blanks."""

    def __init__(self, topology, name, root, folder, log):
        self.name, self.log, self.place = name, log, PLACES[name]
        self.topology = topology
        self.folder = folder / name
        self.folder.mkdir()
        # Kernel parameters can't have blanks in them, the paths of a working tree can.
        self.root = self.folder / "root"
        self.root.mkdir()
        run("mount", "--bind", root, self.root)
        shutil.copytree(SOURCE, self.folder / "host")
        self.process = None

    # --- its life

    def start(self):
        """Returns at once; wait_until_ready() follows."""
        if not pathlib.Path(LINUX).exists():
            raise Missing(f"there is no {LINUX} (package user-mode-linux); ./dev setup installs it")
        self.answers, self.waiting, self.next_id, self.ready = {}, threading.Condition(), 1, False
        self.line, theirs = socket.socketpair()
        command = [LINUX, f"umid={self.name}", f"uml_dir={self.folder}", f"mem={MEMORY_MEGABYTES}M", "root=/dev/root",
                   "rootfstype=hostfs", f"rootflags={self.root}", "ro", "init=/usr/sbin/guest-init", "quiet",
                   f"vec0:transport=raw,ifname={self.place.wire},depth=128,gro=0,mac={self.place.mac}",
                   "con=null", "con0=null,fd:1", "ssl=null", f"ssl0=fd:{theirs.fileno()}",
                   f"espgate_guest={self.name}", f"espgate_folder={self.folder}/host",
                   f"espgate_address={self.place.address}", f"espgate_router={self.place.router}"]
        with self.topology.inside(self.place.namespace), open(self.log, "ab") as stream:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                                            pass_fds=[theirs.fileno()], start_new_session=True,
                                            env={**os.environ, "TMPDIR": str(self.folder)})
        theirs.close()
        threading.Thread(target=self._listen, args=(self.line,), daemon=True).start()

    def wait_until_ready(self):
        """Missing: it does not come up here."""
        deadline = time.monotonic() + BOOT_SECONDS
        with self.waiting:
            while not self.ready:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Missing(f"User Mode Linux does not come up as {self.name}: {self._last_words()}")
                self.waiting.wait(0.1)

    def _last_words(self):
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        return (f"it says \"{' | '.join(said)}\"; all of it is in {self.log}. "
                "It needs ptrace, and memory that may be executed")

    def kill(self):
        """Like a plug that is pulled."""
        if self.process is None:
            return
        # It has helpers, in groups of their own, which become children of this process when it dies.
        helpers = _descendants(self.process.pid)
        self.process.kill()
        self.process.wait()
        for helper in helpers:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(helper, signal.SIGKILL)
                os.waitpid(helper, 0)
        self.process = None
        self.line.close()

    # --- what it is told

    def _listen(self, line):
        with line.makefile("rb") as lines:
            try:
                for text in lines:
                    message = json.loads(text)
                    with self.waiting:
                        if "ready" in message:
                            self.ready = True
                        else:
                            self.answers[message["id"]] = message
                        self.waiting.notify_all()
            except (OSError, ValueError):
                pass  # the plug was pulled

    def begin(self, script, seconds=30):
        """Runs a script beside others; returns what finish() wants."""
        with self.waiting:
            number, self.next_id = self.next_id, self.next_id + 1
        self.line.sendall(json.dumps({"id": number, "script": script, "seconds": seconds}).encode() + b"\n")
        return number, script, time.monotonic() + seconds + 10

    def finish(self, begun, check=True):
        """What it has printed, and with check=False its exit status too."""
        number, script, deadline = begun
        with self.waiting:
            while number not in self.answers:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise GuestError(f"guest {self.name} did not answer: {script}")
                self.waiting.wait(0.2)
            answer = self.answers.pop(number)
        if not check:
            return answer["output"], answer["status"]
        if answer["status"] != 0:
            raise GuestError(f"guest {self.name}: {script.strip()[:200]}: exit status {answer['status']}: "
                             f"{answer['output'].strip()[-400:]}")
        return answer["output"]

    def run(self, script, seconds=30):
        return self.finish(self.begin(script, seconds))

    def succeeds(self, script, seconds=30):
        return self.finish(self.begin(script, seconds), check=False)[1] == 0

    def write(self, path, text):
        """A file in the guest, readable by root alone."""
        self.run(f"umask 077; mkdir -p $(dirname {path}); cat >{path} <<'end of file'\n{text}\nend of file\n")
