"""Ansible as an institution runs it, on roots of the test's own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
ANSIBLE = CHECKOUT / "ansible"
PROGRAM = ("pyproject.toml", "README.md", "hub", "egress_review", "policies", "images", "notebooks")
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")


def ansible(program: str, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one of Ansible's programs in the folder of the playbook."""
    found = shutil.which(program, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert found, f"{program} is missing; `python3 -m hub test` installs it"
    own = {
        "PATH": f"{Path(found).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "ANSIBLE_CONNECTION_PLUGINS": str(Path(__file__).parent / "connection"),
        "ANSIBLE_NOCOLOR": "1",
    }
    return subprocess.run([found, *words], check=False, cwd=ANSIBLE, env=own, capture_output=True, text=True)


def apply(*inventories: Path, home: Path, play: str = "site.yml") -> tuple[dict[str, int], str]:
    """Apply the site, or another play; return how many things changed on each host, and what was said."""
    named = [word for inventory in inventories for word in ("-i", str(inventory))]
    ran = ansible("ansible-playbook", *named, play, home=home)
    recap = RECAP.findall(ran.stdout)
    assert ran.returncode == 0 and recap, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert all(unreachable == failed == "0" for _, _, unreachable, failed in recap)
    return {host: int(changed) for host, changed, _, _ in recap}, ran.stdout


def archive(folder: Path) -> Path:
    """Pack the program as `git archive` would."""
    target = folder / "release.tar.gz"
    with tarfile.open(target, "w:gz", compresslevel=1) as out:
        for name in PROGRAM:
            out.add(CHECKOUT / name, name, filter=lambda one: None if "__pycache__" in one.name else one)
    return target


def certificate(folder: Path, name: str, *hosts: str, by: str = "") -> tuple[str, str]:
    """Make a certificate for these hosts, vouched for by another or by itself; return it and its key."""
    words = ["openssl", "req", "-x509", *NEW_KEY, "-subj", f"/CN={name}"]
    if hosts:
        words += ["-addext", f"subjectAltName={','.join(f'DNS:{host}' for host in hosts)}"]
    if by:
        words += ["-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-addext", "basicConstraints=critical,CA:FALSE"]
    words += ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return (folder / f"{name}.pem").read_text(), (folder / f"{name}.key").read_text()
