# SPDX-License-Identifier: Apache-2.0
"""What scenarios are made of: a registry, a fresh gateway and clients for each, and checks that print a line."""
import contextlib
import dataclasses
import shutil
import time
import types
import typing

from client import CLIENTS, Settings
from lab import PATIENCE_SECONDS
from packet_count import PacketCount

ALL_CLIENTS = tuple(CLIENTS)


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    function: typing.Callable
    clients: tuple
    ike: dict  # of the gateway's [ike]
    arguments: dict
    quick: bool
    tables: dict  # of the rest of its configuration, by table
    old_files: tuple  # of another gateway: imported, in place of the lab's configuration


REGISTRY = {}


def add(name, function, clients=(), ike=None, quick=False, tables=None, old_files=(), **arguments):
    """`function(run, **arguments)`, with a Run whose gateway and clients have just started."""
    assert name not in REGISTRY, name
    REGISTRY[name] = Scenario(name, function, tuple(clients), ike or {}, arguments, quick, tables or {},
                              tuple(old_files))


def for_each_client(name, ike=None, quick=False, tables=None, old_files=(), **arguments):
    """Decorates: a scenario NAME-CLIENT with either client alone."""
    def decorate(function):
        for client in ALL_CLIENTS:
            add(f"{name}-{client}", function, (client,), ike, quick, tables, old_files, **arguments)
        return function
    return decorate


def scenario(name, clients=(), ike=None, quick=False, tables=None, **arguments):
    def decorate(function):
        add(name, function, clients, ike, quick, tables, **arguments)
        return function
    return decorate


class Stop(Exception):
    """A check has failed without which the rest makes no sense; it is counted already."""


class Results:
    def __init__(self):
        self.passed = self.failed = 0

    def count(self, good, seconds, text):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok  ' if good else 'FAIL'} {seconds:6.1f} s  {text}", flush=True)


def text_of(spis):
    return ",".join(f"{spi:#010x}" for spi in sorted(spis))


class Run:
    """One scenario at work."""

    def __init__(self, what, results, gateway, clients):
        self.what, self.results, self.gateway, self.clients = what, results, gateway, clients
        self.since = time.monotonic()

    @property
    def client(self):
        """The only one."""
        only, = self.clients.values()
        return only

    # --- checks: a line each

    def check(self, good, sentence, detail=""):
        now = time.monotonic()
        text = f"{self.what.name}: {sentence}"
        if not good and (told := detail() if callable(detail) else detail):
            text += f" [{told}]"
        self.results.count(bool(good), now - self.since, text)
        self.since = now
        return bool(good)

    def must(self, good, sentence, detail=""):
        if not self.check(good, sentence, detail):
            raise Stop

    def eventually(self, condition, sentence, seconds=PATIENCE_SECONDS, detail=""):
        """Checks that it comes true; what it has come to."""
        deadline = time.monotonic() + seconds
        value = condition()
        while not value and time.monotonic() < deadline:
            time.sleep(0.05)
            value = condition()
        self.check(value, sentence, detail)
        return value

    @staticmethod
    def show(text):
        """What an operator reads, between the checks."""
        print("".join(f"         {line}\n" for line in text.rstrip().splitlines()), end="", flush=True)

    # --- what many scenarios do

    def connect(self, client, settings=None, suite=""):
        """Connects, and checks that both sides have the same two ESP SAs."""
        settings = settings or Settings()
        client.configure(settings)
        self.since = time.monotonic()
        self.must(client.connect(), f"{client.name} connects",
                  lambda: " | ".join(client.said.strip().splitlines()[-3:]))
        self.agree(client, suite)

    def agree(self, client, suite=""):
        def same():
            out_of, into = client.spis()
            return out_of and into and out_of <= set(self.gateway.sas("in")) and into <= set(self.gateway.sas("out"))
        def both():
            out_of, into = client.spis()
            return (f"client out {text_of(out_of)} in {text_of(into)}, gateway in {text_of(self.gateway.sas('in'))} "
                    f"out {text_of(self.gateway.sas('out'))}")
        self.must(self.eventually_quiet(same), f"{client.name} and the gateway have the same ESP SAs", both)
        suites = {sa.suite for sa in client.sas()}
        rows = self.gateway.sas("in")
        suites |= {rows[spi]["suite"] for spi in client.spis()[0] if spi in rows}
        if suite:
            self.check(suites == {suite}, f"both sides use {suite}", ", ".join(sorted(suites)))
        else:
            self.check(len(suites) == 1, "both sides use the same suite", ", ".join(sorted(suites)))

    @staticmethod
    def eventually_quiet(condition, seconds=5):
        deadline = time.monotonic() + seconds
        while not (value := condition()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return value

    def frames(self, client, count=20, milliseconds=20):
        """Checks that all test frames of a client pass, and that none comes in the clear."""
        with self.counting(f"all of {client.name}'s {count} test frames") as counting:
            counting.sent.append(self.finish_frames(client, client.begin_frames(count, milliseconds), count))

    def finish_frames(self, client, begun, count):
        """Checks that the client's kernel has had SAs for all of them; how many it has sent."""
        sent, refused = client.finish_frames(begun)
        self.check(sent == count and refused == 0, f"{client.name}'s kernel takes all {count} test frames",
                   f"took {sent}, refused {refused}")
        return sent

    @contextlib.contextmanager
    def counting(self, what):
        """Checks that the gateway counts as many packets as the body has put into `sent`; `counter` tells meanwhile."""
        clear = self.gateway.drops()["clear_l2tp"]
        counting = types.SimpleNamespace(sent=[], counter=PacketCount(self.gateway))
        yield counting
        sent, counted = sum(counting.sent), counting.counter.end(sum(counting.sent))
        self.check(sum(counted.values()) == sent, f"the gateway decrypts {what}",
                   f"{sent} sent, counted by SPI: { {f'{spi:#010x}': n for spi, n in counted.items()} }")
        self.check(self.gateway.drops()["clear_l2tp"] == clear, "nothing came in the clear",
                   lambda: str(self.gateway.drops()))

    def gone(self, seconds=PATIENCE_SECONDS, sentence="the gateway has no SA left"):
        """Checks that no client and no SA is left at the gateway."""
        def left():
            return [len(rows) for rows in (self.gateway.clients(), self.gateway.sas("in"), self.gateway.sas("out"))]
        self.eventually(lambda: not any(left()), sentence, seconds,
                        lambda: "{} clients, {} inbound and {} outbound SAs".format(*left()))

    def is_told(self, words, sentence, address):
        """Checks that `espgate why` has all these words in one sentence about an address."""
        def fits():
            return any(all(word.lower() in text.lower() for word in words) for text in self.gateway.why(address))
        self.eventually(fits, sentence, detail=lambda: " | ".join(self.gateway.why(address)) or "nothing")


def perform(what, results, lab):
    """Runs one scenario; what it leaves behind is ended, whatever happens."""
    folder = lab.logs / what.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    clients = {name: lab.client(name) for name in what.clients}
    captures = [lab.topology.capture("router", "eout", folder / "gateway.pcap"),
                lab.topology.capture("nat", "clients", folder / "clients.pcap")]
    gateway = lab.make_gateway(folder, what)
    run = Run(what, results, gateway, clients)
    try:
        gateway.start()
        what.function(run, **what.arguments)
    except Stop:
        pass
    except Exception as problem:  # pylint: disable=broad-exception-caught
        run.check(False, f"{type(problem).__name__}: {problem}")
    finally:
        for name, client in clients.items():
            if client.guest.process is None:
                continue
            try:
                (folder / f"{name}.log").write_text(client.log(), encoding="utf-8")
                client.stop()
            except AssertionError as problem:
                run.check(False, f"{name} is usable afterwards", str(problem))
        for fault in gateway.stop():
            run.check(False, "the gateway ends well", fault)
        for capture in captures:
            capture.end()
