"""The statements of SATRE v2 and what this software shows of each; a score stands on links that exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
STATEMENTS, EVIDENCE = HERE / "statements.tsv", HERE / "evidence.toml"
NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class Statement:
    """One statement, in our words, with how much of it a product can show."""

    number: str
    pillar: str
    capability: str
    importance: str
    text: str
    software: str

    @property
    def mandatory(self) -> bool:
        """Whether a capability stands or falls with it; those marked * do where the data are people's."""
        return self.importance.startswith("Mandatory")


@dataclass(frozen=True)
class Shown:
    """What is shown of a statement: a score on evidence, or only a remark."""

    score: int | None
    links: tuple[str, ...]
    says: str


def statements(file: Path = STATEMENTS) -> list[Statement]:
    """Return every statement, in the order of the specification."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [Statement(*line.split("\t")) for line in lines[1:]]


def evidence(file: Path = EVIDENCE) -> dict[str, Shown]:
    """Return what is shown, by the statement's number."""
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        number: Shown(entry.get("score"), tuple(entry.get("links", ())), entry.get("says", ""))
        for number, entry in document.items()
    }


def faults(given: Iterable[Statement], shown: dict[str, Shown], checkout: Path) -> list[str]:
    """Return why a self-evaluation must not be shown, a sentence each; none when it may."""
    known = {statement.number: statement for statement in given}
    found = [f"{number} is no statement" for number in shown if number not in known]
    for number, one in shown.items():
        if number in known:
            found += [f"{number} {fault}" for fault in _faults(known[number], one, checkout)]
    return found


def _faults(statement: Statement, shown: Shown, checkout: Path) -> Iterable[str]:
    yield from (f"links to {link}, which is not there" for link in shown.links if not exists(link, checkout))
    if shown.score is None:
        if not shown.says:
            yield "says nothing"
        return
    if shown.score not in (1, 2):
        yield f"has the score {shown.score}; what is not met is left out"
    if not shown.links:
        yield "has a score and no evidence"
    if statement.software == "no":
        yield "has a score, and is not a product's to show"
    if statement.software == "partly" and shown.score > 1:
        yield "has the full score, and is partly the institution's to show"
    if shown.score == 2 and not any("::" in link for link in shown.links):
        yield "has the full score without a test"


def exists(link: str, checkout: Path) -> bool:
    """Say whether a link leads somewhere: to a file of the checkout, a test in it, a heading of it."""
    name, test, heading = _parts(link)
    path = checkout / name
    if not path.resolve().is_relative_to(checkout.resolve()) or not path.is_file():
        return False
    if not test and not heading:
        return True
    text = path.read_text(encoding="utf-8")
    if test:
        return re.search(rf"^(?:async )?def {re.escape(test)}\(", text, flags=re.MULTILINE) is not None
    return heading in {slug(line.lstrip("#")) for line in text.splitlines() if line.startswith("#")}


def slug(heading: str) -> str:
    """Return a heading as the pages that show Markdown name it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _parts(link: str) -> tuple[str, str, str]:
    name, _, test = link.partition("::")
    name, _, heading = name.partition("#")
    return name, test, heading
