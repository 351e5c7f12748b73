"""Handing results in, and what became of them."""

from __future__ import annotations

import json
import os
import stat
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parlatory import door
from parlatory.errors import Refused

STATES = {
    "submitted": "handed in, waiting to be screened",
    "screening": "being screened",
    "blocked": "blocked by the screening: change what it names and hand in again",
    "in_review": "with output checkers",
    "differing": "with output checkers, who differ and look once more",
    "returned": "returned to you with comments",
    "rejected": "rejected",
    "approved": "approved, about to be released",
    "released": "released: your project downloads it from the portal",
    "withdrawn": "withdrawn by you",
}
QUESTIONS = {
    "title": "name the result in one line",
    "context": "say what it shows, from which data, over how many speakers",
    "controls": "say what keeps people from being recognised: rounding, smallest group, what is left out",
}


@dataclass(frozen=True, repr=False)
class Receipt:
    """What the enclave took in: one frozen copy of each file, named by its hash."""

    submission: str
    state: str
    files: tuple[dict[str, Any], ...]

    def __repr__(self) -> str:
        lines = [f"Handed in as {self.submission}: {_state(self.state)}."]
        lines += [f"  {file['name']}  {file['bytes']} bytes  sha256 {file['sha256']}" for file in self.files]
        lines.append("Later changes to these files don't count. `parlatory.status()` says how it goes on.")
        return "\n".join(lines)


class Submissions(tuple[dict[str, Any], ...]):
    """The submissions of this project that you may see, newest first, told in words."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "Nothing was handed in yet; `parlatory.submit(…)` hands in files."
        return "\n\n".join(_told(submission) for submission in self)


def submit(
    *files: str | os.PathLike[str],
    title: str,
    context: str,
    controls: str,
    declared: dict[str, Any] | None = None,
    replaces: str | None = None,
) -> Receipt:
    """Hand files in to be screened and reviewed; return what was taken.

    `title` names the result, `context` says what it shows and from which data, `controls` says what was done
    so that nobody can be recognised in it. Two output checkers read all three. What is missing is said here
    to help; the server decides.
    `declared` may say how each file's numbers were made, {"table.csv": {…}}: the enclave recomputes them, and
    what it could recompute is reviewed faster.
    `replaces` is the id of a submission of yours that came back or was blocked: hand in all its files again,
    and those that did not change keep the votes they had.
    """
    fields = {"title": title.strip(), "context": context.strip(), "controls": controls.strip()}
    for name, value in fields.items():
        if not value:
            raise Refused(f"{name} is empty; {QUESTIONS[name]}")
    if declared:
        fields["declared"] = json.dumps(declared)
    if replaces:
        fields["replaces"] = replaces.strip()
    parts = [_part(Path(file)) for file in files]
    _unlike(parts)
    answer = door.post_form("/v1/submissions", fields, parts)
    return Receipt(answer["submission"], answer["state"], tuple(answer["files"]))


def status() -> Submissions:
    """Return the submissions with their states and findings; shown, they read as sentences."""
    return Submissions(door.get("/v1/submissions"))


def _part(path: Path) -> door.Part:
    try:
        found = path.stat()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"{path} is not a file; hand in files one by one, not folders")
    if not found.st_size:
        raise Refused(f"{path} is empty; a figure may still have to be saved")
    return door.Part(path.name, path, found.st_size)


def _unlike(parts: list[door.Part]) -> None:
    if not parts:
        raise Refused('no file was named; for example submit("figure.png", title=…, context=…, controls=…)')
    names = [part.name for part in parts]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Refused(f"two files are called {twice[0]}; give them different names")


def _state(state: str) -> str:
    return STATES.get(state, state)


def _told(submission: dict[str, Any]) -> str:
    lines = [
        f"{submission.get('title', '')} ({submission['submission']}): {_state(submission.get('state', ''))}"
    ]
    for finding in submission.get("findings", []):
        where = ", ".join(filter(None, (finding.get("file") or "", finding.get("where") or "")))
        told = (
            f"{finding.get('severity', 'note')}: {where + ': ' if where else ''}{finding.get('message', '')}"
        )
        lines.append(textwrap.indent(told, "  - "))
        if finding.get("fix"):
            lines.append(f"    To do: {finding['fix']}")
    for comment in submission.get("comments", []):
        about = f"{comment['file']}: " if comment.get("file") else ""
        lines.append(textwrap.indent(f"{about}{comment.get('comment', '')}", "  > "))
    if submission.get("state") in ("returned", "blocked"):
        lines.append(f'  Hand in anew with submit(…, replaces="{submission["submission"]}").')
    if submission.get("url"):
        lines.append(f"  {submission['url']}")
    return "\n".join(lines)
