#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Either process of the gateway dies, or both; the topology is drawn in lab.py.

What must never happen meanwhile: a sequence number or an IV that is used twice under one key (LiveTest looks at every
packet of the whole class), or an old packet that is taken again."""
import signal
import threading
import time

from client import HOST, Client, is_echo_reply
from gateway import LiveTest, main
from lab import PATIENCE_SECONDS, wait_until

JUMP = 1 << 16  # what an outbound sequence number moves forward when the data plane comes back


class Pinger(threading.Thread):
    """Pings all the time, one after the other; asserts at its end that every one was answered."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.answered, self.problem = client, 0, None
        self.ending = threading.Event()

    def run(self):
        try:
            while not self.ending.is_set():
                self.client.ping(b"pinger", self.answered % 65536)
                self.answered += 1
        except Exception as problem:  # pylint: disable=broad-except
            self.problem = problem

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.join()
        assert self.problem is None, f"after {self.answered} answers: {self.problem}"
        assert self.answered > 0


class Deaths(LiveTest):
    CLIENTS = [lambda: Client(1, "aes256-sha256"), lambda: Client(2, "aes128gcm16"), lambda: Client(3, "aes256-sha1"),
               lambda: Client(4, "aes256-sha512")]

    @classmethod
    def prepare(cls):
        for number, client in enumerate(cls.clients):
            client.socket = cls.lab.udp("net", "203.0.113.7", 4500 + number)
            client.ping()
        cls.host = cls.lab.udp("host", HOST, 7)
        cls.host.settimeout(PATIENCE_SECONDS)
        cls.addClassCleanup(cls.host.close)

    def setUp(self):
        super().setUp()
        self.sent = {client: [] for client in self.clients}  # ESP packets that were taken

    def tearDown(self):
        """All is as it should be, whatever has died."""
        self.gateway.wait_for_peers()
        for client in self.clients:
            client.ping()
            self.reaches(client)
            self.assertEqual(client.waiting(), [])
            client.jumps.clear()

    # --- traffic

    def talk(self, count=5):
        """Every client pings; what it sends is remembered for replays."""
        for client in self.clients:
            for number in range(count):
                datagram = client.esp(client.echo_request(b"talk", number))
                self.sent[client].append(datagram)
                client.send_datagram(datagram)
                self.assertTrue(is_echo_reply(client.receive()[0], 7, number))

    def reaches(self, client):
        self.host.sendto(b"unasked", (client.inner, 5000))
        self.assertEqual(client.receive()[0][28:], b"unasked")

    def assert_no_replay(self):
        """Nothing of what was sent before is taken again, the newest of it neither."""
        before = self.gateway.drops()
        def dropped():
            return self.gateway.drops() - before
        old = [(client, datagram) for client, datagrams in self.sent.items() for datagram in datagrams]
        for count, (client, datagram) in enumerate(old, 1):
            client.send_datagram(datagram)
            if count % 32 == 0 or count == len(old):  # the driver's ring holds 64
                wait_until(lambda: sum(dropped().values()) >= count,  # pylint: disable=cell-var-from-loop
                           lambda: f"{count} drops, there are {dict(dropped())}")
        self.assertLessEqual(set(dropped()), {"esp_replayed", "esp_too_old"})
        for client in self.clients:
            self.assertEqual(client.waiting(), [])

    def assert_jumped(self, least, times=1):
        for client in self.clients:
            self.assertEqual(len(client.jumps), times, f"{client.name}: {client.jumps}")
            for before, after in client.jumps:
                self.assertGreaterEqual(after - before, least, client.suite_name)
            client.jumps.clear()

    def wait_until_control_knows(self):
        """Control looks at the data plane's counters, and keeps what it saw."""
        wanted = {client.name: client.sequence for client in self.clients}
        def known():
            rows = {row["name"]: row for row in self.gateway.ask("control", "peer")["peers"]}
            return all(sa.get("highest_sequence", 0) >= sequence for name, sequence in wanted.items()
                       for sa in rows[name]["sas"] if sa["direction"] == "inbound")
        wait_until(known, f"control knows of sequence numbers {wanted}")

    # --- death

    def kill_control(self):
        self.gateway.control.kill()

    def kill_dataplane(self):
        self.gateway.dataplane.kill()

    def restart_control(self):
        """Everything is there already: it must say nothing."""
        before = self.gateway.installed()
        said = len(self.gateway.log("control"))
        self.gateway.start_control()
        self.gateway.wait_for_peers()
        new = self.gateway.log("control")[said:]
        self.assertIn(f"the data plane has {len(self.clients)} of {len(self.clients)} peers", new)
        self.assertNotIn(": installed", new)
        self.assertEqual(self.gateway.installed(), before)

    def test_control_is_killed(self):
        for _ in range(2):
            with Pinger(self.clients[3]):
                self.kill_control()
                self.restart_control()
            self.talk()
            self.kill_control()
            self.talk()
            self.restart_control()
            self.talk()
        self.assert_jumped(0, times=0)
        self.assert_no_replay()

    def test_control_ends(self):
        self.talk()
        self.assertEqual(self.gateway.control.end(), 0)
        self.talk()
        self.restart_control()
        self.talk()
        self.assert_jumped(0, times=0)

    def test_control_is_stopped_for_a_while(self):
        """A debugger, a host that swaps: it is there, and does nothing."""
        self.gateway.control.process.send_signal(signal.SIGSTOP)
        try:
            self.talk()
            client = self.clients[0]
            old, client.socket = client.socket, self.lab.udp("net", "203.0.113.8", 4500)
            self.addCleanup(old.close)
            self.talk()
        finally:
            self.gateway.control.process.send_signal(signal.SIGCONT)
        self.gateway.wait_for_peers()
        self.assert_jumped(0, times=0)

    def restart_control_with(self, clients):
        self.assertEqual(self.gateway.control.end(), 0)
        self.gateway.configure(clients)
        self.gateway.start_control()
        self.gateway.wait_for_peers()

    def test_control_restarts_with_another_configuration(self):
        """One client goes, comes back, and gets other keys. The others do not notice."""
        *others, client = self.clients
        fresh = Client(4, client.suite_name)
        fresh.socket = client.socket
        with Pinger(others[0]), Pinger(others[1]):
            self.restart_control_with(others)
            self.assertEqual({row["inner"] for row in self.gateway.ask("dataplane", "session")["sessions"]},
                             {other.inner for other in others})
            self.assert_dropped(client, esp_unknown_spi=1)
            self.restart_control_with(self.clients)
            client.comes_back()
            self.restart_control_with([*others, fresh])
            type(self).clients = [*others, fresh]
            fresh.comes_back()
            self.assert_dropped(client, esp_unknown_spi=1)
            self.assertEqual(fresh.waiting(), [])
        for other in others:
            self.assertEqual(other.jumps, [])

    def assert_dropped(self, client, **expected):
        before = self.gateway.drops()
        client.send(client.echo_request(b"anybody?"))
        wait_until(lambda: dict(self.gateway.drops() - before) == expected, lambda: dict(self.gateway.drops() - before))

    def test_removed_client_comes_back(self):
        """What it has sent before it was taken out of the configuration is not taken again."""
        *others, client = self.clients
        self.talk()
        self.restart_control_with(others)
        self.restart_control_with([*others, client])
        client.comes_back()
        self.assert_no_replay()

    def test_client_moves_while_control_is_dead(self):
        client = self.clients[1]
        self.kill_control()
        old, client.socket = client.socket, self.lab.udp("net", "203.0.113.8", 4600)
        self.addCleanup(old.close)
        client.ping()
        self.gateway.start_control()
        self.gateway.wait_for_peers()
        self.reaches(client)
        def told():
            row = next(row for row in self.gateway.ask("control", "peer")["peers"] if row["name"] == client.name)
            return row["remote"] == {"address": "203.0.113.8", "port": 4600}
        wait_until(told, "control knows where the client is")

    def test_dataplane_is_killed(self):
        for _ in range(2):
            self.talk()
            self.kill_dataplane()
            self.clients[0].send(self.clients[0].echo_request(b"nobody is there"))
            self.gateway.start_dataplane()
            for client in self.clients:
                client.comes_back()
            self.assert_jumped(JUMP)
            self.assert_no_replay()

    def test_dataplane_ends(self):
        self.talk()
        self.assertEqual(self.gateway.dataplane.end(), 0)
        self.gateway.start_dataplane()
        for client in self.clients:
            client.comes_back()
        self.assert_jumped(JUMP)
        self.assert_no_replay()

    def test_dataplane_knows_where_clients_were(self):
        """After its death it reaches them before they have said anything."""
        self.talk()
        self.kill_dataplane()
        self.gateway.start_dataplane()
        self.gateway.wait_for_peers()
        in_time = [self.lab.udp("host", HOST, 0) for _ in self.clients]
        for client, sender in zip(self.clients, in_time):
            self.addCleanup(sender.close)
            sender.sendto(b"where are you?", (client.inner, 5000))
            self.assertEqual(client.receive()[0][28:], b"where are you?")
        self.assert_jumped(JUMP)
        self.assert_no_replay()

    def test_dataplane_is_killed_again_and_again(self):
        """Also before control was done with telling it everything."""
        self.talk()
        for pause in (0, 0.01, 0.05, 0.2):
            self.kill_dataplane()
            self.gateway.start_dataplane()
            time.sleep(pause)  # any moment will do
        for client in self.clients:
            client.comes_back()
            self.assertGreaterEqual(sum(after - before for before, after in client.jumps), JUMP)
        self.assert_no_replay()

    def test_both_are_killed(self):
        for order in (("dataplane", "control"), ("control", "dataplane")):
            for restart in (("dataplane", "control"), ("control", "dataplane")):
                with self.subTest(killed=order, started=restart):
                    self.talk()
                    self.wait_until_control_knows()
                    for name in order:
                        getattr(self.gateway, name).kill()
                    for name in restart:
                        getattr(self.gateway, f"start_{name}")()
                    for client in self.clients:
                        client.comes_back()
                    self.assert_jumped(1)
                    self.assert_no_replay()

    def test_dataplane_dies_after_control(self):
        """What has passed since nobody has seen; numbers are not used again for that."""
        self.talk()
        self.wait_until_control_knows()
        self.kill_control()
        unseen = {client: client.highest for client in self.clients}
        remembered, self.sent = self.sent, {client: [] for client in self.clients}
        self.talk(20)
        for client in self.clients:
            self.assertGreaterEqual(client.highest - unseen[client], 20)
        self.kill_dataplane()
        self.gateway.start_control()
        self.gateway.start_dataplane()
        for client in self.clients:
            client.comes_back()
        self.assert_jumped(1)
        self.sent = remembered
        self.assert_no_replay()


if __name__ == "__main__":
    main(Deaths)
