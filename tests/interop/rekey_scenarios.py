# SPDX-License-Identifier: Apache-2.0
"""Keys are renewed while test frames pass, one every 50 ms; none may get lost."""
from scenario import Settings, for_each_client

MILLISECONDS = 50
# strongSwan is told when; Libreswan can't be, for IKEv1, and gets short lifetimes.
PATIENCE_SECONDS = 45


def short_lifetimes(run, **changes):
    return Settings(**changes) if run.client.name == "libreswan" else Settings()


def with_frames(run, seconds, change):
    """Sends for so long while `change()` happens."""
    count = seconds * 1000 // MILLISECONDS
    with run.counting(f"all {count} test frames, sent every {MILLISECONDS} ms") as counting:
        begun = run.client.begin_frames(count, MILLISECONDS)
        change(counting.counter)
        counting.sent.append(run.finish_frames(run.client, begun, count))
    return counting.counter.now()


def expect_new_pair(run, before, counter, what):
    """Checks that frames pass on another SA, and that nobody has cut the old one off before."""
    run.eventually(lambda: any(packets for spi, packets in counter.now().items() if spi not in before),
                   f"{what}: frames pass on a new SA", PATIENCE_SECONDS)
    run.check(any(counter.now().get(spi) for spi in before), "and passed on the old one before")


def cookies(run):
    """(initiator's, responder's): whether we began it."""
    return {(sa["initiator_cookie"], sa["responder_cookie"]): sa["begun_by_us"]
            for client in run.gateway.clients() for sa in client["ike_sas"] if sa["established"]}


@for_each_client("rekey-quick-mode-by-client")
def quick_mode_by_client(run):
    run.connect(run.client, short_lifetimes(run, esp_seconds=45, margin_seconds=30))
    before = run.client.spis()[0]

    def change(counter):
        if run.client.name == "strongswan":
            run.eventually(lambda: sum(counter.now().values()), "frames pass")
            run.client.rekey_esp()
        expect_new_pair(run, before, counter, "quick mode by the client")

    with_frames(run, 10 if run.client.name == "strongswan" else 25, change)
    run.agree(run.client)


@for_each_client("rekey-main-mode-by-client")
def main_mode_by_client(run):
    run.connect(run.client, short_lifetimes(run, ike_seconds=75, margin_seconds=60))
    before = cookies(run)

    def change(counter):
        if run.client.name == "strongswan":
            run.eventually(lambda: sum(counter.now().values()), "frames pass")
            run.client.rekey_ike()
        run.eventually(lambda: set(cookies(run)) - set(before), "main mode by the client: there is a new IKE SA",
                       PATIENCE_SECONDS, lambda: str(cookies(run)))

    with_frames(run, 10 if run.client.name == "strongswan" else 30, change)
    run.check(len(run.gateway.clients()) == 1, "the gateway knows it for the same client", str(run.gateway.clients()))
    if run.client.name == "strongswan":  # the new IKE SA is of use
        spis = run.client.spis()[0]
        run.client.rekey_esp()
        run.eventually(lambda: run.client.spis()[0] - spis, "quick mode under the new IKE SA")
    run.agree(run.client)
    run.frames(run.client)


# Of the lifetimes of client and gateway the shorter counts. An ESP SA is renewed at the latest when a quarter is left.
@for_each_client("rekey-quick-mode-by-gateway", ike={"rekey": True, "rekey_margin_seconds": 60})
def quick_mode_by_gateway(run):
    run.connect(run.client, Settings(rekeys=False, esp_seconds=40, margin_seconds=10))
    before = run.client.spis()[0]
    with_frames(run, 45, lambda counter: expect_new_pair(run, before, counter, "quick mode by the gateway"))
    run.agree(run.client)


@for_each_client("rekey-main-mode-by-gateway", ike={"rekey": True, "rekey_margin_seconds": 60})
def main_mode_by_gateway(run):
    run.connect(run.client, Settings(rekeys=False, ike_seconds=80, margin_seconds=10))
    before = cookies(run)

    def change(_counter):
        run.eventually(lambda: any(begun_by_us for pair, begun_by_us in cookies(run).items() if pair not in before),
                       "main mode by the gateway: there is a new IKE SA", PATIENCE_SECONDS, lambda: str(cookies(run)))

    with_frames(run, 35, change)
    run.check(len(run.gateway.clients()) == 1, "it is the same client", str(run.gateway.clients()))
    run.agree(run.client)
    run.frames(run.client)
