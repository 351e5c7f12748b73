"""The audio facts of a version as plots and lines for a page."""

from __future__ import annotations

from typing import Any

from hub import plots
from hub.plots import Plot


def of(facts: dict[str, Any]) -> list[Plot]:
    """Return the plots of a version's facts: languages, speakers, levels, sample rates."""
    if not facts:
        return []
    counted = facts.get("per_speaker_is_counted")
    return [
        plots.bars("Hours by language", _hours(facts["languages"]), unit="hours"),
        plots.bars(
            "Speakers by how long they speak" if counted else "Speech of each speaker, the longest first",
            _pairs(facts["per_speaker"]),
            unit="speakers" if counted else "minutes",
        ),
        plots.bars("Recordings by level, dBFS from", _used(facts["levels"]), unit="recordings"),
        plots.bars("Hours by sample rate", _hours(facts["rates"]), unit="hours"),
    ]


def _pairs(rows: list[list[Any]]) -> list[tuple[str, float]]:
    return [(str(label), float(amount)) for label, amount in rows]


def _hours(rows: list[list[Any]]) -> list[tuple[str, float]]:
    return [(str(label), round(float(seconds) / 3600, 3)) for label, seconds in rows[:12]]


def _used(rows: list[list[Any]]) -> list[tuple[str, float]]:
    """Return the steps from the first to the last that holds anything."""
    held = [at for at, (_, amount) in enumerate(rows) if amount]
    return _pairs(rows[held[0] : held[-1] + 1]) if held else []
