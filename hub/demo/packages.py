"""Debian packages: downloaded once, checked against apt's lists and unpacked beside the system."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
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


@dataclass(frozen=True)
class Listed:
    """What apt's signed lists say about the package it would download."""

    name: str
    size: int
    sha256: str

    @property
    def file(self) -> str:
        """The name under which it is kept."""
        return f"{self.name}_{self.sha256}.deb"

    def is_in(self, path: Path) -> bool:
        """Say whether a file is exactly this package."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self.sha256


def unpack(names: Iterable[str], work: Path, cache: Path) -> dict[str, Unpacked]:
    """Unpack packages into a folder each below `work`; `cache` keeps the downloads for the next time."""
    wanted = sorted(set(names))
    cache.mkdir(mode=0o755, parents=True, exist_ok=True)
    try:
        archives = _archives(wanted, work, cache)
    except Unavailable:
        # A machine that never asked its mirror for a list knows no package; an old list names old files.
        subprocess.run(["apt-get", "update", "--quiet=2"], capture_output=True, check=False)
        archives = _archives(wanted, work, cache)
    # Most of the time goes into decompressing: one package a processor.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        done = pool.map(lambda name: _unpack(name, archives[name], work), wanted)
        return dict(zip(wanted, done, strict=True))


def _archives(names: list[str], work: Path, cache: Path) -> dict[str, Path]:
    """Return each package's file in the cache, checked; what is not there is downloaded."""
    listed = _listed(names)
    if missing := [package for package in listed if not package.is_in(cache / package.file)]:
        _download([package.name for package in missing], work)
    for package in missing:
        _keep(package, work, cache)
    return {package.name: cache / package.file for package in listed}


def _listed(names: list[str]) -> list[Listed]:
    found = _show(names)
    if unknown := [name for name in names if name not in found]:
        raise Unavailable(
            f"the demo's speech is not in this machine's package lists ({', '.join(unknown)}); "
            f"check that `apt-cache show {unknown[0]}` finds it, then run this again"
        )
    return [found[name] for name in names]


def _show(names: list[str]) -> dict[str, Listed]:
    command = ["apt-cache", "show", "--no-all-versions", *names]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = {}
    for paragraph in shown.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line[1:])
        if {"Package", "Size", "SHA256"} <= set(fields):
            listed = Listed(fields["Package"], int(fields["Size"]), fields["SHA256"])
            found[listed.name] = listed
    return found


def _download(names: list[str], work: Path) -> None:
    # apt drops to a user of its own for downloads, who must be able to write here.
    work.chmod(0o777)
    command = ["apt-get", "download", "--quiet=2", *names]
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip() or "apt-get gave no reason"
        raise Unavailable(
            f"the demo's speech could not be downloaded ({reason}); "
            f"check that `apt-get download {names[0]}` works on this machine, then run this again"
        )


def _keep(package: Listed, work: Path, cache: Path) -> None:
    """Put a download into the cache whole, in place of older versions; refuse what apt does not list."""
    archive = next(work.glob(f"{package.name}_*.deb"))
    if not package.is_in(archive):
        raise Unavailable(
            f"the download of {package.name} is not the file that this machine's package lists name; "
            "run this again, which asks for the lists anew"
        )
    for older in cache.glob(f"{package.name}_*.deb*"):
        older.unlink()
    scratch = cache / f"{package.file}.{os.getpid()}"
    shutil.copyfile(archive, scratch)
    scratch.replace(cache / package.file)


def _unpack(name: str, archive: Path, work: Path) -> Unpacked:
    folder = work / name
    subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder)], check=True)
    asked = ["dpkg-deb", "--field", str(archive), "Version"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return Unpacked(name, version, folder)
