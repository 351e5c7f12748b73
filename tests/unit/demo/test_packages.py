"""Packages are downloaded once, and nothing is unpacked that apt's lists don't name."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hub.demo import packages
from hub.errors import Unavailable

NAME = "spoken-words"
BYTES = b"a package of speech"


class Apt:
    """Stands in for apt: what its lists say, what its mirror sends, and what was asked."""

    def __init__(self, listed: bytes = BYTES) -> None:
        self.known = True
        self.listed = listed
        self.sent = BYTES
        self.asked: list[str] = []

    def run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Answer as the real commands do."""
        self.asked.append(" ".join(command[:2]))
        out = ""
        match command[:2]:
            case ["apt-cache", "show"]:
                digest = hashlib.sha256(self.listed).hexdigest()
                lines = f"Package: {NAME}\nDescription: Words: spoken\n and more\nSize: {len(self.listed)}"
                out = f"{lines}\nSHA256: {digest}\n\n" if self.known else ""
            case ["apt-get", "update"]:
                self.known, self.listed = True, self.sent
            case ["apt-get", "download"]:
                (Path(options["cwd"]) / f"{NAME}_1.0_all.deb").write_bytes(self.sent)
            case ["dpkg-deb", "--extract"]:
                Path(command[3]).mkdir()
            case ["dpkg-deb", "--field"]:
                out = "1.0\n"
        return subprocess.CompletedProcess(command, 0, out, "")


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch) -> Apt:
    """Return apt's stand-in, in place."""
    made = Apt()
    monkeypatch.setattr(subprocess, "run", made.run)
    return made


def unpack(folder: Path, name: str) -> dict[str, packages.Unpacked]:
    work = folder / name
    work.mkdir()
    return packages.unpack([NAME], work, folder / "cache")


def test_a_second_state_downloads_nothing(apt: Apt, tmp_path: Path) -> None:
    assert unpack(tmp_path, "first")[NAME].version == "1.0"
    apt.asked.clear()
    assert unpack(tmp_path, "second")[NAME].folder == tmp_path / "second" / NAME
    assert "apt-get download" not in apt.asked


@pytest.mark.parametrize("found", [b"", BYTES[:-1], BYTES.replace(b"a", b"e")])
def test_a_kept_file_that_is_not_what_apt_lists_is_downloaded_again(
    apt: Apt, tmp_path: Path, found: bytes
) -> None:
    unpack(tmp_path, "first")
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(found)
    apt.asked.clear()
    unpack(tmp_path, "second")
    assert "apt-get download" in apt.asked and kept.read_bytes() == BYTES


def test_a_download_that_is_not_what_apt_lists_is_never_unpacked(apt: Apt, tmp_path: Path) -> None:
    apt.listed = b"what the signed lists name"

    def no_news(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        if command[:2] == ["apt-get", "update"]:
            return subprocess.CompletedProcess(command, 100, "", "")
        return apt.run(command, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "run", no_news)
        with pytest.raises(Unavailable, match="is not the file that this machine's package lists name"):
            unpack(tmp_path, "first")
    assert "dpkg-deb --extract" not in apt.asked and not list((tmp_path / "cache").iterdir())


def test_a_new_version_takes_the_old_ones_place(apt: Apt, tmp_path: Path) -> None:
    unpack(tmp_path, "first")
    apt.listed = apt.sent = b"a newer package of speech"
    unpack(tmp_path, "second")
    (kept,) = (tmp_path / "cache").iterdir()
    assert kept.read_bytes() == apt.sent


@pytest.mark.parametrize("known", [False, True])
def test_lists_that_are_missing_or_old_are_asked_for_anew(apt: Apt, tmp_path: Path, known: bool) -> None:
    apt.known = known
    apt.listed = b"an older package"
    assert unpack(tmp_path, "first")
    assert apt.asked.count("apt-get update") == 1
