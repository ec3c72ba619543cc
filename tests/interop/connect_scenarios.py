# SPDX-License-Identifier: Apache-2.0
"""Clients connect: each with each proposal, and both at once behind one address."""
from scenario import ALL_CLIENTS, Settings, add, for_each_client, scenario
from topology import NAT_ADDRESS

# ESP suite: what phase 1 goes with it, so that each cipher, hash and group is there once.
PROPOSALS = {
    "aes128-sha1": "aes128-sha1-modp2048",
    "aes256-sha1": "aes256-sha1-modp2048",
    "aes256-sha256": "aes256-sha256-modp2048",
    "aes128gcm16": "aes128-sha256-ecp256",
}


def connect(run, phase_1, suite):
    run.connect(run.client, Settings(ike=phase_1, esp=suite), suite)
    run.frames(run.client)
    if not run.what.quick:
        return
    rows = {int(row["spi"], 0): row["packets"] for row in run.gateway.command("sa")["sas"]}
    out_of, _ = run.client.spis()
    run.check([rows.get(spi) for spi in out_of] == [20], "espgate sa --json has the SA and its 20 packets", str(rows))


for esp, ike in PROPOSALS.items():
    for name in ALL_CLIENTS:
        add(f"connect-{esp}-{name}", connect, [name], quick=esp == "aes256-sha256", phase_1=ike, suite=esp)

# Libreswan has Curve25519 for IKEv2 only.
add("connect-curve25519-strongswan", connect, ["strongswan"], phase_1="aes256-sha256-curve25519",
    suite="aes256-sha256")

# Refused unless the gateway's configuration names it. Debian builds Libreswan without the group of 1024 bits.
for name, ike in (("strongswan", "3des-sha1-modp1024"), ("libreswan", "3des-sha1-modp2048")):
    add(f"connect-3des-sha1-{name}", connect, [name], {"legacy": [ike], "legacy_esp": ["3des-sha1"]},
        phase_1=ike, suite="3des-sha1")


@for_each_client("connect-default")
def connect_default(run):
    """With what the client proposes when nobody has told it anything."""
    run.connect(run.client, Settings(ike="", esp=""))
    run.frames(run.client)


@scenario("two-clients", ALL_CLIENTS)
def two_clients(run):
    """Both have the same address outside and the same port inside: only their SAs tell them apart."""
    for client in run.clients.values():
        run.connect(client)
    rows = run.gateway.clients()
    run.check(len(rows) == 2, "the gateway knows two clients", str(rows))
    remotes = {(row["remote"]["address"], row["remote"]["port"]) for row in rows}
    run.check({address for address, _ in remotes} == {NAT_ADDRESS} and len(remotes) == 2,
              "both are behind the NAT's address, with ports of their own", str(remotes))
    with run.counting("all 200 test frames of both") as counting:
        begun = [(client, client.begin_frames(100)) for client in run.clients.values()]
        counting.sent += [run.finish_frames(client, each, 100) for client, each in begun]
    for client in run.clients.values():
        out_of, _ = client.spis()
        counted = sum(count for spi, count in counting.counter.now().items() if spi in out_of)
        run.check(counted == 100, f"100 of them by {client.name}'s SA", f"{counted}")


@for_each_client("connect-aggressive", ike={"legacy": ["aggressive"]})
def connect_aggressive(run):
    """Three messages. Only where ike.legacy names it."""
    run.connect(run.client, Settings(aggressive=True))
    run.check("aggressive mode" in " ".join(run.gateway.why(NAT_ADDRESS)) + run.gateway.log("control"),
              "the gateway says that it was aggressive mode")
    run.frames(run.client)
