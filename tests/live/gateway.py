# SPDX-License-Identifier: Apache-2.0
"""The gateway under test: its configuration, its two processes, what they say by their sockets, and a lab around it."""
import collections
import json
import pathlib
import re
import shutil
import socket
import tempfile
import time
import unittest

import lab
from lab import OPTIONS, PATIENCE_SECONDS, Lab, SkipLab, wait_until
from wiretap import Wiretap, complaint, esp_of

# The driver locks its rings into memory, and most users may lock 8 MiB.
SMALL_FRAMES = "framesz=2048,blocksz=65536,framecnt=512"
LARGE_FRAMES = "framesz=16384,blocksz=65536,framecnt=64"  # for what the kernel has put together


class Gateway:
    """`extra`: lines for tables, {"gateway": "client_to_client = true"}."""

    def __init__(self, lab_, clients=(), extra=None, frames=SMALL_FRAMES):
        self.lab, self.extra, self.frames = lab_, extra or {}, frames
        self.clients, self.ever = [], []  # those that are configured, and all that ever were
        # AF_UNIX takes 107 bytes; /run is the lab's own.
        self.runtime = pathlib.Path("/run/espgate")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="espgate-live-"))
        self.config = self.folder / "gateway.toml"
        self.dataplane = self.control = None
        self.configure(clients)

    def configure(self, clients):
        """Writes the configuration anew."""
        self.clients = list(clients)
        self.ever += [client for client in self.clients if client not in self.ever]
        tables = collections.defaultdict(list)
        if self.lab.taps:
            outside, inside = "net_tap0,iface=c0", "net_tap1,iface=p0"
        else:
            outside, inside = (f"net_af_packet{at},iface=s{at},{self.frames}" for at in (0, 1))
        tables["outside"] = [f'device = "{outside}"', 'address = "10.20.0.10/24"', 'gateway = "10.20.0.1"']
        if self.lab.one_port:
            tables["gateway"] = ['inside_prefixes = ["10.30.0.0/24"]']
        else:
            tables["inside"] = [f'device = "{inside}"', 'address = "10.30.0.1/24"']
        tables["clients"] = ['pool = "10.40.0.0/24"']
        tables["workers"] = [f"count = {OPTIONS.workers}", 'idle = "adaptive"']
        tables["memory"] = ['hugepages = "off"']
        tables["runtime"] = [f'directory = "{self.runtime}"', f'state_directory = "{self.folder}/state"',
                             'log_level = "debug"']
        for name, lines in self.extra.items():
            tables[name].append(lines)
        text = "".join(f"[{name}]\n" + "\n".join(lines) + "\n" for name, lines in tables.items() if name != "end")
        if self.lab.one_port:
            text += '[[route]]\nprefix = "10.30.0.0/24"\nvia = "10.20.0.1"\n'
        text += "\n".join(tables["end"]) + "".join(client.toml() for client in self.clients)
        (self.folder / "state").mkdir(mode=0o700, exist_ok=True)
        self.config.touch(mode=0o600)
        self.config.write_text(text, encoding="ascii")

    # --- its life

    def start(self):
        self.start_dataplane()
        if self.lab.taps:
            self.lab.attach_taps()
        if self.clients:
            self.start_control()
            self.wait_for_peers()

    def start_dataplane(self):
        self.dataplane = self._start(OPTIONS.dataplane, "dataplane.log")
        self.wait_for(self.dataplane, "dataplane")

    def start_control(self):
        self.control = self._start(OPTIONS.control, "control.log")
        self.wait_for(self.control, "control")

    def _start(self, program, log):
        return self.lab.start("gw", [program, "-c", self.config], self.folder / log)

    def wait_for(self, program, name):
        def ready():
            assert program.is_running(), f"{name} ended:\n{self.logs()}"
            return self.try_asking(name, "status")
        wait_until(ready, lambda: f"{name} answers\n{self.logs()}")

    def wait_for_peers(self):
        """Until everything is installed, and control has nothing left to say."""
        def ready():
            status = self.try_asking("control", "status")
            return (status and status["dataplane"].get("reconciled") and not status["dataplane"]["pending_commands"]
                    and status["peers"]["installed"] == len(self.clients))
        wait_until(ready, lambda: f"all peers are installed\n{self.logs()}")

    def stop(self):
        """Ends what runs; asserts that both end well and that no packet buffer is lost."""
        faults = []
        for name, program in (("control", self.control), ("dataplane", self.dataplane)):
            if program is None:
                continue
            running = program.is_running()
            try:
                status = program.end()
            except AssertionError as problem:
                faults.append(str(problem))
                continue
            if not running or status != 0:
                faults.append(f"{name} {'returned' if running else 'had ended before with'} {status}")
        if self.dataplane is not None and not faults:
            found = re.findall(r"stopped; packet buffers in use (\d+) \(at the start (\d+)\)", self.log("dataplane"))
            if not found or found[-1][0] != found[-1][1]:
                faults.append(f"packet buffers leaked: {found}")
        faults += sanitizer_reports(self.logs())
        self.dataplane = self.control = None
        assert not faults, f"{'; '.join(faults)}\n{self.logs()}"

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.runtime, ignore_errors=True)

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def logs(self):
        return "".join(f"--- {name}\n{self.log(name)[-6000:]}" for name in ("dataplane", "control"))

    # --- what it says

    def ask(self, name, command, **more):
        answer = self.try_asking(name, command, **more)
        assert answer and answer.get("ok"), f"{name}, {command}: {answer}\n{self.logs()}"
        return answer

    def try_asking(self, name, command, **more):
        """None: nobody answers."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
                asked.settimeout(PATIENCE_SECONDS)
                asked.connect(str(self.runtime / f"{name}.sock"))
                asked.sendall(json.dumps({"command": command, **more}).encode() + b"\n")
                line = asked.makefile("rb").readline()
            return json.loads(line) if line else None
        except OSError:
            return None

    def drops(self):
        """Packets by reason, those that were not dropped left out."""
        rows = self.ask("dataplane", "drops")["drops"]
        return collections.Counter({row["reason"]: row["packets"] for row in rows if row["packets"]})

    def installed(self):
        """What the data plane has, without what changes with each packet."""
        ever_changing = {"packets", "bytes", "highest", "next_sequence", "last_sequence", "age_seconds", "traffic"}
        return {name: [{key: value for key, value in row.items() if key not in ever_changing}
                       for row in self.ask("dataplane", name)[f"{name}s"]] for name in ("peer", "sa", "session")}

    def outbound_next(self):
        """SPI: the next sequence number."""
        return {int(row["spi"], 0): row["next_sequence"] for row in self.ask("dataplane", "sa")["sas"]
                if row["direction"] == "out"}


def sanitizer_reports(log):
    return [line for line in log.splitlines() if "ERROR: AddressSanitizer" in line or "runtime error:" in line
            or "WARNING: ThreadSanitizer" in line or "ERROR: LeakSanitizer" in line]


class LiveTest(unittest.TestCase):
    """One lab and one gateway for all tests of a class. Whatever the tests do, the gateway must have said nothing
    forbidden to the outside, must never have used a sequence number or IV twice under one key, and must end well."""

    CLIENTS = ()  # functions that make them
    EXTRA = {}
    TAPS = False
    FRAMES = SMALL_FRAMES
    ONE_PORT = False
    MASQUERADE = False
    OUTER_MTU = 1500
    failed = False

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.gateway = cls.outside = cls.inside = None
        cls.failed = True  # until everything stands
        cls.addClassCleanup(cls._close)
        cls.clients = [make() for make in cls.CLIENTS]
        if cls.clients and not OPTIONS.control:
            raise unittest.SkipTest("without --control there are no SAs")
        try:
            cls.lab = Lab(taps=cls.TAPS, one_port=cls.ONE_PORT)
            if cls.MASQUERADE:
                cls.lab.masquerade()
        except SkipLab as missing:
            raise unittest.SkipTest(str(missing)) from None
        cls.gateway = Gateway(cls.lab, cls.clients, cls.EXTRA, cls.FRAMES)
        if not cls.TAPS:
            cls._listen()
        cls.gateway.start()
        if cls.TAPS:
            cls._listen()
        cls.prepare()
        cls.failed = False

    @classmethod
    def _listen(cls):
        cls.outside = Wiretap(cls.lab, "net", "c0")
        cls.inside = Wiretap(cls.lab, "host", "p0")

    @classmethod
    def prepare(cls):
        """Sockets of the clients, for example."""

    @classmethod
    def _close(cls):
        problems = []
        for step in (cls._stop, cls._judge, cls._tear_down):
            try:
                step()
            except Exception as problem:  # pylint: disable=broad-except
                problems.append(f"{type(problem).__name__}: {problem}")
        assert not problems, "\n".join(problems)

    @classmethod
    def _stop(cls):
        if cls.gateway is not None:
            cls.gateway.stop()

    @classmethod
    def _judge(cls):
        if cls.outside is None:
            return
        cls.outside.unmark()
        said = [frame.data for frame in cls.outside.drain() if frame.from_gateway]
        complaints = {text for text in (complaint(data, cls.ONE_PORT, cls.OUTER_MTU) for data in said) if text}
        assert not complaints, "the gateway sent to the outside: " + "; ".join(sorted(complaints)[:10])
        iv_bytes = {client.outbound.spi: client.suite.iv_bytes for client in cls.gateway.ever}
        seen = set()
        for packet in cls.outside.packets():
            esp = esp_of(packet)
            if esp is None:
                continue
            number = (esp.spi, esp.sequence)
            iv = (esp.spi, esp.payload[:iv_bytes[esp.spi]])
            assert number not in seen, f"SPI {esp.spi:#x} has sent sequence number {esp.sequence} twice"
            assert iv not in seen, f"SPI {esp.spi:#x} has used the IV {iv[1].hex()} twice"
            seen |= {number, iv}

    @classmethod
    def _tear_down(cls):
        if cls.failed and cls.gateway is not None:
            print(cls.gateway.logs())
        for client in cls.clients:
            if client.socket is not None:
                client.socket.close()
        for tap in (cls.outside, cls.inside):
            if tap is not None:
                tap.close()
        if cls.lab is not None:
            cls.lab.close()
        if cls.gateway is not None:
            cls.gateway.remove()

    def setUp(self):
        self.drops_before = self.gateway.drops() if self.gateway.dataplane else collections.Counter()
        self.inside.mark()
        self.outside.mark()

    def run(self, result=None):
        """With what was dropped where a test has failed."""
        known = len(result.failures) + len(result.errors)
        began = time.monotonic()
        super().run(result)
        if OPTIONS.times:
            print(f"    {time.monotonic() - began:.2f} s")
        if len(result.failures) + len(result.errors) > known:
            type(self).failed = True
            print("    drops:", dict(self.new_drops()) if self.gateway.dataplane else "")

    # --- for tests

    def new_drops(self):
        return self.gateway.drops() - self.drops_before

    def assert_drops(self, **expected):
        """Since the test's start, exactly these; waits for the last of them."""
        expected = collections.Counter(expected)
        wait_until(lambda: all(self.new_drops()[reason] >= count for reason, count in expected.items()),
                   lambda: f"drops {dict(expected)}, there are {dict(self.new_drops())}")
        self.assertEqual(dict(expected), dict(self.new_drops()))


def main(*cases):
    lab.main(*cases)
