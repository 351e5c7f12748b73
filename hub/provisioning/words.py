"""What a change changes, old and new, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from hub.projects.models import GIB, Project

Told = list[tuple[str, object]]
SPEECH_BYTES_PER_SECOND = 12_000 / 8


def _gib(value: Any) -> str:
    return f"{value / GIB:g} GiB"


def _minutes(value: Any) -> str:
    hours, rest = divmod(int(value) // 60, 60)
    said = [f"{hours} h"] if hours else []
    return " ".join([*said, f"{rest} min"] if rest or not hours else said)


def _budget(value: Any) -> str:
    return f"{value / 1_000_000:g} MB, about {_minutes(value / SPEECH_BYTES_PER_SECOND)} of speech"


def _as_it_is(value: Any) -> str:
    return f"{value:%-d %b %Y}" if isinstance(value, date) else str(value).replace("_", " ")


LIMITS: Mapping[str, tuple[str, Callable[[Any], str]]] = {
    "image": ("Image", str),
    "memory_bytes": ("Memory", _gib),
    "cpus": ("Processors", lambda value: f"{value:g}"),
    "gpus": ("GPUs", str),
    "pids": ("Processes", str),
    "home_bytes": ("Disk", _gib),
    "idle_seconds": ("Ends when idle for", _minutes),
    "session_seconds": ("Ends at the latest after", _minutes),
    "budget_bytes_per_day": ("To the screen a day", _budget),
}
ABOUT: Mapping[str, str] = {
    "title": "Title",
    "purpose": "Purpose",
    "opens_on": "First day",
    "closes_on": "Last day",
    "summary": "Summary",
}


def limited(project: Project, wanted: Mapping[str, Any]) -> Told:
    """Return the limits that change, with what they are and what they will be."""
    return [
        (name, f"{say(getattr(project, key))} → {say(wanted[key])}")
        for key, (name, say) in LIMITS.items()
        if getattr(project, key) != wanted[key]
    ]


def edited(project: Project, wanted: Mapping[str, Any]) -> Told:
    """Return what changes of a project, with what it is and what it will be."""
    changed = [(key, name) for key, name in ABOUT.items() if getattr(project, key) != wanted[key]]
    return [
        (name, "written anew")
        if key == "summary"
        else (name, f"{_as_it_is(getattr(project, key))} → {_as_it_is(wanted[key])}")
        for key, name in changed
    ]
