# SPDX-License-Identifier: Apache-2.0
"""configs/cloud-init.yaml: that it is user data cloud-init would take, and that its script leaves the right interface
to the kernel, on machines made of files. Where cloud-init is installed, its own schema has the last word; elsewhere the
keys are held against what is written here. Exit code 77: there is no PyYAML."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    sys.exit(77)

USER_DATA = pathlib.Path(sys.argv[1])
SCHEMA = pathlib.Path(
    os.environ.get(
        "CLOUD_INIT_SCHEMA",
        "/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json",
    )
)
KINDS = {"package_update": bool, "packages": list, "write_files": list, "runcmd": list, "power_state": dict}


def check_keys(data):
    for key, value in data.items():
        assert isinstance(value, KINDS[key]), f"{key}: not a {KINDS[key].__name__}"
    assert all(isinstance(package, str) for package in data["packages"])
    for file in data["write_files"]:
        assert set(file) <= {"path", "content", "permissions"}, file
        assert file["path"].startswith("/") and file["content"].endswith("\n"), file["path"]
        assert isinstance(file.get("permissions", "0644"), str), f"{file['path']}: an octal number needs quotes"
    for command in data["runcmd"]:
        assert all(isinstance(word, str) for word in command), command
    assert data["power_state"]["mode"] == "reboot"


def check_against_cloud_inits_schema(data):
    if not SCHEMA.exists():
        print("cloud-init is not installed: its own schema was not asked")
        return
    import jsonschema

    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text())).validate(data)
    print("accepted by cloud-init's own schema")


def made_up_instance(root, default_interface):
    devices = {
        "0000:00:04.0": ("0x1d0f", "0x010802", None),  # NVMe
        "0000:00:05.0": ("0x1d0f", "0x020000", "ens5"),
        "0000:00:06.0": ("0x1d0f", "0x020000", "ens6"),
        "0000:00:07.0": ("0x1d0f", "0x020000", None),  # bound to no driver
        "0000:00:08.0": ("0x8086", "0x020000", "eth9"),
    }
    for address, (vendor, device_class, interface) in devices.items():
        folder = root / "sys/bus/pci/devices" / address
        folder.mkdir(parents=True)
        (folder / "vendor").write_text(vendor + "\n")
        (folder / "class").write_text(device_class + "\n")
        if interface:
            (folder / "net" / interface).mkdir(parents=True)
    (root / "proc/net").mkdir(parents=True)
    lines = ["Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT", "ens6 0001140A 0 0001 0 0 0 00FFFFFF 0 0 0"]
    if default_interface:
        lines.append(f"{default_interface} 00000000 0101140A 0003 0 0 0 00000000 0 0 0")
    (root / "proc/net/route").write_text("\n".join(lines) + "\n")


def given(script, default_interface):
    """What the script would give to DPDK; None: it refused."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        made_up_instance(root, default_interface)
        done = subprocess.run(
            ["sh", "-c", script], env=dict(os.environ, ROOT=folder), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            assert "no default route" in done.stderr, done.stderr
            assert not (root / "etc/dpdk/interfaces").exists()
            return None
        return (root / "etc/dpdk/interfaces").read_text()


def check_script(data):
    (script,) = [file["content"] for file in data["write_files"] if file["path"].endswith("espgate-give-interfaces")]
    assert given(script, "ens5") == "pci 0000:00:06.0 igb_uio\npci 0000:00:07.0 igb_uio\n"
    assert given(script, "ens6") == "pci 0000:00:05.0 igb_uio\npci 0000:00:07.0 igb_uio\n"
    assert given(script, None) is None


def main():
    text = USER_DATA.read_text()
    assert text.startswith("#cloud-config\n"), "the first line is what cloud-init knows it by"
    data = yaml.safe_load(text)
    check_keys(data)
    check_against_cloud_inits_schema(data)
    check_script(data)
    paths = {file["path"]: file["content"] for file in data["write_files"]}
    assert "wc_activate=1" in paths["/etc/modprobe.d/igb_uio.conf"]


main()
