"""Debian packages: installs those that are missing, quietly and without asking."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from hub.cli import docker_engine
from hub.cli.running import Step, output

ALWAYS = (
    "ca-certificates",
    # the environment
    "python3-venv",
    # makes the base image without a registry
    "mmdebstrap",
    # a workspace's home is an ext4 file
    "e2fsprogs",
    # file types by content
    "libmagic1",
    # reads audio
    "libsndfile1",
    # reads letters in pictures, where the screening runs outside its container
    "tesseract-ocr",
    # mounts and unmounts homes, runs a check as another user
    "mount",
    "util-linux",
    # makes users
    "passwd",
)
# Needed where no Docker engine answers yet; one that is there may be another vendor's, and stays.
ENGINE = ("docker.io", "iptables")
# To copy an institution's database before it is changed.
POSTGRESQL = ("postgresql-client",)
# For the tests: a browser without windows, of which the other draws seven times as long for each page that is
# opened; letters for its pictures, an institution's database, and a network of hosts.
TESTS = ("chromium-headless-shell", "fonts-dejavu-core", "postgresql", "iproute2")


def missing(names: Iterable[str]) -> list[str]:
    """Return those of the packages that are neither installed nor provided by one that is."""
    lines = output(["dpkg-query", "-W", "-f", "${db:Status-Status}, ${Package}, ${Provides}\n"]).splitlines()
    installed = [line.split(", ")[1:] for line in lines if line.startswith("installed, ")]
    # Debian 13 has libraries under other names, which provide the old: `libmagic1 (= 1:5.46-5)`.
    there = {name.split(" ")[0] for provided in installed for name in provided}
    return [name for name in names if name not in there]


def ensure(step: Step, *, tests: bool = False, postgresql: bool = False) -> None:
    """Install what is missing, without recommended extras."""
    wanted = list(ALWAYS)
    if not docker_engine.answers() and not shutil.which("dockerd"):
        wanted += ENGINE
    if postgresql:
        wanted += POSTGRESQL
    if tests:
        wanted += TESTS
    needed = missing(wanted)
    if not needed:
        return
    step.say(f"installing {', '.join(needed)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    fix = "check that this machine reaches its Debian mirror (`apt-get update`), then run the command again"
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    step.run(["apt-get", *wait, "-q", "update"], env=environment, fix=fix)
    step.run(
        ["apt-get", *wait, "-q", "install", "--yes", "--no-install-recommends", *needed],
        env=environment,
        fix=fix,
    )
    step.note = f"installed {len(needed)}"
