# SPDX-License-Identifier: Apache-2.0
"""A FreeRADIUS of Debian beside the gateway, on its loopback, with a configuration of its own."""
import re
import shutil
import tempfile
from pathlib import Path

from lab import wait_until

SECRET = "lab-radius-secret"
SETTINGS = {"server": [{"address": "127.0.0.1", "secret": SECRET}], "interim_seconds": 60}
CONFIGURATION = """
name = interop
libdir = /usr/lib/freeradius
confdir = {folder}
raddbdir = {folder}
logdir = {folder}
run_dir = {folder}
log {{
  destination = stdout
}}
security {{
  reject_delay = 0
  status_server = no
  allow_vulnerable_openssl = yes
}}
client loopback {{
  ipaddr = 127.0.0.1
  secret = {secret}
  require_message_authenticator = yes
}}
modules {{
  mschap {{
    use_mppe = no
  }}
  files {{
    usersfile = {folder}/users
  }}
  detail {{
    filename = {folder}/detail
  }}
}}
server default {{
  listen {{
    type = auth
    ipaddr = 127.0.0.1
    port = 1812
  }}
  listen {{
    type = acct
    ipaddr = 127.0.0.1
    port = 1813
  }}
  authorize {{
    mschap
    files
  }}
  authenticate {{
    Auth-Type MS-CHAP {{
      mschap
    }}
  }}
  accounting {{
    detail
  }}
}}
"""


class FreeRadius:
    def __init__(self, topology, users):
        self.folder = Path(tempfile.mkdtemp(prefix="interop-radius-"))
        (self.folder / "radiusd.conf").write_text(CONFIGURATION.format(folder=self.folder, secret=SECRET))
        (self.folder / "users").write_text(users)
        for file in self.folder.iterdir():
            file.chmod(0o600)
        self.log = self.folder / "server.log"
        self.program = topology.start("gateway", ["/usr/sbin/freeradius", "-f", "-l", "stdout", "-d", self.folder], self.log)
        wait_until(lambda: "Ready to process requests" in self.log.read_text(errors="replace"),
                   lambda: f"FreeRADIUS is ready: {self.log.read_text(errors='replace')[-500:]}")

    def records(self):
        """What accounting has written down: a table for each record."""
        detail = self.folder / "detail"
        text = detail.read_text(errors="replace") if detail.exists() else ""
        return [dict(re.findall(r"^\t(\S+) = \"?(.*?)\"?$", record, re.M)) for record in text.split("\n\n")
                if record.strip()]

    def end(self):
        self.program.end()
        shutil.rmtree(self.folder)
