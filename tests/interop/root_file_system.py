# SPDX-License-Identifier: Apache-2.0
"""Root file systems of the guests: Debian packages, unpacked but not configured, so that it takes seconds and no
privilege. Kept in a folder until what goes into them changes."""
import fcntl
import hashlib
import inspect
import os
import pathlib
import shutil
import subprocess
import sys

DEBIAN = "bookworm"
INIT = pathlib.Path(__file__).resolve().parent / "guest/init"  # a guest's first process has to be on its disk
SOURCES = pathlib.Path("/etc/apt/sources.list.d/debian.sources")
BASE = ("usr-is-merged base-files netbase bash dash coreutils sed grep mawk findutils util-linux mount hostname procps "
        "kmod iproute2 iputils-ping tcpdump python3 xl2tpd ppp iperf3")
PACKAGES = {
    "strongswan": f"{BASE} charon-systemd libcharon-extra-plugins libstrongswan-standard-plugins "
                  "libstrongswan-extra-plugins",
    "libreswan": f"{BASE} libreswan",
}
# What maintainer scripts would have made.
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nprotocols: files\nservices: files\n",
}
LINKS = {"usr/bin/awk": "mawk", "etc/mtab": "/proc/mounts"}
UNNEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/perl", "boot")


class Missing(Exception):
    """Something that the guests need is not on this machine; says what, and what to do."""


def _recipe(kind):
    """Changes whenever the result would."""
    text = PACKAGES[kind] + inspect.getsource(sys.modules[__name__])
    return hashlib.sha256(text.encode() + INIT.read_bytes()).hexdigest()


def _source():
    """The host's own package source if it is the same Debian, or else Debian's."""
    if SOURCES.exists() and DEBIAN in SOURCES.read_text(encoding="utf-8"):
        return str(SOURCES)
    return f"deb http://deb.debian.org/debian {DEBIAN} main"


def build_all(kinds, folder):
    """Makes folder/KIND where it is not there or not as it should be, all at once. Missing: why one can't be made."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="ascii") as lock:  # runs of several build folders share them
        fcntl.flock(lock, fcntl.LOCK_EX)
        for finish in [_build(kind, folder) for kind in kinds]:
            finish()


def _build(kind, folder):
    """Starts; returns what waits for the end."""
    root, mark = folder / kind, folder / f"{kind}.recipe"
    recipe = _recipe(kind)
    if mark.exists() and mark.read_text(encoding="ascii") == recipe:
        return lambda: None
    if shutil.which("mmdebstrap") is None:
        raise Missing("there is no mmdebstrap to make root file systems with; ./dev setup installs it")
    mark.unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    log = folder / f"{kind}.log"
    command = ["mmdebstrap", "--quiet", "--variant=extract", "--mode=chrootless", "--format=directory",
               f"--include={','.join(PACKAGES[kind].split())}", '--aptopt=Apt::Install-Recommends "false"',
               # The packages' /bin and so on go where merged systems have them.
               '--setup-hook=for d in bin sbin lib lib64; do mkdir -p "$1/usr/$d"; ln -s "usr/$d" "$1/$d"; done',
               DEBIAN, str(root), _source()]
    with open(log, "wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                                   env={**os.environ, "TMPDIR": str(folder)})

    def finish():
        if process.wait() != 0:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
            raise Missing(f"mmdebstrap could not make the guest {kind}, see {log}: {' | '.join(last)}")
        _complete(root)
        mark.write_text(recipe, encoding="ascii")

    return finish


def _complete(root):
    for name in UNNEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
    for name, text in FILES.items():
        (root / name).write_text(text, encoding="ascii")
    for name, target in LINKS.items():
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)
    shutil.copy(INIT, root / "usr/sbin/guest-init")
    (root / "usr/sbin/guest-init").chmod(0o755)
    # Where the guest's first process mounts before it can make folders of its own.
    for name in ("mnt", "usr/lib/modules", "host"):
        (root / name).mkdir(parents=True, exist_ok=True)
