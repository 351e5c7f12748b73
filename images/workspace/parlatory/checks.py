"""What the enclave's screening would say, as far as it can be said without its knowledge of the data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parlatory.errors import NotChecked

VERDICTS = {
    "pass": "nothing found here",
    "review": "goes to the output checkers with the questions below",
    "block": "would be blocked",
}
MORE = (
    "These checks know nothing of the data. The enclave's own check also compares each file with the "
    "recordings, transcripts and people of your project, and with what it released before."
)
SECONDS = 600


@dataclass(frozen=True)
class Finding:
    """One thing that was found in a file: how much it weighs, what it is, how to mend it, where it is."""

    severity: str
    message: str
    fix: str
    where: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        told = textwrap.fill(f"{self.severity}: {place}{self.message}", 100, subsequent_indent="  ")
        fix = textwrap.fill(f"To do: {self.fix}", 100, initial_indent="  ", subsequent_indent="  ")
        return f"{told}\n{fix}" if self.fix else told


@dataclass(frozen=True)
class CheckedFile:
    """A file's verdict ("pass", "review" or "block") and what was found in it."""

    name: str
    verdict: str
    findings: tuple[Finding, ...]

    def __str__(self) -> str:
        lines = [f"{self.name}: {VERDICTS.get(self.verdict, self.verdict)}"]
        lines += [textwrap.indent(str(finding), "  ") for finding in self.findings]
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Checked:
    """The verdicts on all files; shown, they read as sentences."""

    files: tuple[CheckedFile, ...]

    @property
    def blocked(self) -> bool:
        """Whether a file would be blocked."""
        return any(file.verdict == "block" for file in self.files)

    def __repr__(self) -> str:
        return "\n\n".join([*map(str, self.files), textwrap.fill(MORE, 100)])


def check(*files: str | os.PathLike[str]) -> Checked:
    """Return what the enclave's screening finds in files without its knowledge of the data.

    Nothing is handed in, and nothing leaves the session.
    """
    if not files:
        raise NotChecked('no file was named; for example check("table.csv", "figure.png")')
    paths = [Path(file) for file in files]
    for path in paths:
        if not path.is_file():
            raise NotChecked(f"{path} is not a file that can be read")
    return Checked(tuple(map(_file, _screened(paths))))


def _screened(paths: list[Path]) -> list[dict[str, Any]]:
    """Screen in a process of its own: the screening forks, and a kernel is full of threads."""
    # Without the current folder on the path, a module of the same name in it is not taken for the library.
    # Run by its path, so that it need not load all that this package does.
    runner = Path(__file__).with_name("screening.py")
    command = [sys.executable, "-P", str(runner), *(str(path.absolute()) for path in paths)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError, OSError) as error:
        raise NotChecked(
            f"the checks did not finish ({type(error).__name__}); hand in fewer or smaller files, or submit "
            "anyway: the enclave's own check decides"
        ) from error
    return list(answer)


def _file(raw: dict[str, Any]) -> CheckedFile:
    findings = tuple(
        Finding(found["severity"], found["message"], found["fix"], found["where"])
        for found in raw["findings"]
    )
    return CheckedFile(raw["name"], raw["verdict"], findings)
