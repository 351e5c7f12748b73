"""Two versions of a dataset side by side: recordings and speakers that came, went or changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.datasets.models import DatasetVersion, VersionFacts
from hub.datasets.packed import unpack
from hub.errors import WrongState

MOST_NAMED = 200


@dataclass(frozen=True)
class Difference:
    """What differs from an older version to a newer one; names of recordings and speakers, sorted."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    same: int
    speakers_added: tuple[str, ...]
    speakers_removed: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]

    @property
    def differs(self) -> bool:
        """Whether any recording or speaker came, went or changed."""
        return any((self.added, self.removed, self.changed, self.speakers_added, self.speakers_removed))


LINES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("recordings", "Recordings", "{:,}".format),
    ("speakers", "Speakers", "{:,}".format),
    ("seconds", "Sound", lambda seconds: f"{seconds / 60:,.1f} minutes"),
    ("level_median_dbfs", "Median level", "{:.1f} dBFS".format),
    ("clipped_recordings", "Recordings that clip", "{:,}".format),
    ("silent_share", "Pauses", "{:.0%} of the time".format),
    ("with_text", "With transcript", "{:,}".format),
)


def is_measured(*versions: DatasetVersion) -> bool:
    """Whether all these versions were measured."""
    return VersionFacts.objects.filter(version__in=versions).count() == len(versions)


def of(older: DatasetVersion, newer: DatasetVersion) -> Difference:
    """Return what differs; a version that is not measured yet raises WrongState."""
    before, after = _measured(older), _measured(newer)
    was, now = _rows(before), _rows(after)
    both = was.keys() & now.keys()
    changed = tuple(sorted(name for name in both if was[name][2] != now[name][2]))
    speakers_were, speakers_are = _speakers(was), _speakers(now)
    return Difference(
        added=tuple(sorted(now.keys() - was.keys())),
        removed=tuple(sorted(was.keys() - now.keys())),
        changed=changed,
        same=len(both) - len(changed),
        speakers_added=tuple(sorted(speakers_are - speakers_were)),
        speakers_removed=tuple(sorted(speakers_were - speakers_are)),
        facts=tuple(
            (title, _said(before.facts, name, say), _said(after.facts, name, say))
            for name, title, say in LINES
        ),
    )


def _measured(version: DatasetVersion) -> VersionFacts:
    found = VersionFacts.objects.filter(version=version).first()
    if found is None:
        raise WrongState(f"{version} is not measured yet; look again in a few minutes.")
    return found


def _rows(measured: VersionFacts) -> dict[str, list[Any]]:
    return {row[0]: row for row in unpack(measured.recordings) or []}


def _speakers(rows: dict[str, list[Any]]) -> set[str]:
    return {speaker for row in rows.values() for speaker in row[1]}


def _said(facts: dict[str, Any], name: str, say: Callable[[float], str]) -> str:
    return say(facts[name]) if name in facts else "–"
