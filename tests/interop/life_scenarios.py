# SPDX-License-Identifier: Apache-2.0
"""What becomes of a connection: dead peers, deletion, and a control process that dies."""
import time

from scenario import Settings, for_each_client

QUICK_DPD = {"dpd_delay_seconds": 2, "dpd_timeout_seconds": 10}
WIRE = {"strongswan": "n1", "libreswan": "n2"}  # at the NAT's end


@for_each_client("dpd-by-gateway", ike=QUICK_DPD)
def dpd_by_gateway(run):
    """A client that is silent but answers stays."""
    run.connect(run.client)
    run.eventually(lambda: run.client.says(run.client.ASKED_BY_GATEWAY),
                   "the gateway asks the silent client whether it is there")
    silent_until = time.monotonic() + 1.5 * QUICK_DPD["dpd_timeout_seconds"]
    while time.monotonic() < silent_until and run.gateway.clients():
        time.sleep(0.5)
    run.check(run.gateway.clients() and run.client.spis()[0] <= set(run.gateway.sas("in")),
              "it answers, and is still there after more than dpd_timeout")
    run.frames(run.client)


@for_each_client("dpd-by-client", ike={"dpd_delay_seconds": 0})
def dpd_by_client(run):
    run.connect(run.client, Settings(dpd_seconds=2))
    run.eventually(lambda: run.client.says(run.client.ANSWERED_BY_GATEWAY), "the gateway answers when the client asks")
    run.frames(run.client)


@for_each_client("vanish", ike=QUICK_DPD)
def vanish(run):
    """The client's network is cut, and comes back when the gateway has forgotten it."""
    run.connect(run.client)
    wire = WIRE[run.client.name]
    run.gateway.topology.ip("nat", f"link set {wire} nomaster")
    try:
        run.gone(3 * QUICK_DPD["dpd_timeout_seconds"], "the client vanishes and is removed after dpd_timeout")
    finally:
        run.gateway.topology.ip("nat", f"link set {wire} master clients")
    run.connect(run.client)
    run.frames(run.client)


@for_each_client("delete-by-client")
def delete_by_client(run):
    run.connect(run.client)
    run.frames(run.client)
    run.client.disconnect()
    run.gone(sentence="the client disconnects, and the gateway has no SA left")
    run.connect(run.client)


@for_each_client("delete-by-gateway")
def delete_by_gateway(run):
    run.connect(run.client, Settings(rekeys=False))
    run.frames(run.client)
    ended = {spi for spis in run.client.spis() for spi in spis}
    rows = [row["peer_id"] for row in run.gateway.clients()]
    for peer_id in rows:
        run.gateway.disconnect(peer_id)
    # Libreswan may dial again at once, as its connection is to be up: then it is with other SAs, as another peer.
    run.eventually(lambda: not ended & {spi for spis in run.client.spis() for spi in spis},
                   "the gateway disconnects the client, and that has none of these SAs left",
                   detail=lambda: str(run.client.sas()))
    run.eventually(lambda: not ended & (set(run.gateway.sas("in")) | set(run.gateway.sas("out"))),
                   "the gateway has none of them left", detail=lambda: str(sorted(run.gateway.sas("in"))))
    run.check(not set(rows) & {row["peer_id"] for row in run.gateway.clients()}, "the peer is gone")


@for_each_client("control-dies")
def control_dies(run):
    """SIGKILL in the middle of traffic. Libreswan renews its keys by itself, half a minute later."""
    strongswan = run.client.name == "strongswan"
    run.connect(run.client, Settings() if strongswan else Settings(esp_seconds=75, margin_seconds=40))
    before = run.client.spis()
    count = 160
    with run.counting(f"all {count} test frames, sent while control dies and comes back") as counting:
        begun = run.client.begin_frames(count, 50)
        run.eventually(lambda: sum(counting.counter.now().values()) > 10, "frames pass")
        run.gateway.kill_control()
        time.sleep(2)
        run.gateway.start_control()
        counting.sent.append(run.finish_frames(run.client, begun, count))
    run.check(run.client.spis() == before, "the client has noticed nothing", str(run.client.spis()))
    run.check(len(run.gateway.clients()) == 1, "the new control process knows the client", str(run.gateway.clients()))
    if strongswan:
        run.client.rekey_esp()
    run.eventually(lambda: run.client.spis()[0] - before[0], "quick mode with the new control process", 60)
    run.agree(run.client)
    run.frames(run.client)
