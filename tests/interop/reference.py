# SPDX-License-Identifier: Apache-2.0
"""Libreswan in the gateway's place, as a guest: what fails with this one too is the fault of lab or client. It knows
nothing of espgate's own: why a negotiation failed, packets dropped, what happens after a death."""
import collections
import re

from client import PSK, parse_xfrm
from topology import ELASTIC_IP, GATEWAY_ADDRESS

LOG = "/run/pluto.log"
IKE = ("aes256-sha2_256;modp2048", "aes256-sha2_256;dh19", "aes128-sha2_256;modp2048", "aes128-sha2_256;dh19",
       "aes256-sha1;modp2048", "aes128-sha1;modp2048", "3des-sha1;modp2048")
PACKETS = re.compile(r"proto esp spi (0x[0-9a-f]+).*?lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)", re.DOTALL)


class Reference:
    """Takes the place of Espgate. The guest stays; the daemon is a new one for each scenario."""

    def __init__(self, guest, folder, ike):
        self.guest, self.folder, self.ike = guest, folder, ike

    def start(self):
        self._end_daemon()
        self.guest.write("/etc/ipsec.secrets", f'%any %any : PSK "{PSK}"')
        self.guest.write("/etc/ipsec.conf", f"""
config setup
  ikev1-policy=accept
  uniqueids=no
  logfile={LOG}
conn clients
  auto=add
  ikev2=no
  authby=secret
  type=transport
  pfs=no
  left={GATEWAY_ADDRESS}
  leftid={ELASTIC_IP}
  leftprotoport=17/1701
  right=%any
  rightprotoport=17/%any
  encapsulation=yes
  rekey={"yes" if self.ike.get("rekey") else "no"}
  rekeymargin=15s
  rekeyfuzz=0%
  dpddelay={self.ike.get("dpd_delay_seconds", 30)}
  dpdtimeout={self.ike.get("dpd_timeout_seconds", 900)}
  dpdaction=clear
  ike={",".join(IKE)}
  esp=aes_gcm256,aes_gcm128,aes256-sha2_256,aes128-sha2_256,aes256-sha1,aes128-sha1,3des-sha1
""")
        self.guest.run("mkdir -p /run/pluto /var/lib/ipsec/nss /etc/ipsec.d\n"
                       "[ -e /var/lib/ipsec/nss/cert9.db ] || ipsec initnss >/dev/null 2>&1\n"
                       "ipsec pluto --config /etc/ipsec.conf\n"
                       "for try in $(seq 100); do ipsec whack --status >/dev/null 2>&1 && break; sleep 0.1; done\n"
                       "ipsec whack --listen && ipsec addconn clients")

    def _end_daemon(self):
        self.guest.run("for process in $(pidof pluto); do kill -9 $process; done\n"
                       "while pidof pluto >/dev/null; do sleep 0.05; done\n"
                       f"ip xfrm state flush; ip xfrm policy flush; rm -rf /run/pluto {LOG}")

    def stop(self):
        (self.folder / "reference.log").write_text(self.guest.run(f"cat {LOG}"), encoding="utf-8")
        self._end_daemon()
        return []

    def sas(self, direction):
        text = self.guest.run("ip xfrm state")
        packets = {int(spi, 0): int(count) for spi, count in PACKETS.findall(self.guest.run("ip -s xfrm state"))}
        return {sa.spi: {"packets": packets.get(sa.spi, 0), "suite": sa.suite, "mode": sa.mode} for sa in parse_xfrm(text)
                if (sa.destination == GATEWAY_ADDRESS) == (direction == "in")}

    def clients(self):
        return re.findall(r"#\d+: \"clients\".*STATE_MAIN_R3.*", self.guest.run("ipsec whack --showstates"))

    def drops(self):
        return collections.Counter()

    def __getattr__(self, name):
        def missing(*_arguments, **_more):
            raise AssertionError(f"the reference server has no {name}()")
        return missing
