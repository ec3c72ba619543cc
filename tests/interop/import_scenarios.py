# SPDX-License-Identifier: Apache-2.0
"""A gateway of Openswan's, xl2tpd's and pppd's is replaced: `espgate import` reads its files, and its users come in with
what they have always had."""
import ipaddress
import pathlib

from client import Settings
from dial_scenarios import come_in, connected, hang_up, ping, said
from scenario import ALL_CLIENTS, add, for_each_client, scenario

OLD = pathlib.Path(__file__).resolve().parents[1] / "unit/cli/import_fixtures/elastic_ip"
# The options file is not named: xl2tpd.conf does.
OLD_FILES = [OLD / name for name in ("ipsec.conf", "ipsec.secrets", "xl2tpd.conf", "chap-secrets")]
RANGE = [ipaddress.ip_address(address) for address in ("192.168.42.10", "192.168.42.250")]  # ip range
OLD_USERS = {"strongswan": ("carol", "carols old password"), "libreswan": ("dave", "her#cules")}
OWN_ADDRESS = {"dave": "192.168.42.5"}  # in chap-secrets


def is_checked(run):
    wrong = run.gateway.check()
    run.check(not wrong, "espgate check finds nothing wrong with what was imported", " | ".join(wrong))


def imported(run):
    """Old key, old password, an address of `ip range` or the user's own, DNS of ms-dns, and the private side."""
    is_checked(run)
    client = run.client
    user, password = OLD_USERS[client.name]
    try:
        come_in(run, client, user, f'"{password}"')
        address = connected(run, user)[0]["address"]
        if user in OWN_ADDRESS:
            run.check(address == OWN_ADDRESS[user], f"{user} has the address of his line", address)
        else:
            run.check(RANGE[0] <= ipaddress.ip_address(address) <= RANGE[1], "the address is one of ip range", address)
        told = client.guest.run("cat /run/pppd.log")
        run.check("10.30.0.53" in told, "the client has learnt the DNS server of ms-dns", lambda: said(client))
        run.check("192.168.42.1" in told, "the client sees the gateway by local ip", lambda: said(client))
        answers = ping(client)
        run.check(answers == 5, "a host of the private side answers 5 pings", f"{answers}: {said(client)}")
    finally:
        hang_up(client)


for name in ALL_CLIENTS:
    add(f"import-{name}", imported, [name], quick=name == "strongswan", old_files=OLD_FILES)


@for_each_client("import-legacy", old_files=OLD_FILES)
def legacy(run):
    """What the old gateway's ike= took and ours refuses unless it is named."""
    phase_1 = "3des-sha1-modp1024" if run.client.name == "strongswan" else "aes128-sha1-modp2048"
    run.connect(run.client, Settings(ike=phase_1, esp="3des-sha1"), "3des-sha1")
    run.frames(run.client)


@scenario("import-new-user", ["strongswan"], old_files=OLD_FILES)
def new_user(run):
    """`espgate user` changes the copy of the old users' file, and the gateway takes it as it is from then on."""
    client = run.client
    made = run.gateway.command("user", "add", "frank", "--address", "192.168.42.77", "--generate")
    listed = {row["user"]: row["address"] for row in run.gateway.command("user", "list")["users"]}
    run.check(listed.get("frank") == "192.168.42.77" and listed.get("carol") == "*", "espgate user list has both",
              str(listed))
    try:
        run.eventually(lambda: "which has changed" in run.gateway.log("control"), "the gateway reads the file again", 30)
        come_in(run, client, "frank", f'"{made["password"]}"')
        address = connected(run, "frank")[0]["address"]
        run.check(address == "192.168.42.77", "frank has his own address", address)
    finally:
        hang_up(client)
