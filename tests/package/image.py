# SPDX-License-Identifier: Apache-2.0
"""The disk of the machine that the package is installed on: Debian's minimal system with systemd and what the package
depends on, configured by Debian's own scripts, and nothing of ours but a shell on the serial line. Kept until what goes
into it changes."""
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from root_file_system import Missing

DEBIAN = "bookworm"
SOURCES = pathlib.Path("/etc/apt/sources.list.d/debian.sources")
PACKAGES = ("systemd", "systemd-sysv", "init-system-helpers", "iproute2", "iputils-ping", "python3", "procps",
            "kmod", "bash")
DISK_MEGABYTES = 1400
SHELL = pathlib.Path(__file__).resolve().parents[1] / "interop/guest/serial_shell.py"
UNIT = """[Unit]
Description=a shell for the test
DefaultDependencies=yes
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/serial_shell.py /dev/ttyS0
Environment=HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb PAGER=cat SYSTEMD_PAGER=cat
KillMode=process
StandardError=journal+console
[Install]
WantedBy=multi-user.target
"""
MASKED = ("getty.target", "serial-getty@ttyS0.service", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer",
          "e2scrub_all.timer", "e2scrub_reap.service", "fstrim.timer", "systemd-random-seed.service", "systemd-networkd-wait-online.service")
FINISH = r"""set -e
tar -C "$1" -xf "$2" --exclude=./dev/*
cp "$3" "$1/usr/local/sbin/serial_shell.py"
cp "$4" "$1/etc/systemd/system/test-shell.service"
mkdir -p "$1/etc/systemd/system/multi-user.target.wants" "$1/host" "$1/var/log/journal"
ln -sf ../test-shell.service "$1/etc/systemd/system/multi-user.target.wants/test-shell.service"
ln -sf /lib/systemd/system/multi-user.target "$1/etc/systemd/system/default.target"
for unit in $6; do ln -sf /dev/null "$1/etc/systemd/system/$unit"; done
echo machine >"$1/etc/hostname"
rm -rf "$1/usr/share/doc" "$1/usr/share/locale" "$1/var/lib/apt/lists" "$1/boot"
truncate -s "$7" "$5"
mke2fs -q -t ext4 -O ^has_journal -F -d "$1" "$5"
"""


def dependencies(deb):
    """Names of packages, the first of alternatives."""
    text = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], capture_output=True, text=True, check=True).stdout
    return [re.match(r"[^ |(]+", each.strip()).group(0) for each in text.split(",")]


def _source():
    if SOURCES.exists() and DEBIAN in SOURCES.read_text(encoding="utf-8"):
        return str(SOURCES)
    return f"deb http://deb.debian.org/debian {DEBIAN} main"


def build(deb, cache):
    """The disk's path. Missing: why it can't be made."""
    packages = sorted({*PACKAGES, *dependencies(deb)})
    recipe = hashlib.sha256("\n".join([*packages, UNIT, FINISH, *MASKED, str(DISK_MEGABYTES)]).encode()
                            + SHELL.read_bytes()).hexdigest()
    cache.mkdir(parents=True, exist_ok=True)
    disk, mark = cache / "disk.img", cache / "recipe"
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and disk.exists() and mark.read_text(encoding="ascii") == recipe:
            return disk
        mark.unlink(missing_ok=True)
        _make(packages, cache, disk)
        mark.write_text(recipe, encoding="ascii")
    return disk


def _make(packages, cache, disk):
    for program, package in (("mmdebstrap", "mmdebstrap"), ("fakeroot", "fakeroot"), ("mke2fs", "e2fsprogs")):
        if shutil.which(program) is None:
            raise Missing(f"there is no {program} (package {package}); ./dev setup installs it")
    log, tar, folder = cache / "log", cache / "root.tar", cache / "root"
    shutil.rmtree(folder, ignore_errors=True)
    disk.unlink(missing_ok=True)
    folder.mkdir()
    unit = cache / "test-shell.service"
    unit.write_text(UNIT, encoding="ascii")
    steps = (["mmdebstrap", "--quiet", "--variant=minbase", f"--mode={'root' if os.geteuid() == 0 else 'unshare'}",
              f"--include={','.join(packages)}", '--aptopt=Apt::Install-Recommends "false"', DEBIAN, str(tar), _source()],
             ["fakeroot", "sh", "-c", FINISH, "sh", str(folder), str(tar), str(SHELL), str(unit), str(disk),
              " ".join(MASKED), f"{DISK_MEGABYTES}M"])
    with open(log, "wb") as stream:
        for command in steps:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, check=False)
            if done.returncode:
                last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
                raise Missing(f"{command[0]} could not make the machine's disk, see {log}: {' | '.join(last)}")
    tar.unlink()
    shutil.rmtree(folder, ignore_errors=True)
