# SPDX-License-Identifier: Apache-2.0
"""Users dial in: L2TP and PPP by xl2tpd and pppd, an address, DNS, and a host of the private side."""
import free_radius
from scenario import ALL_CLIENTS, Stop, for_each_client, scenario
from topology import ELASTIC_IP

PRIVATE_HOST = "10.30.0.10"
USERS = {"strongswan": ("alice", "alice-pass-1"), "libreswan": ("bob", "bob-pass-2")}


def dial(run, client, user, password, options=""):
    """xl2tpd and pppd on the client's side; the interface is ppp0."""
    client.guest.write("/etc/xl2tpd/xl2tpd.conf", f"""
[global]
port = 1701
[lac lab]
lns = {ELASTIC_IP}
pppoptfile = /etc/ppp/options.lab
length bit = yes
""")
    client.guest.write("/etc/ppp/options.lab", f"""
ipcp-accept-local
ipcp-accept-remote
refuse-eap
noccp
noauth
mtu 1400
mru 1400
noipdefault
usepeerdns
nodefaultroute
debug
logfile /run/pppd.log
lcp-echo-interval 10
lcp-echo-failure 4
name {user}
password {password}
{options}
""")
    client.guest.run("mkdir -p /run/xl2tpd /etc/ppp; rm -f /run/pppd.log /run/l2tp-control /run/xl2tpd.pid\n"
                     "setsid xl2tpd -D -c /etc/xl2tpd/xl2tpd.conf -p /run/xl2tpd.pid -C /run/l2tp-control "
                     ">/run/xl2tpd.log 2>&1 </dev/null &\n"
                     "for try in $(seq 100); do [ -p /run/l2tp-control ] && break; sleep 0.1; done\n"
                     "echo 'c lab' >/run/l2tp-control")


def hang_up(client):
    client.guest.run("for process in $(pidof xl2tpd pppd); do kill $process; done 2>/dev/null; sleep 0.5\n"
                     "for process in $(pidof xl2tpd pppd); do kill -9 $process; done 2>/dev/null; true")


def said(client):
    return client.guest.run("tail -n 15 /run/pppd.log /run/xl2tpd.log 2>/dev/null || true")


def lines(run):
    return run.gateway.ask("control", "who")["lines"]


def connected(run, user):
    return [line for line in lines(run) if line.get("user") == user and line["state"] == "connected"]


def ping(client, count=5):
    """How many answers came from the private host."""
    out = client.guest.run(f"ip route replace 10.30.0.0/24 dev ppp0; ping -c {count} -i 0.2 -W 2 {PRIVATE_HOST} || true")
    found = [line for line in out.splitlines() if "received" in line]
    return int(found[0].split(" received")[0].split()[-1]) if found else 0


def come_in(run, client, user=None, password=None, options="", settings=None):
    own_user, own_password = USERS[client.name]
    user, password = user or own_user, password or own_password
    run.connect(client, settings)
    dial(run, client, user, password, options)
    if not run.eventually(lambda: connected(run, user), f"{user} is connected by {client.name}", 40,
                          lambda: said(client)):
        raise Stop
    # The client sets its interface up a moment after our last word.
    address = connected(run, user)[0]["address"]
    run.eventually(lambda: address in client.guest.run("ip -4 address show dev ppp0 up 2>/dev/null || true"),
                   f"the client has the address {address}", 10, lambda: said(client))


def told_by_dhcp(run, client):
    """What the client learns by DHCPINFORM: option -> value in hexadecimal."""
    address = connected(run, USERS[client.name][0])[0]["address"]
    answer = client.guest.run(f"python3 /host/dhcp_inform.py ppp0 {address} 2>&1 || true")
    return dict(line.split() for line in answer.splitlines() if len(line.split()) == 2)


@for_each_client("dial", quick=True, tables={"ppp": {"dns": ["10.30.0.53"], "domain": "corp.example",
                                                     "routes": ["10.30.0.0/24", "10.64.0.0/10"]}})
def dial_in(run):
    """The whole way: address and DNS by IPCP, routes by DHCP, a ping through the tunnel, and the end of it."""
    client = run.client
    try:
        come_in(run, client)
        run.check("10.30.0.53" in client.guest.run("cat /run/pppd.log"), "the client has learnt the DNS server",
                  lambda: said(client))
        answers = ping(client)
        run.check(answers == 5, "a host of the private side answers 5 pings", f"{answers}: {said(client)}")
        told = told_by_dhcp(run, client)
        routes = "180a1e000a1e0001" + "0a0a400a1e0001"  # 10.30.0.0/24 and 10.64.0.0/10 by 10.30.0.1
        run.check(told.get("121") == routes and told.get("249") == routes, "DHCP tells the routes twice", str(told))
        run.check(told.get("15") == b"corp.example".hex() and told.get("6") == "0a1e0035",
                  "and the domain and the DNS server", str(told))
        user = USERS[client.name][0]
        row = run.gateway.printed("session", "--match", f"user={user}")
        run.check(all(text in row for text in (user, "connected", "10.40.0.", "10.10.1.", "198.51.100.2")),
                  "espgate session has it in a row", row)
        run.show(row)
        history = run.gateway.printed("why", user)
        run.check("is connected as 10.40.0." in history, "espgate why tells of the login", history)
        client.guest.run("echo 'd lab' >/run/l2tp-control")
        run.eventually(lambda: not lines(run), "the session is gone when the client hangs up", 20)
    finally:
        hang_up(client)


@scenario("dial-two-clients", ALL_CLIENTS)
def dial_two_clients(run):
    """Two users behind one NAT, both with port 1701: each has an address, and both get through at once."""
    try:
        for client in run.clients.values():
            come_in(run, client)
        addresses = {line["address"] for line in lines(run)}
        run.check(len(addresses) == 2, "each has an address of its own", str(addresses))
        for client in run.clients.values():
            answers = ping(client)
            run.check(answers == 5, f"5 pings of {client.name}", f"{answers}")
    finally:
        for client in run.clients.values():
            hang_up(client)


@for_each_client("dial-rekey")
def dial_rekey(run):
    """The session goes on over a rekey and over the death of control."""
    client = run.client
    try:
        come_in(run, client)
        run.gateway.kill_control()
        answers = ping(client)
        run.check(answers == 5, "pings pass while control is dead", f"{answers}")
        run.gateway.start_control()
        user, _ = USERS[client.name]
        run.check(bool(connected(run, user)), "the next control process knows the user", str(lines(run)))
        client.rekey_esp() if client.name == "strongswan" else None
        answers = ping(client)
        run.check(answers == 5, "5 pings afterwards", f"{answers}")
    finally:
        hang_up(client)


@for_each_client("dial-again")
def dial_again(run):
    """A client that goes without a word inside the tunnel, only its SAs deleted, is back at once with its address."""
    client = run.client
    try:
        come_in(run, client)
        user, _ = USERS[client.name]
        before = connected(run, user)[0]["address"]
        client.guest.run("for process in $(pidof pppd xl2tpd); do kill -9 $process; done; true")
        client.disconnect()
        come_in(run, client)
        run.check(connected(run, user)[0]["address"] == before, "with the address that it had", str(lines(run)))
        answers = ping(client)
        run.check(answers == 5, "5 pings", f"{answers}")
    finally:
        hang_up(client)


@for_each_client("dial-dead-dataplane")
def dial_dead_dataplane(run):
    """The data plane is killed and started again: control gives it all that it had."""
    client = run.client
    try:
        come_in(run, client)
        run.gateway.kill_dataplane()
        run.gateway.start_dataplane()
        run.eventually(lambda: ping(client, 1) == 1, "pings pass through the next data plane", 30)
        answers = ping(client)
        run.check(answers == 5, "5 pings", f"{answers}")
    finally:
        hang_up(client)


@for_each_client("dial-wrong-password")
def wrong_password(run):
    client = run.client
    user, _ = USERS[client.name]
    try:
        run.connect(client)
        dial(run, client, user, "not-the-password")
        run.eventually(lambda: f"wrong password of {user}" in run.gateway.log("control"), "the log names the user", 40,
                       lambda: said(client))
        run.check(not connected(run, user), "nobody is connected", str(lines(run)))
        run.check(f"wrong password of {user}" in run.gateway.printed("why", user).replace("\n      ", " "),
                  "espgate why tells it by name")
    finally:
        hang_up(client)


def refused_call(run, user, password, options, expected, of=None):
    """A call that must not get through, and what espgate why says of it."""
    client = run.client
    try:
        run.connect(client)
        dial(run, client, user, password, options)
        told = lambda: " ".join(run.gateway.printed("why", of or "198.51.100.2").split())
        run.eventually(lambda: expected in told(), f"espgate why says: {expected}", 40, told)
        run.check(not connected(run, user), "nobody is connected", str(lines(run)))
    finally:
        hang_up(client)


@for_each_client("dial-unknown-user")
def unknown_user(run):
    refused_call(run, "mallory", "whatever", "", "no user is called mallory", "mallory")


@for_each_client("dial-pap-refused")
def pap_refused(run):
    refused_call(run, *USERS[run.client.name], "refuse-mschap-v2\nrefuse-mschap\nrefuse-chap", "authentication")


@scenario("dial-empty-pool", ALL_CLIENTS, tables={"clients": {"pool": "10.40.0.0/31"},
                                                  "ppp": {"dns": ["10.30.0.53"], "gateway_address": "10.40.0.0"}})
def empty_pool(run):
    """The pool has one address: the second user hears that there is none, and so does the operator."""
    first, second = run.clients.values()
    try:
        come_in(run, first)
        run.connect(second)
        user, password = USERS[second.name]
        dial(run, second, user, password)
        told = lambda: " ".join(run.gateway.printed("why", user).split())
        run.eventually(lambda: f"no address for {user}" in told(), "espgate why says that there is no address", 40, told)
        run.check(not connected(run, user), "the second is not connected", str(lines(run)))
        answers = ping(first)
        run.check(answers == 5, "5 pings of the first", f"{answers}")
    finally:
        hang_up(first)
        hang_up(second)


for method, refuse in (("chap-md5", "refuse-mschap-v2\nrefuse-mschap\nrefuse-pap"),
                       ("pap", "refuse-mschap-v2\nrefuse-mschap\nrefuse-chap")):
    def by_method(run, refuse=refuse):
        client = run.client
        try:
            come_in(run, client, options=refuse)
            answers = ping(client)
            run.check(answers == 5, "5 pings", f"{answers}")
        finally:
            hang_up(client)
    for_each_client(f"dial-{method}", tables={"ppp": {"auth": ["mschapv2", "chap-md5", "pap"]}})(by_method)


@for_each_client("dial-radius", tables={"users": {"source": "radius"}, "radius": free_radius.SETTINGS})
def dial_radius(run):
    """RADIUS knows the user and his address, and learns what his session did."""
    client = run.client
    user, password = USERS[client.name]
    server = free_radius.FreeRadius(run.gateway.topology, f"""
{user} Cleartext-Password := "{password}"
  Framed-IP-Address = 10.40.0.77,
  Session-Timeout = 3600,
  Class = 0x656c657068616e74
""")
    try:
        come_in(run, client)
        run.check(connected(run, user)[0]["address"] == "10.40.0.77", "the address is that of Framed-IP-Address")
        run.check(connected(run, user)[0]["limits"]["session_seconds"] == 3600, "the limit is that of Session-Timeout")
        answers = ping(client)
        run.check(answers == 5, "5 pings", f"{answers}: {said(client)}")
        client.guest.run("echo 'd lab' >/run/l2tp-control")
        run.eventually(lambda: not lines(run), "the session is gone when the client hangs up", 20)
        found = run.eventually(lambda: len(server.records()) >= 2 and server.records(),
                               "the server has a start and a stop", 10, lambda: str(server.records()))
        if found:
            start, stop = found[0], found[-1]
            run.check((start["Acct-Status-Type"], stop["Acct-Status-Type"]) == ("Start", "Stop"), "in that order")
            run.check(start["Acct-Session-Id"] == stop["Acct-Session-Id"] and stop["User-Name"] == user
                      and stop["Class"] == "0x656c657068616e74", "of one session, with the user and his Class", str(stop))
            # 5 pings of 84 bytes each way, in UDP, L2TP and PPP.
            run.check(int(stop["Acct-Input-Octets"]) >= 5 * 84 and int(stop["Acct-Output-Octets"]) >= 5 * 84,
                      "with the octets of both directions", str(stop))
    finally:
        hang_up(client)
        server.end()
