"""The catalogue narrowed by search and facets; each choice says how many datasets it would leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hub.datasets.models import Dataset, DatasetVersion

HOURS = ((1, "under 1 hour"), (10, "1 to 10 hours"), (100, "10 to 100 hours"), (None, "over 100 hours"))
MOST_SEARCHED = 200


@dataclass(frozen=True)
class Row:
    """A dataset as the catalogue lists it."""

    dataset: Dataset
    newest: DatasetVersion | None
    usable: bool

    @property
    def languages(self) -> tuple[str, ...]:
        """The newest version's languages."""
        return tuple(self.newest.languages) if self.newest else ()

    @property
    def hours(self) -> tuple[str, ...]:
        """How long the newest version is, as one of the facet's bands."""
        if self.newest is None:
            return ()
        hours = self.newest.hours
        return (next(name for end, name in HOURS if end is None or hours < end),)


@dataclass(frozen=True)
class Choice:
    """One value of a facet."""

    value: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """A question by which the catalogue is narrowed."""

    name: str
    title: str
    choices: tuple[Choice, ...]


VALUES: dict[str, tuple[str, Callable[[Row], tuple[str, ...]]]] = {
    "language": ("Language", lambda row: row.languages),
    "hours": ("Hours", lambda row: row.hours),
    "tier": ("Tier", lambda row: (str(row.dataset.tier),)),
    "licence": ("Licence", lambda row: (row.dataset.licence,)),
    "institution": ("Institution", lambda row: (row.dataset.institution.name,)),
    "use": ("I may use it now", lambda row: ("yes",) if row.usable else ("no",)),
}


def narrowed(rows: Iterable[Row], asked: Mapping[str, str]) -> tuple[list[Row], list[Facet]]:
    """Return the rows that match all that is asked, and each facet counted over what the others leave."""
    found = [row for row in rows if _matches(row, asked.get("q", "")[:MOST_SEARCHED])]
    wanted = {name: asked[name] for name in VALUES if asked.get(name)}
    return (
        [row for row in found if _fits(row, wanted)],
        [_facet(name, found, wanted) for name in VALUES],
    )


def _fits(row: Row, wanted: Mapping[str, str], *, but: str = "") -> bool:
    return all(value in VALUES[name][1](row) for name, value in wanted.items() if name != but)


def _facet(name: str, rows: list[Row], wanted: Mapping[str, str]) -> Facet:
    title, values = VALUES[name]
    count = Counter(value for row in rows if _fits(row, wanted, but=name) for value in values(row))
    chosen = wanted.get(name, "")
    if chosen and chosen not in count:
        # What was asked for stays to be seen and taken back, though nothing has it.
        count[chosen] = 0
    ordered = [band for _, band in HOURS if band in count] if name == "hours" else sorted(count)
    if name == "hours" and chosen and chosen not in ordered:
        ordered.append(chosen)
    return Facet(name, title, tuple(Choice(value, count[value], value == chosen) for value in ordered))


def _matches(row: Row, said: str) -> bool:
    text = " ".join([row.dataset.title, row.dataset.description, *row.languages]).casefold()
    return all(word in text for word in said.casefold().split())
