"""Debian packages, downloaded and unpacked beside the system, never installed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub.errors import Unavailable


@dataclass(frozen=True)
class Unpacked:
    """A package's version, and the folder that holds its files."""

    name: str
    version: str
    folder: Path

    @property
    def copyright(self) -> bytes:
        """The package's own statement of who made it and what may be done with it."""
        return (self.folder / "usr/share/doc" / self.name / "copyright").read_bytes()


def unpack(names: Iterable[str], work: Path) -> dict[str, Unpacked]:
    """Download packages into `work` and unpack each into a folder of its own."""
    wanted = sorted(set(names))
    # apt drops to a user of its own for downloads, who must be able to write here.
    work.chmod(0o777)
    _download(wanted, work)
    return {name: _unpack(name, work) for name in wanted}


def _download(names: list[str], work: Path) -> None:
    command = ["apt-get", "download", "--quiet=2", *names]
    first = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if first.returncode == 0:
        return
    # A machine that never asked its package mirror for a list knows no package.
    subprocess.run(["apt-get", "update", "--quiet=2"], capture_output=True, check=False)
    again = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if again.returncode:
        reason = again.stderr.strip() or "apt-get gave no reason"
        raise Unavailable(
            f"the demo's speech could not be downloaded ({reason}); "
            f"check that `apt-get download {names[0]}` works on this machine, then run this again"
        )


def _unpack(name: str, work: Path) -> Unpacked:
    archive = next(work.glob(f"{name}_*.deb"))
    folder = work / name
    subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)
    asked = ["dpkg-deb", "--field", str(archive), "Version"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return Unpacked(name, version, folder)
