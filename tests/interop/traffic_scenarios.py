# SPDX-License-Identifier: Apache-2.0
"""What users do once they are in: traffic of all kinds, while keys are renewed, the NAT changes its mind, and processes
of the gateway die."""
import re
import time

from dial_scenarios import PRIVATE_HOST, USERS, come_in, connected, hang_up, lines, ping, said
from scenario import Settings, for_each_client

# Below, at and above what fits the session, the links, and a datagram without fragments.
PING_SIZES = (0, 1, 8, 56, 512, 1300, 1371, 1372, 1373, 1472, 1473, 4000, 8000)
PING_MILLISECONDS = 50
NAME_SERVER = r"""
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("10.30.0.53", 53))
while True:
    query, client = server.recvfrom(512)
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([10, 30, 0, 10])
    server.sendto(query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + query[12:] + answer, client)
"""
QUERY = r"""
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.settimeout(5)
one.sendto(b"\x12\x34\1\0\0\1\0\0\0\0\0\0\4host\4corp\7example\0\0\1\0\1", ("10.30.0.53", 53))
print(socket.inet_ntoa(one.recvfrom(512)[0][-4:]))
"""


def sizes_without_answer(client):
    script = f"ip route replace 10.30.0.0/24 dev ppp0; for size in {' '.join(map(str, PING_SIZES))}; do " \
             f"ping -q -c 2 -i 0.2 -W 2 -s $size {PRIVATE_HOST} >/dev/null || echo $size; done"
    return client.guest.run(script, 90).split()


def bits_per_second(client, options):
    """What iperf3's receiver saw; 0 when it did not come to its end."""
    out = client.guest.run(f"iperf3 -c {PRIVATE_HOST} -t 3 -f k {options} 2>&1 || true", 40)
    found = re.findall(r"([\d.]+) Kbits/sec.*receiver", out)
    return 1000 * float(found[-1]) if found else 0


def begin_pings(client, seconds):
    count = seconds * 1000 // PING_MILLISECONDS
    client.guest.run("ip route replace 10.30.0.0/24 dev ppp0")
    return count, client.guest.begin(f"ping -q -c {count} -i {PING_MILLISECONDS / 1000} -W 3 {PRIVATE_HOST} || true", seconds + 30)


def finish_pings(run, begun, what):
    count, asked = begun
    out = run.client.guest.finish(asked)
    found = re.search(r"(\d+) received", out)
    run.check(found and int(found.group(1)) == count, f"all {count} pings, sent every {PING_MILLISECONDS} ms, are answered {what}", out)


@for_each_client("traffic")
def traffic(run):
    """Pings of all sizes, TCP and UDP both ways, a DNS query."""
    client = run.client
    topology, folder = run.gateway.topology, run.gateway.folder
    servers = [topology.start("host", ["iperf3", "-s", "-B", PRIVATE_HOST], folder / "iperf3.log"),
               topology.start("host", ["python3", "-c", NAME_SERVER], folder / "name-server.log")]
    try:
        come_in(run, client)
        silent = sizes_without_answer(client)
        run.check(not silent, f"pings of {len(PING_SIZES)} sizes up to {max(PING_SIZES)} are answered", str(silent))
        for options, what in (("", "TCP from the client"), ("-R", "TCP to the client"),
                              ("-u -b 5M -l 1300", "UDP from the client"), ("-u -b 5M -l 1300 -R", "UDP to the client")):
            got = bits_per_second(client, options)
            run.check(got > 0, f"{what} by iperf3: {got / 1e6:.1f} Mbit/s", lambda: said(client))
        answer = client.guest.run(f"python3 -c '{QUERY}' 2>&1 || true").strip()
        run.check(answer == PRIVATE_HOST, "the name server inside answers", answer)
    finally:
        hang_up(client)
        for server in servers:
            server.end()


@for_each_client("traffic-rekey")
def traffic_rekey(run):
    """Both phases are renewed under pings: none is lost, and the session stays the same."""
    client = run.client
    user = USERS[client.name][0]
    settings = Settings(esp_seconds=60, ike_seconds=90, margin_seconds=30) if client.name == "libreswan" else Settings()
    try:
        come_in(run, client, settings=settings)
        spis = client.spis()[0]
        seconds = 70 if client.name == "libreswan" else 16
        begun = begin_pings(client, seconds)
        if client.name == "strongswan":
            time.sleep(2)
            client.rekey_esp()
            time.sleep(4)
            client.rekey_ike()
        finish_pings(run, begun, "while keys are renewed")
        run.check(not client.spis()[0] & spis, "the ESP SAs are others", f"{spis} {client.spis()[0]}")
        after = connected(run, user)
        run.check(after and after[0]["connected_seconds"] >= seconds, "the session is the same", str(lines(run)))
    finally:
        hang_up(client)


@for_each_client("traffic-nat-rebinding")
def nat_rebinding(run):
    """The NAT forgets its mappings and has another address: the session goes on."""
    client, topology = run.client, run.gateway.topology
    user = USERS[client.name][0]
    try:
        come_in(run, client)
        # Masqueraded connections go with the address that they had.
        topology.ip("nat", "address delete 198.51.100.2/24 dev nout", "address add 198.51.100.77/24 dev nout",
                    "route replace default via 198.51.100.1")
        run.eventually(lambda: ping(client, 1) == 1, "pings pass from the NAT's new address", 30)
        run.check(ping(client) == 5, "5 pings")
        row = run.gateway.printed("session", "--match", f"user={user}")
        run.check("198.51.100.77" in row, "espgate session has the new address", row)
    finally:
        topology.ip("nat", "address delete 198.51.100.77/24 dev nout", "address add 198.51.100.2/24 dev nout",
                    "route replace default via 198.51.100.1")
        hang_up(client)


@for_each_client("traffic-dead-processes")
def dead_processes(run):
    """Control dies and comes back, then the data plane, then control again: the session and its address stay."""
    client = run.client
    user = USERS[client.name][0]
    try:
        come_in(run, client)
        address = connected(run, user)[0]["address"]
        for kill, start, what in ((run.gateway.kill_control, run.gateway.start_control, "control"),
                                  (run.gateway.kill_dataplane, run.gateway.start_dataplane, "the data plane"),
                                  (run.gateway.kill_control, run.gateway.start_control, "control, a second time")):
            kill()
            start()
            run.eventually(lambda: ping(client, 1) == 1, f"pings pass after the death of {what}", 30)
            run.check(ping(client) == 5, "5 pings")
        run.eventually(lambda: [line["address"] for line in connected(run, user)] == [address],
                       "the user has the address that he had", 10, lambda: str(lines(run)))
    finally:
        hang_up(client)


@for_each_client("traffic-idle")
def idle(run):
    """Two silent minutes: the mapping of the NAT, the session and its SAs are there afterwards."""
    client = run.client
    user = USERS[client.name][0]
    try:
        come_in(run, client)
        time.sleep(120)
        run.check(connected(run, user), "the user is connected after two silent minutes", str(lines(run)))
        run.check(ping(client) == 5, "5 pings")
    finally:
        hang_up(client)


@for_each_client("traffic-never-in-the-clear")
def never_in_the_clear(run):
    """The client's SAs go under a live session while hosts send to it: nothing of it leaves outside of ESP."""
    client, topology = run.client, run.gateway.topology
    try:
        come_in(run, client)
        address = connected(run, USERS[client.name][0])[0]["address"]
        pings = topology.start("host", ["ping", "-n", "-i", "0.05", address], run.gateway.folder / "pings.log")
        time.sleep(1)
        client.disconnect()
        time.sleep(3)
        pings.end()
        run.eventually(lambda: not lines(run), "the session has gone with its SAs", 20, lambda: str(lines(run)))

        def seen(what):
            return topology.command("router", "tshark", "-n", "-r", run.gateway.folder / "gateway.pcap", "-Y", what).stdout

        clear = seen("udp.port == 1701 || l2tp")
        run.check(not clear, "outside there was no udp/1701", clear[:300])
        run.check(len(seen("udp.port == 4500").splitlines()) > 20, "but ESP in UDP was")
    finally:
        hang_up(client)
