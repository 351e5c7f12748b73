"""Truth tables of who may do what: an act is tried and taken back; the table is written for people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from django.db import transaction

from hub.errors import Refused


def let(act: Callable[[], object]) -> bool:
    """Try an act and take it back; return whether the policies let it happen."""
    before = transaction.savepoint()
    try:
        act()
    except Refused:
        return False
    finally:
        transaction.savepoint_rollback(before)
    return True


def written(about: Iterable[str], *, actors: Collection[str], allowed: Mapping[str, Collection[str]]) -> str:
    """Return a table in Markdown below what is said about it: acts down, actors across."""
    lines = [
        *about,
        "",
        "| act | " + " | ".join(actor.replace("_", " ") for actor in actors) + " |",
        "|---" * (len(actors) + 1) + "|",
    ]
    for name, who in allowed.items():
        act, _, rest = name.partition(" ")
        cells = ("✓" if actor in who else "" for actor in actors)
        lines.append(f"| `{act}`{' ' + rest if rest else ''} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
