"""What others say of the same files: ClamAV, a list of suffixes with a cap on size, ACRO's own status."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from egress_review.bench.material import LaidOut

SUFFIXES = {
    ".csv", ".tsv", ".txt", ".md", ".json", ".jsonl", ".ipynb", ".png", ".jpg", ".jpeg", ".svg", ".pdf",
    ".log", ".tex", ".bib", ".yaml", ".yml", ".toml", ".html", ".xlsx", ".py", ".r",
}  # fmt: skip
CAP = 1 << 20
# The MD5, size and name of EICAR's test file, which every scanner knows; there is no other signature here,
# as the enclave's machines reach no server of signatures.
SIGNATURE = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n"
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class NoTool(Exception):
    """A tool that was asked for can't be had here; the message says why."""


class Tool(Protocol):
    """Something else that looks at the same files."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        ...

    def catches(self, submission: Any, laid: LaidOut, mark: str) -> bool | None:
        """Return whether its verdict is right for the mark; None where it doesn't apply."""
        ...


def tools(options: argparse.Namespace) -> list[Tool]:
    """Return the tools that are here, or that the options ask to install; what is missing is said aloud."""
    found: list[Tool] = [AllowList()]
    scanner = clamav(install=options.with_clamav)
    if scanner is not None:
        found.append(scanner)
    acro = Acro(_cache() / "acro")
    if options.with_acro:
        acro.install()
    if acro.python.exists():
        found.append(acro)
    else:
        sys.stderr.write("ACRO: not installed; --with-acro installs it into a venv of its own.\n")
    return found


def clamav(*, install: bool) -> ClamAV | None:
    """Return Debian's clamscan, installed if that is wanted; None, said aloud, where it is not here."""
    if install and shutil.which("clamscan") is None:
        command = ["apt-get", "install", "--yes", "--no-install-recommends", "clamav"]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            raise NoTool("Debian's clamav could not be installed; it needs root and a package mirror.")
    program = shutil.which("clamscan")
    if program is None:
        sys.stderr.write("ClamAV: not installed; --with-clamav installs Debian's.\n")
        return None
    return ClamAV(program, Path(tempfile.mkdtemp(prefix="signatures-")))


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "parlatory"


def _right(mark: str, blocked: bool) -> bool:
    """Return whether a tool that only blocks, and rebuilds nothing, is right."""
    return not blocked if mark == "benign" else blocked


@dataclass(frozen=True)
class AllowList:
    """The usual rule of an airlock: known suffixes, at most a mebibyte each."""

    name: str = "allow-list"

    def catches(self, submission: Any, laid: LaidOut, mark: str) -> bool | None:
        """Return whether a suffix outside the list or a size over the cap stops the submission."""
        blocked = False
        for path, name in laid.paths.values():
            suffix = f".{name.rsplit('.', 1)[1].lower()}" if "." in name else ""
            blocked |= suffix not in SUFFIXES or path.stat().st_size > CAP if path.is_file() else True
        return _right(mark, blocked)


@dataclass(frozen=True)
class ClamAV:
    """Debian's clamscan, with EICAR's test signature as its whole database."""

    program: str
    signatures: Path
    name: str = "ClamAV"

    def __post_init__(self) -> None:
        (self.signatures / "test.hdb").write_text(SIGNATURE, encoding="ascii")
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder) / "eicar"
            probe.write_bytes(EICAR)
            if not self.finds([probe]):
                raise NoTool("clamscan does not find its own test file here.")

    def finds(self, paths: list[Path]) -> bool:
        """Return whether clamscan finds anything in these files."""
        command = [
            self.program,
            f"--database={self.signatures}",
            "--no-summary",
            "--infected",
            *map(str, paths),
        ]
        try:
            said = subprocess.run(command, check=False, capture_output=True, timeout=120)
        except subprocess.TimeoutExpired:
            return False
        return said.returncode == 1

    def catches(self, submission: Any, laid: LaidOut, mark: str) -> bool | None:
        """Return whether a signature stops the submission."""
        files = [path for path, _ in laid.paths.values() if path.is_file()]
        return _right(mark, bool(files) and self.finds(files))


@dataclass(frozen=True)
class Acro:
    """ACRO in a virtual environment of its own: the status it would give the same table."""

    folder: Path
    name: str = "ACRO"

    @cached_property
    def python(self) -> Path:
        """The interpreter of its environment."""
        return self.folder / "bin" / "python"

    def install(self) -> None:
        """Install ACRO where it is missing; raises NoTool where that fails."""
        if self.python.exists():
            return
        for command in (
            [sys.executable, "-m", "venv", str(self.folder)],
            [str(self.python), "-m", "pip", "install", "--quiet", "acro"],
        ):
            if subprocess.run(command, check=False).returncode:
                shutil.rmtree(self.folder, ignore_errors=True)
                raise NoTool("ACRO could not be installed from the package index.")

    def catches(self, submission: Any, laid: LaidOut, mark: str) -> bool | None:
        """Return whether ACRO fails the table (or, where a flag is enough, asks for a review)."""
        asked = submission.acro
        if asked is None:
            return None
        question = {"call": asked.call, "rows": list(asked.rows), "arguments": dict(asked.arguments)}
        script = Path(__file__).with_name("acro_says.py")
        said = subprocess.run(
            [str(self.python), str(script)],
            input=json.dumps(question),
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        status = said.stdout.strip().rsplit("\n", 1)[-1]
        if status not in ("pass", "fail", "review"):
            return None
        return status == "fail" or (mark == "F" and status == "review")
