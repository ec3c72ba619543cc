# SPDX-License-Identifier: Apache-2.0
"""What the gateway does not take, and what it says about it."""
from scenario import Settings, for_each_client, scenario
from topology import ELASTIC_IP, NAT_ADDRESS

REFUSED_SECONDS = 10  # clients go on trying


def refused(run, settings, words, sentence):
    run.client.configure(settings)
    run.check(not run.client.connect(REFUSED_SECONDS), "the client does not connect", run.client.said[-200:])
    run.is_told(words, sentence, NAT_ADDRESS)
    run.check(not run.gateway.sas("in") and not run.gateway.sas("out"), "there is no ESP SA")


@for_each_client("wrong-psk")
def wrong_psk(run):
    refused(run, Settings(psk="this-is-another-key-9876543210"), ["pre-shared key"],
            "espgate why speaks of the pre-shared key")
    run.connect(run.client)


@for_each_client("no-phase-1-proposal")
def no_phase_1_proposal(run):
    group = "modp1024" if run.client.name == "strongswan" else "modp2048"
    refused(run, Settings(ike=f"3des-sha1-{group}"), ["3des-sha1", group], "espgate why names what was offered")
    run.connect(run.client)


@for_each_client("no-phase-2-proposal")
def no_phase_2_proposal(run):
    refused(run, Settings(esp="3des-sha1"), ["3des"], "espgate why names what was offered")
    run.connect(run.client)


@for_each_client("tunnel-mode")
def tunnel_mode(run):
    refused(run, Settings(mode="tunnel"), ["tunnel mode"], "espgate why speaks of tunnel mode")


@scenario("ipcomp-libreswan", ["libreswan"])
def ipcomp_demanded(run):
    """Libreswan wants compression or nothing."""
    refused(run, Settings(ipcomp=True), ["compression"], "espgate why speaks of compression")


@scenario("ipcomp-strongswan", ["strongswan"])
def ipcomp_offered(run):
    """strongSwan offers ESP with compression, and ESP alone."""
    run.connect(run.client, Settings(ipcomp=True))
    run.check(run.client.says("peer did not accept our IPComp proposal"), "it is told that nothing is compressed")
    run.frames(run.client)


@scenario("ike-scan")
def ike_scan(run):
    """Attributes: 1 cipher, 14 key length, 2 hash, 3 authentication, 4 group."""
    def scan(*arguments):
        return run.gateway.topology.command("nat", "ike-scan", "--sport=0", "--retry=2", "--timeout=1000", *arguments,
                                            ELASTIC_IP).stdout
    said = scan("--trans=(1=7,14=256,2=4,3=1,4=14)")
    run.check("Main Mode Handshake returned" in said and "KeyLength=256" in said,
              "AES-256 with SHA2-256 and MODP-2048 is taken", said)
    said = scan("--trans=(1=1,2=2,3=1,4=14)")
    run.check("NO-PROPOSAL-CHOSEN" in said, "DES is answered with NO-PROPOSAL-CHOSEN", said)
    said = scan("--aggressive", "--id=client", "--trans=(1=7,14=256,2=4,3=1,4=14)", "--dhgroup=14")
    run.check("0 returned handshake; 0 returned notify" in said, "aggressive mode is not answered at all", said)
    run.check(not run.gateway.clients(), "none of this has made a client")
