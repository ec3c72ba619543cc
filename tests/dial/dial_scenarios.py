#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""espgate-client dials the gateway: a call as people make it, calls that must fail, and many at once. The topology is
drawn in ../live/lab.py; what makes it a lab for calls:

    client 10.10.1.2, .3 ---- nat, masquerades as 198.51.100.2 ---- net, 203.0.113.10 <-> 10.20.0.10 ---- gateway
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "live"))

from gateway import SMALL_FRAMES, Gateway, main  # noqa: E402
from lab import OPTIONS, PATIENCE_SECONDS, Lab, SkipLab, run, wait_until  # noqa: E402

ELASTIC_IP = "203.0.113.10"
PRIVATE_HOST = "10.30.0.10"
PSK = "lab-preshared-key-0123456789"
USERS = {"alice": "alice-pass-1", "bob": "bob-pass-2"} | {f"user{i}": f"secret-{i}" for i in range(50)}
EXIT = {"well": 0, "ike": 6, "user": 8, "hung_up": 9}


class Call:
    """One espgate-client; its events are the JSON objects that it has printed."""

    def __init__(self, test, *options, psk_file=None):
        self.program = pathlib.Path(OPTIONS.dataplane).parent / "espgate-client"
        self.output = test.folder / f"client-{len(test.calls)}.json"
        self.errors = test.folder / f"client-{len(test.calls)}.log"
        command = [str(self.program), "--server", ELASTIC_IP, "--psk-file", str(psk_file or test.psk_file), "--json", *map(str, options)]
        with open(self.output, "wb") as output, open(self.errors, "wb") as errors, test.lab.inside("home"):
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        test.calls.append(self)

    def events(self, kind):
        lines = self.output.read_text(encoding="utf-8").splitlines(keepends=True)
        return [each for line in lines if line.endswith("\n") and (each := json.loads(line)).get("event") == kind]

    def said(self):
        return self.errors.read_text(encoding="utf-8")

    def wait_for(self, kind):
        """The first event of that kind."""
        def come():
            found = self.events(kind)
            assert found or self.process.poll() is None, f"ended with {self.process.returncode}: {self.said()}"
            return found
        return wait_until(come, lambda: f"event {kind}: {self.output.read_text(encoding='utf-8')}{self.said()}")[0]

    def wait(self, seconds=PATIENCE_SECONDS):
        return self.process.wait(seconds)

    def hang_up(self):
        self.process.send_signal(signal.SIGTERM)
        return self.wait()


class Calls(unittest.TestCase):
    """One gateway for all."""

    @classmethod
    def setUpClass(cls):
        cls.calls = []
        try:
            cls.lab = Lab()
            cls.addClassCleanup(cls.lab.close)
            cls.lab.masquerade()
        except SkipLab as missing:
            raise unittest.SkipTest(str(missing)) from None
        with cls.lab.inside("net"):
            run("nft", "table ip eip { chain in { type nat hook prerouting priority -100; ip daddr " + ELASTIC_IP +
                " dnat to 10.20.0.10; }; chain out { type nat hook postrouting priority 100; ip saddr 10.20.0.10 oif n0 snat to "
                + ELASTIC_IP + "; }; }")
        cls.gateway = Gateway(cls.lab, extra={"gateway": f'public_address = "{ELASTIC_IP}"', "ike": f'psk = "{PSK}"',
                                              "ppp": 'dns = ["10.30.0.53"]', "users": 'file = "chap-secrets"'},
                              frames=SMALL_FRAMES)
        cls.addClassCleanup(cls.gateway.remove)
        cls.folder = cls.gateway.folder
        cls.addClassCleanup(cls._stop)
        cls.psk_file = cls.write("psk", PSK)
        cls.write("chap-secrets", "".join(f'{user} * "{secret}" *\n' for user, secret in USERS.items()))
        cls.gateway.start_dataplane()
        cls.gateway.start_control()
        wait_until(lambda: cls.gateway.ask("control", "status")["dataplane"].get("reconciled"), "control is ready")

    @classmethod
    def write(cls, name, text):
        path = cls.folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="ascii")
        return path

    @classmethod
    def _stop(cls):
        for call in cls.calls:
            if call.process.poll() is None:
                call.process.kill()
                call.process.wait()
        cls.gateway.stop()

    def password(self, user, text=None):
        return ["--user", user, "--password-file", self.write(f"password-{user}", text or USERS[user])]

    def sessions(self):
        return self.gateway.ask("dataplane", "session")["sessions"]

    def ping(self, interface, count=3):
        """How many of `count` pings through that interface were answered."""
        done = self.lab.command("home", "ping", "-n", "-i", "0.05", "-W", "2", "-c", count, "-I", interface, PRIVATE_HOST,
                                check=False)
        found = re.search(r"(\d+) received", done.stdout)
        assert found, done.stdout + done.stderr
        return int(found.group(1))

    def run(self, result=None):
        """With what the gateway has logged where a test has failed."""
        known = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > known:
            print(self.gateway.logs())

    def tearDown(self):
        for call in self.calls:
            if call.process.poll() is None:
                call.hang_up()
        wait_until(lambda: not self.sessions(), "no session is left")

    # --- one call

    def test_alice_dials_in_and_hangs_up(self):
        resolv_conf = self.folder / "resolv.conf"
        call = Call(self, *self.password("alice"), "--tun", "tun0", "--route", "10.30.0.0/24", "--resolv-conf", resolv_conf)
        up = call.wait_for("up")
        self.assertEqual((up["interface"], up["dns"]), ("tun0", ["10.30.0.53"]))
        self.assertRegex(up["address"], r"^10\.40\.0\.\d+$")
        self.assertEqual([each["step"] for each in call.events("step")], ["ike", "esp", "l2tp", "lcp", "user", "ip"])
        self.assertEqual(resolv_conf.read_text(encoding="ascii"), "nameserver 10.30.0.53\n")
        self.assertEqual(self.ping("tun0"), 3)
        # The largest packet that the device takes comes through whole.
        self.lab.command("home", "ping", "-n", "-c", "1", "-M", "do", "-s", up["mtu"] - 28, "-I", "tun0", PRIVATE_HOST)
        self.assertEqual(call.hang_up(), EXIT["well"], call.said())
        wait_until(lambda: not self.sessions(), "the gateway knows that it has ended")
        wait_until(lambda: not self.gateway.ask("dataplane", "sa")["sas"], "all SAs are deleted")

    def test_each_suite_and_method(self):
        for options in (["--esp", "aes128-sha1", "--ike-proposal", "aes128-sha1-modp2048", "--auth", "mschapv2"],
                        ["--esp", "aes256-sha512-ecp256", "--ike-proposal", "aes256-sha512-ecp384"],
                        ["--esp", "aes128gcm16", "--ike-proposal", "aes256-sha256-curve25519"]):
            with self.subTest(options=options):
                call = Call(self, *self.password("bob"), "--tun", "tun2", "--route", "10.30.0.0/24", *options)
                self.assertEqual(call.wait_for("up")["suite"], re.sub("-ecp.*", "", options[1]))
                self.assertEqual(self.ping("tun2"), 3)
                self.assertEqual(call.hang_up(), EXIT["well"], call.said())

    def test_no_packet_is_lost_while_keys_are_renewed(self):
        call = Call(self, *self.password("alice"), "--tun", "tun0", "--route", "10.30.0.0/24", "--rekey-seconds", 1,
                    "--reauthenticate-seconds", 2)
        call.wait_for("up")
        self.assertEqual(self.ping("tun0", 120), 120)
        self.assertEqual(call.hang_up(), EXIT["well"], call.said())
        down = call.events("down")[0]
        self.assertGreaterEqual(down["rekeys"], 3)
        self.assertGreaterEqual(down["reauthentications"], 1)

    def test_two_clients_behind_one_nat(self):
        first = Call(self, *self.password("alice"), "--tun", "tun0", "--route", "10.30.0.0/24", "--local", "10.10.1.2")
        second = Call(self, *self.password("bob"), "--tun", "tun1", "--local", "10.10.1.3")
        addresses = {first.wait_for("up")["address"], second.wait_for("up")["address"]}
        self.assertEqual(len(addresses), 2)
        for interface in ("tun0", "tun1", "tun0", "tun1"):
            self.assertEqual(self.ping(interface), 3)
        self.assertEqual((first.hang_up(), self.ping("tun1"), second.hang_up()), (EXIT["well"], 3, EXIT["well"]))

    def test_the_server_is_gone(self):
        call = Call(self, *self.password("alice"), "--tun", "tun0", "--hello-seconds", 1)
        call.wait_for("up")
        with self.lab.inside("net"):
            run("nft", "table ip cut { chain in { type filter hook forward priority 0; udp dport 4500 drop; udp sport 4500 drop; }; }")
            try:
                self.assertEqual(call.wait(90), 5, call.said())
            finally:
                run("nft", "delete table ip cut")
        self.assertIn("does not acknowledge", call.said())
        # Nobody tells the gateway: the next call takes the place of what is left of this one.
        again = Call(self, *self.password("alice"), "--tun", "tun0", "--route", "10.30.0.0/24")
        again.wait_for("up")
        self.assertEqual(self.ping("tun0"), 3)

    # --- how sessions end

    def history(self, user):
        """What `espgate why` tells of a user, newest last."""
        program = pathlib.Path(OPTIONS.dataplane).parent / "espgate"
        return " ".join(run(program, "why", user, "-c", self.gateway.config).stdout.split())

    def test_a_kick_is_told_as_one(self):
        call = Call(self, *self.password("bob"), "--tun", "tun1")
        call.wait_for("up")
        run(pathlib.Path(OPTIONS.dataplane).parent / "espgate", "session", "kick", "bob", "-c", self.gateway.config)
        self.assertEqual(call.wait(), EXIT["hung_up"], call.said())
        wait_until(lambda: not self.sessions(), "the session is gone")
        self.assertRegex(self.history("bob"), r"session ended: (?!the client)[^✓✗]*$")

    def test_a_replaced_session_is_told_as_one(self):
        first = Call(self, *self.password("alice"), "--tun", "tun0", "--local", "10.10.1.2")
        address = first.wait_for("up")["address"]
        second = Call(self, *self.password("alice"), "--tun", "tun1", "--local", "10.10.1.3")
        self.assertEqual(second.wait_for("up")["address"], address)
        self.assertEqual(first.wait(), EXIT["hung_up"], first.said())
        self.assertIn("ended: the user has dialled in from elsewhere", self.history("alice"))

    # --- calls that must fail

    def test_a_wrong_password_is_told(self):
        call = Call(self, *self.password("alice", "another"), "--tun", "tun0")
        self.assertEqual(call.wait(60), EXIT["user"], call.said())
        self.assertIn('user "alice" is refused', call.said())
        self.assertEqual(call.events("down")[0]["cause"], "wrong_password")
        self.assertEqual(call.events("up"), [])

    def test_a_wrong_pre_shared_key_is_told(self):
        call = Call(self, *self.password("alice"), "--tun", "tun0", psk_file=self.write("wrong-psk", "another"))
        self.assertEqual(call.wait(60), EXIT["ike"], call.said())
        self.assertIn("pre-shared key", call.said())
        self.assertEqual(call.events("down")[0]["cause"], "wrong_psk")

    def test_a_proposal_that_is_not_taken_is_told(self):
        for option, value in (("--ike-proposal", "3des-md5-modp1024"), ("--esp", "3des-md5")):
            call = Call(self, *self.password("alice"), "--tun", "tun0", option, value)
            self.assertEqual(call.wait(60), EXIT["ike"], call.said())
            self.assertEqual(call.events("down")[0]["cause"], "no_proposal")
            self.assertIn(value, call.said())

    # --- many

    def test_fifty_at_once(self):
        users = self.write("users", "".join(f"{user} {secret}\n" for user, secret in USERS.items()))
        call = Call(self, "--count", 50, "--users", users, "--ping", PRIVATE_HOST, "--rate", 200)
        calls = call.wait_for("calls")
        self.assertEqual((calls["up"], calls["failed"], calls["ping"]["answered"]), (50, {}, 50), calls)
        self.assertEqual(len(self.sessions()), 50)
        self.assertEqual(call.hang_up(), EXIT["well"], call.said())

    def test_users_are_used_several_times_only_if_asked(self):
        refused = Call(self, "--count", 3, *self.password("alice"))
        self.assertEqual(refused.wait(), 2)
        self.assertIn("--reuse-users", refused.said())

    def test_failures_of_many_are_counted(self):
        users = self.write("users", "alice another\nbob bob-pass-2\n")
        call = Call(self, "--count", 2, "--users", users, "--hold", 0, "--source-network", "10.10.1.2/32")
        self.assertEqual(call.wait(60), 10, call.said())
        calls = call.events("calls")[-1]
        self.assertEqual((calls["up"], calls["failed"]["wrong_password"]["count"]), (1, 1))


if __name__ == "__main__":
    if not os.path.exists("/dev/net/tun"):
        print("there is no /dev/net/tun: skipped")
        sys.exit(77)
    main(Calls)
