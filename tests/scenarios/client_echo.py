#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ping through espgate-client, with scapy as the gateway: client_echo.py ESPGATE-CLIENT

    ping 10.30.0.1                                          this script: a gateway that answers every echo
         |                                                             |
    TUN espgate0, 10.40.0.7 ---- espgate-client ---- UDP on lo ---- 192.0.2.10:4500

all in a network namespace of its own. Beside each answer the gateway sends what a client must not take.
Exit code 77: there is no scapy, no TUN driver, or no namespace for this user."""
import json
import os
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

try:
    from scapy.layers.inet import ICMP, IP, UDP
    from scapy.layers.ipsec import ESP, SecurityAssociation
    from scapy.packet import Raw
except ImportError:
    sys.exit(77)

# suite: (scapy's cipher, its key with salt, scapy's integrity, its key)
SUITES = {"aes256-sha256": ("AES-CBC", bytes(range(32)), "SHA2-256-128", bytes(range(100, 132))),
          "aes128gcm16": ("AES-GCM", bytes(range(20)), "NULL", b"")}
INBOUND_SPI, OUTBOUND_SPI = 0x1A000401, 0xC0FFEE01  # as the gateway sees them
TUNNEL, SESSION, PEER_TUNNEL, PEER_SESSION = 4711, 12, 815, 34
INNER, HOST, OUTER = "10.40.0.7", "10.30.0.1", "192.0.2.10"


def key_of(suite, direction):
    _, cipher, _, integrity = SUITES[suite]
    return bytes(b ^ direction for b in cipher), bytes(b ^ direction for b in integrity)


def configuration(suite):
    def sa(spi, direction):
        cipher, integrity = key_of(suite, direction)
        second = f', integrity_key = "0x{integrity.hex()}"' if integrity else ""
        return f'{{ spi = {spi:#x}, key = "0x{cipher.hex()}"{second} }}'

    return f"""
[outside]
device = "net_null0"
address = "{OUTER}/24"
gateway = "192.0.2.1"
[inside]
device = "net_null1"
address = "10.30.0.254/24"
[clients]
pool = "10.40.0.0/24"
[runtime]
state_directory = "/nowhere"
[[static_peer]]
name = "anna"
suite = "{suite}"
inner_address = "{INNER}"
mru = 1388
tunnel = {TUNNEL}
session = {SESSION}
peer_tunnel = {PEER_TUNNEL}
peer_session = {PEER_SESSION}
inbound = {sa(INBOUND_SPI, 0x55)}
outbound = {sa(OUTBOUND_SPI, 0xAA)}
"""


class Gateway:
    """Decrypts what comes to port 4500, answers echo requests, and notes what is wrong."""

    def __init__(self, suite):
        crypt, _, auth, _ = SUITES[suite]
        def sa(spi, direction):
            cipher, integrity = key_of(suite, direction)
            return SecurityAssociation(ESP, spi=spi, crypt_algo=crypt, crypt_key=cipher, auth_algo=auth,
                                       auth_key=integrity or None, nat_t_header=UDP(sport=4500, dport=4500))
        self.inbound, self.outbound = sa(INBOUND_SPI, 0x55), sa(OUTBOUND_SPI, 0xAA)
        self.highest = 0  # sequence number received
        self.sequence = 0  # sent
        self.packets = 0
        self.complaints = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((OUTER, 4500))
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.ending.set()
        self.socket.settimeout(0)
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"\xff", (OUTER, 4500))
        self.thread.join()
        self.socket.close()

    def run(self):
        while not self.ending.is_set():
            try:
                datagram, client = self.socket.recvfrom(65535)
            except BlockingIOError:
                continue
            if datagram == b"\xff":
                continue
            try:
                self.take(datagram, client)
            except Exception as error:  # pylint: disable=broad-except
                self.complaints.append(repr(error))

    def take(self, datagram, client):
        packet = IP(bytes(IP(src=OUTER, dst=OUTER) / UDP(sport=client[1], dport=4500) / Raw(datagram)))
        sequence = packet[ESP].seq
        assert packet[ESP].spi == INBOUND_SPI, packet[ESP].spi
        assert sequence > self.highest, f"sequence number {sequence} behind {self.highest}"
        self.highest = sequence
        plain = self.inbound.decrypt(packet)  # raises where the ICV is wrong
        assert (plain[UDP].sport, plain[UDP].dport) == (1701, 1701), plain.summary()
        payload = bytes(plain[UDP].payload)
        expected = struct.pack("!HHHHH", 0x0002, TUNNEL, SESSION, 0xFF03, 0x0021)
        assert payload[:10] == expected, payload[:10].hex()
        self.packets += 1
        self.answer(IP(payload[10:]), client)

    def esp(self, inner):
        l2tp = struct.pack("!HHHHH", 0x0002, PEER_TUNNEL, PEER_SESSION, 0xFF03, 0x0021)
        self.sequence += 1
        clear = IP(src=OUTER, dst=OUTER) / UDP(sport=1701, dport=1701) / Raw(l2tp + bytes(inner))
        return bytes(self.outbound.encrypt(clear, seq_num=self.sequence)[ESP])

    def answer(self, inner, client):
        assert (inner.src, inner.dst) == (INNER, HOST), inner.summary()
        request = inner[ICMP]
        reply = IP(src=HOST, dst=INNER) / ICMP(type=0, id=request.id, seq=request.seq) / Raw(bytes(request.payload))
        nobodys = IP(src=HOST, dst=INNER) / ICMP(type=0, id=request.id ^ 1, seq=request.seq)  # the kernel ignores it
        once = self.esp(nobodys)
        forged = bytearray(self.esp(reply))
        forged[-1] ^= 1
        unknown = struct.pack("!I", OUTBOUND_SPI ^ 1) + once[4:]
        ike = bytes(4) + bytes(28)
        # The answer comes last: when ping has it, the client has seen all the others.
        for sent in (once, once, forged, unknown, ike, b"\xff", b"\x01\x02", self.esp(reply)):
            self.socket.sendto(bytes(sent), client)


class Client:
    """espgate-client, from when it is ready."""

    def __init__(self, program, folder, *options):
        command = [program, "--config", folder / "gateway.toml", "--peer", "anna", "--json", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if "; gateway 192.0.2.10:4500 from " in line:
                return
        raise AssertionError(f"the client ended: {self.said}")

    def end(self, number=signal.SIGTERM):
        """Its last report."""
        self.process.send_signal(number)
        output, errors = self.process.communicate()
        assert self.process.returncode == (0 if number == signal.SIGTERM else -number), errors
        return json.loads(output.splitlines()[-1]) if output else None


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def ping(*options):
    done = subprocess.run(["ping", "-n", "-W", "20", *options, HOST], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def check(name, found, expected):
    assert found == expected, f"{name}: {found}, expected {expected}"


def check_report(report, pings, gateway):
    check("complaints of the gateway", gateway.complaints, [])
    check("received", report["received"]["packets"], 2 * pings)
    check("sent", report["sent"]["packets"], pings)
    check("drops", report["drops"], {"natt_malformed": pings, "esp_unknown_spi": pings, "esp_replayed": pings,
                                     "esp_bad_icv": pings})
    check("ike", report["ike"], pings)
    check("keepalives", report["keepalives_received"], pings)


def cbc_with_the_clock(program, folder):
    write(folder, configuration("aes256-sha256"))
    gateway = Gateway("aes256-sha256")
    client = Client(program, folder, "--route", "10.30.0.0/24", "--stats", "1")
    assert "aes256-sha256" in client.said and "MTU 1388" in client.said, client.said
    ping("-c", "3", "-i", "0.2")
    ping("-c", "1", "-s", str(1388 - 28), "-M", "do")  # a full packet
    line = json.loads(client.process.stdout.readline())  # of --stats
    assert set(line) >= {"sent", "received", "drops"}, line
    report = client.end()
    gateway.close()
    check_report(report, 4, gateway)
    assert report["received"]["bytes"] == 3 * 84 + 1388 + 4 * 28, report
    assert report["next_sequence"] == gateway.highest + 1 > 1_000_000, report


def aead_with_a_file(program, folder):
    """Sequence numbers go on whether the run before ended well or was killed; the gateway complains if they don't."""
    write(folder, configuration("aes128gcm16"))
    gateway = Gateway("aes128gcm16")
    options = ("--route", "10.30.0.0/24", "--sequence-file", folder / "anna.sequence")
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        client = Client(program, folder, *options)
        ping("-c", "3", "-i", "0.2")
        report = client.end(number)
    gateway.close()
    assert gateway.packets == 9 and gateway.highest > 1 << 20, (gateway.packets, gateway.highest)
    check_report(report, 3, gateway)


def write(folder, text):
    path = folder / "gateway.toml"
    path.write_text(text)
    path.chmod(0o600)


def refused(program, folder, status, words, *options):
    given = {"--config": folder / "gateway.toml", "--peer": "anna", **dict(zip(options[::2], options[1::2]))}
    command = [program, *(word for option in given.items() for word in option)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == status and words in done.stderr, (options, done.returncode, done.stderr)


def errors_are_clear(program, folder):
    write(folder, configuration("aes128gcm16"))
    refused(program, folder, 2, "--sequence-file: aes128gcm16 needs it")
    refused(program, folder, 2, "--sequence-file: aes128gcm16 needs it", "--sequence", "5")
    write(folder, configuration("aes256-sha256"))
    refused(program, folder, 2, 'no static peer "ana"; did you mean "anna"?', "--peer", "ana")
    refused(program, folder, 3, "gone.toml", "--config", folder / "gone.toml")
    refused(program, folder, 4, "no interface has that address", "--local", "192.0.2.99")
    refused(program, folder, 4, "is there a route to it?", "--gateway", "203.0.113.9")
    refused(program, folder, 4, "is no TUN device", "--tun", "lo")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        refused(program, folder, 4, "another program has that UDP port", "--local", taken)
    # The route would take the datagrams to the gateway too.
    ip("link", "add", "up0", "type", "veth", "peer", "name", "up1")
    ip("address", "add", "198.51.100.2/24", "dev", "up0")
    ip("link", "set", "up0", "up")
    refused(program, folder, 2, "into its own tunnel", "--gateway", "198.51.100.1", "--route", "198.51.100.0/25")


def tun_that_goes(program, folder):
    """Somebody deletes the device: the client ends, gives its sequence numbers back, and says why."""
    write(folder, configuration("aes128gcm16"))
    numbers = folder / "tun.sequence"
    client = Client(program, folder, "--tun", "vpn7", "--sequence-file", numbers)
    ip("link", "delete", "vpn7")
    _, errors = client.process.communicate(timeout=60)
    assert client.process.returncode == 4 and "vpn7: cannot read packets" in errors, errors
    assert numbers.read_text() == "espgate-client sequence 1\n", numbers.read_text()


def gateway_that_is_not_there(program, folder):
    """Nobody listens on the gateway's port: the client says so once, counts, and goes on."""
    write(folder, configuration("aes256-sha256"))
    client = Client(program, folder, "--route", "10.30.0.0/24")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.sendto(b"into the void", (HOST, 9))
    said = client.process.stderr.readline()
    assert "the gateway can't be reached: Connection refused" in said, said
    report = client.end()
    assert report["unreachable"] >= 1 and report["received"]["packets"] == 0, report


def main(program):
    ip("link", "set", "lo", "up")
    ip("address", "add", OUTER, "dev", "lo")
    with tempfile.TemporaryDirectory() as name:
        for scenario in (cbc_with_the_clock, aead_with_a_file, tun_that_goes, gateway_that_is_not_there, errors_are_clear):
            scenario(program, pathlib.Path(name))
            print(f"{scenario.__name__}: ok")


if sys.argv[2:] == ["inside"]:
    main(sys.argv[1])
else:
    UNSHARE = ["unshare", "-Urnm"]
    if subprocess.run([*UNSHARE, "ip", "tuntap", "add", "mode", "tun"], capture_output=True, check=False).returncode:
        sys.exit(77)
    os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *sys.argv, "inside"])
