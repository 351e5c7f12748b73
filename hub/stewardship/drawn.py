"""The audio facts of a version as plots and lines for a page."""

from __future__ import annotations

from typing import Any

from hub import plots
from hub.plots import Plot

LITTLE_SECONDS = 2 * 3600
MOST_BARS = 12


def of(facts: dict[str, Any]) -> list[Plot]:
    """Return the plots of a version's facts; what is the same in all of its sound needs no plot."""
    if not facts:
        return []
    counted = facts.get("per_speaker_is_counted")
    drawn = [
        plots.bars(
            "Speakers by how long they speak" if counted else "Speech of each speaker, the longest first",
            _pairs(facts["per_speaker"]),
            unit="speakers" if counted else "minutes",
        ),
        plots.bars("Recordings by level, in dBFS", _used(facts["levels"]), unit="recordings"),
    ]
    for title, name in (("By language", "languages"), ("By sample rate", "rates")):
        if len(facts[name]) > 1:
            drawn.append(_sound(title, facts[name]))
    return drawn


def _pairs(rows: list[list[Any]]) -> list[tuple[str, float]]:
    return [(str(label), float(amount)) for label, amount in rows]


def _sound(title: str, rows: list[list[Any]]) -> Plot:
    """Return how much sound there is of each kind, in hours, or in minutes where that is little."""
    little = sum(seconds for _, seconds in rows) < LITTLE_SECONDS
    by = 60 if little else 3600
    amounts = [(str(label), round(float(seconds) / by, 2)) for label, seconds in rows[:MOST_BARS]]
    return plots.bars(title, amounts, unit="minutes" if little else "hours")


def _used(rows: list[list[Any]]) -> list[tuple[str, float]]:
    """Return the steps from the first to the last that holds anything."""
    held = [at for at, (_, amount) in enumerate(rows) if amount]
    return _pairs(rows[held[0] : held[-1] + 1]) if held else []
