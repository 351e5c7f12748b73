"""The table of controls: a section for each part, a row for each control, read back as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.security.without.attacks import Ended
from tests.security.without.plugin import BROKEN, FAILS, SUCCEEDS
from tests.security.without.removal import PARTS, Removal, removals

FILE = Path(__file__).parents[1] / "controls.md"
HEAD = """# Every control, and the attack that succeeds without it

Made by `python -m tests.security.without`, which runs each attack twice: with every control in, and with this
one taken away. Not edited by hand. An attack is an expression as `pytest -k` takes it; it names tests.
"""
TITLES = {
    "engine": "Engine: what holds a session",
    "asked": "Engine: what it is asked, and by which words",
    "inside": "Inside: the whole list of `doctor --attack`, without each wall",
    "gate": "Gate: what passes between session and browser",
    "hub": "Hub: who starts what",
    "portal": "Portal: who is who, and for how long",
    "accounts": "Accounts: who signs in, and what a browser is given",
    "rights": "Projects, data and sessions: what is changed, mounted and ended",
    "api": "API: what a script may do, and as whom",
    "policy": "Policy: who may",
    "screening": "Screening, review and release: what leaves",
    "leaving": "Hand-in, votes and files: what is frozen, and on which vote it leaves",
    "ledger": "Ledger and receipts: what cannot be undone",
    "processes": "Processes: what each of ours may do",
    "operating": "Operating: what the commands at the machine refuse, and what the doctor sees",
    "enclave": "The running enclave: a kernel and a browser against all parts, one of them without a control",
    "backup": "Backup and restore: what comes back",
    "chaos": "Crashes: what a kill or a power cut may not undo",
    "survival": "Bad days: what hangs, falls, floods or runs short",
}
COLUMNS = "| control | attack | with the control | without it |\n|---|---|---|---|\n"


@dataclass(frozen=True)
class Row:
    """One control: what became of its attack with it and without it."""

    control: str
    file: str
    attack: str
    with_it: str
    without_it: str
    good: bool

    def text(self) -> str:
        """Return the row as it stands in the table."""
        cells = (self.control, f"`{self.attack}` in `{self.file}`", self.with_it, self.without_it)
        return f"| {' | '.join(cells)} |\n"


def row(removal: Removal, before: Mapping[str, Ended], after: Mapping[str, Ended]) -> Row:
    """Return what a removal showed; good if its attack fails with the control, and succeeds without it."""
    held = [test for test in after if before.get(test, Ended(BROKEN)).end == FAILS]
    succeeded = [test for test in held if after[test].end == SUCCEEDS]
    broken = [test for test in after if after[test].end == BROKEN]
    good = bool(succeeded) and not broken and len(held) == len(after)
    without = f"{len(succeeded)} of {len(after)} succeed{'s' * (len(succeeded) == 1)}"
    if not succeeded:
        without = "**still fails**" if after else "**nothing ran**"
    if broken:
        without += f"; **{len(broken)} broke and say nothing**"
    fails = f"fails, {len(held)} of {len(after)}" if len(held) < len(after) else "fails"
    return Row(removal.control, removal.file, removal.attack, fails, without, good)


def sections(text: str) -> dict[str, str]:
    """Return what stands below each part's heading."""
    parts = {title: part for part, title in TITLES.items()}
    pieces = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return {
        parts[title]: body.strip() + "\n"
        for title, body in zip(pieces[::2], pieces[1::2], strict=True)
        if title in parts
    }


def write(part: str, made: Iterable[Row], *, all_of_it: bool) -> None:
    """Write a part's rows, or some of them; whatever was not made now stays as it is."""
    known = sections(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    known[part] = renewed(part, "" if all_of_it else known.get(part, ""), made)
    text = HEAD + "".join(f"\n## {TITLES[part]}\n\n{known[part]}" for part in PARTS if part in known)
    FILE.write_text(text, encoding="utf-8")


def renewed(part: str, section: str, made: Iterable[Row]) -> str:
    """Return a part's section with some rows made anew, in the code's order; unknown rows are dropped."""
    lines = [line for line in section.splitlines(keepends=True) if line not in COLUMNS]
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in lines}
    rows |= {row.control: row.text() for row in made}
    return COLUMNS + "".join(rows[one.control] for one in removals(part).values() if one.control in rows)


def named(section: str) -> list[tuple[str, str, str]]:
    """Return control, file and attack of each row of a section."""
    return re.findall(r"^\| (.+?) \| `([^`]+)` in `([^`]+)` \|", section, flags=re.MULTILINE)
