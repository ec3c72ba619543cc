# SPDX-License-Identifier: Apache-2.0
"""The two clients: how each is configured, connected and asked. What both have in common is read from their kernels."""
import dataclasses
import re

from topology import ELASTIC_IP

PSK = "lab-preshared-key-0123456789"
CONNECT_SECONDS = 25

# Name of a suite as espgate has it, by what `ip xfrm state` says: algorithm, bits of key or ICV.
CIPHERS = {("cbc(aes)", 128): "aes128", ("cbc(aes)", 192): "aes192", ("cbc(aes)", 256): "aes256",
           ("cbc(des3_ede)", 192): "3des"}
INTEGRITY = {("hmac(sha1)", 96): "sha1", ("hmac(sha256)", 128): "sha256", ("hmac(sha384)", 192): "sha384",
             ("hmac(sha512)", 256): "sha512", ("hmac(md5)", 96): "md5"}
SALT_BITS = 32


@dataclasses.dataclass
class Settings:
    """`ike` and `esp` as strongSwan writes them, "aes256-sha1-modp2048"; empty: what the client proposes by itself."""
    ike: str = "aes256-sha256-modp2048"
    esp: str = "aes256-sha256"
    psk: str = PSK
    ike_seconds: int = 10800
    esp_seconds: int = 3600
    rekeys: bool = True  # whether the client begins anew by itself before these are over
    margin_seconds: int = 300
    dpd_seconds: int = 0  # 0: the client never asks
    mode: str = "transport"
    ipcomp: bool = False
    aggressive: bool = False  # three messages instead of six


@dataclasses.dataclass(frozen=True)
class KernelSa:
    spi: int
    source: str
    destination: str
    mode: str
    suite: str


def parse_xfrm(text):
    """The ESP SAs in the output of `ip xfrm state`."""
    found = []
    for block in re.split(r"^(?=src )", text, flags=re.MULTILINE):
        head = re.search(r"^src (\S+) dst (\S+)\n\s+proto esp spi (0x[0-9a-f]+).*mode (\w+)", block)
        if not head:
            continue
        aead = re.search(r"aead rfc4106\(gcm\(aes\)\) 0x([0-9a-f]+) (\d+)", block)
        cipher = re.search(r"enc (\S+) 0x([0-9a-f]+)", block)
        integrity = re.search(r"auth-trunc (\S+) 0x[0-9a-f]+ (\d+)", block)
        suite = "larval"  # the kernel waits for one
        if aead:
            suite = f"aes{len(aead[1]) * 4 - SALT_BITS}gcm{int(aead[2]) // 8}"
        elif cipher and integrity:
            suite = "-".join((CIPHERS.get((cipher[1], len(cipher[2]) * 4), cipher[1]),
                              INTEGRITY.get((integrity[1], int(integrity[2])), integrity[1])))
        if suite != "larval":
            found.append(KernelSa(int(head[3], 0), head[1], head[2], head[4], suite))
    return found


class Client:
    """A guest with an IKE daemon. `configure()` ends what was there before."""
    name = ""
    daemon_log = ""

    def __init__(self, guest):
        self.guest = guest
        self.said = ""  # by the last command to connect

    # --- what its kernel has

    def sas(self):
        return parse_xfrm(self.guest.run("ip xfrm state"))

    def spis(self):
        """(out of the client, into the client)."""
        sas = self.sas()
        return ({sa.spi for sa in sas if sa.destination == ELASTIC_IP},
                {sa.spi for sa in sas if sa.source == ELASTIC_IP})

    # --- test frames

    def begin_frames(self, count, milliseconds=20):
        return self.guest.begin(f"python3 /host/frames.py {ELASTIC_IP} {count} {milliseconds}",
                                count * milliseconds / 1000 + 30)

    def finish_frames(self, begun):
        """(how many the kernel took, how many it refused)."""
        sent, refused = re.search(r"sent (\d+) refused (\d+)", self.guest.finish(begun)).groups()
        return int(sent), int(refused)

    def send_frames(self, count, milliseconds=20):
        return self.finish_frames(self.begin_frames(count, milliseconds))

    # --- its life

    def log(self):
        return self.guest.run(f"cat {self.daemon_log} 2>/dev/null || true")

    def says(self, pattern):
        """Whether its log has it."""
        return re.search(pattern, self.log()) is not None

    def stop(self):
        """Without a word to the gateway."""
        self.guest.run("for process in $(pidof charon-systemd pluto); do kill -9 $process; done\n"
                       "while pidof charon-systemd pluto >/dev/null; do sleep 0.05; done\n"
                       "ip xfrm state flush; ip xfrm policy flush; rm -rf /run/pluto /run/charon*")


class StrongSwan(Client):
    name = "strongswan"
    daemon_log = "/run/charon.log"

    def configure(self, settings):
        self.stop()
        self.guest.write("/etc/strongswan.conf", """
charon-systemd {
  load_modular = yes
  plugins {
    include strongswan.d/charon/*.conf
  }
  retransmit_tries = 3
  filelog {
    log {
      path = /run/charon.log
      time_format = %T
      ike_name = yes
      default = 1
      ike = 2
      cfg = 2
      flush_line = yes
    }
  }
}""")
        proposals = f"proposals = {settings.ike}" if settings.ike else ""
        esp_proposals = f"esp_proposals = {settings.esp}" if settings.esp else ""
        # Without a time to rekey, over_time is all of an IKE SA's lifetime, and what is proposed.
        ike_rekey = settings.ike_seconds - settings.margin_seconds if settings.rekeys else 0
        esp_rekey = settings.esp_seconds - settings.margin_seconds if settings.rekeys else 0
        self.guest.write("/etc/swanctl/swanctl.conf", f"""
connections {{
  lab {{
    version = 1
    remote_addrs = {ELASTIC_IP}
    aggressive = {"yes" if settings.aggressive else "no"}
    {proposals}
    keyingtries = 1
    dpd_delay = {settings.dpd_seconds}s
    dpd_timeout = 60s
    rekey_time = 0
    reauth_time = {ike_rekey}s
    over_time = {settings.ike_seconds - ike_rekey}s
    rand_time = 0
    local {{
      auth = psk
    }}
    remote {{
      auth = psk
      id = {ELASTIC_IP}
    }}
    children {{
      lab {{
        mode = {settings.mode}
        ipcomp = {"yes" if settings.ipcomp else "no"}
        local_ts = dynamic[udp/1701]
        remote_ts = {"dynamic" if settings.mode == "transport" else ELASTIC_IP + "/32"}[udp/1701]
        {esp_proposals}
        life_time = {settings.esp_seconds}s
        rekey_time = {esp_rekey}s
        rand_time = 0
        dpd_action = clear
      }}
    }}
  }}
}}
secrets {{
  ike {{
    secret = "{settings.psk}"
  }}
}}""")
        self.guest.run("setsid charon-systemd </dev/null >/run/charon.out 2>&1 & \n"
                       "for try in $(seq 100); do swanctl --stats >/dev/null 2>&1 && break; sleep 0.1; done\n"
                       "swanctl --load-all")

    def connect(self, seconds=CONNECT_SECONDS):
        """Whether IKE and ESP SAs are up."""
        self.said, status = self.guest.finish(self.guest.begin(
            f"swanctl --initiate --child lab --timeout {seconds}", seconds + 10), check=False)
        return status == 0

    def disconnect(self):
        self.guest.run("swanctl --terminate --ike lab --timeout 5")

    def rekey_esp(self):
        self.guest.run("swanctl --rekey --child lab")

    def rekey_ike(self):
        self.guest.run("swanctl --rekey --ike lab --reauth")

    # What its log says of dead peer detection.
    ASKED_BY_GATEWAY = r"parsed INFORMATIONAL_V1 request \d+ \[ HASH N\(DPD\) \]"
    ANSWERED_BY_GATEWAY = r"parsed INFORMATIONAL_V1 request \d+ \[ HASH N\(DPD_ACK\) \]"


class Libreswan(Client):
    name = "libreswan"
    daemon_log = "/run/pluto.log"

    def configure(self, settings):
        self.stop()
        lines = []
        if settings.ike:
            cipher_and_hash, group = settings.ike.rsplit("-", 1)
            lines.append(f"ike={cipher_and_hash.replace('sha256', 'sha2_256')};{group.replace('ecp256', 'dh19')}")
        if settings.esp:
            lines.append(f"esp={settings.esp.replace('sha256', 'sha2_256').replace('aes128gcm16', 'aes_gcm128')}")
        if settings.dpd_seconds:
            lines += [f"dpddelay={settings.dpd_seconds}", "dpdtimeout=60", "dpdaction=clear"]
        self.guest.write("/etc/ipsec.conf", f"""
config setup
  ikev1-policy=accept
  logfile={self.daemon_log}
  logtime=yes
  plutodebug=base
conn lab
  auto=add
  ikev2=no
  authby=secret
  pfs=no
  left=%defaultroute
  leftprotoport=17/1701
  right={ELASTIC_IP}
  rightprotoport=17/1701
  type={settings.mode}
  compress={"yes" if settings.ipcomp else "no"}
  aggressive={"yes" if settings.aggressive else "no"}
  rekey={"yes" if settings.rekeys else "no"}
  rekeymargin={settings.margin_seconds}s
  rekeyfuzz=0%
  ikelifetime={settings.ike_seconds}s
  salifetime={settings.esp_seconds}s
  keyingtries=1
""" + "".join(f"  {line}\n" for line in lines))
        self.guest.write("/etc/ipsec.secrets", f'%any %any : PSK "{settings.psk}"')
        self.guest.run(f"rm -f {self.daemon_log}; mkdir -p /run/pluto /var/lib/ipsec/nss /etc/ipsec.d\n"
                       "[ -e /var/lib/ipsec/nss/cert9.db ] || ipsec initnss >/dev/null 2>&1\n"
                       "ipsec pluto --config /etc/ipsec.conf\n"
                       "for try in $(seq 100); do ipsec whack --status >/dev/null 2>&1 && break; sleep 0.1; done\n"
                       "ipsec whack --listen && ipsec addconn lab")

    def connect(self, seconds=CONNECT_SECONDS):
        self.said, _ = self.guest.finish(self.guest.begin(
            f"timeout {seconds} ipsec whack --name lab --initiate", seconds + 10), check=False)
        return "IPsec SA established" in self.said

    def disconnect(self):
        self.guest.run("ipsec whack --name lab --terminate")

    ASKED_BY_GATEWAY = r"received R_U_THERE seq"
    ANSWERED_BY_GATEWAY = r"R_U_THERE_ACK, seqno received"


CLIENTS = {"strongswan": StrongSwan, "libreswan": Libreswan}
