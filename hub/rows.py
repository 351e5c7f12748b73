"""Row versions: what was read before a question must still hold when the answer is acted on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import models, transaction

from hub.errors import Overtaken, WrongState


def recheck(*rows: models.Model) -> None:
    """Raise Overtaken if one of the rows was changed since it was read; holds them until the commit."""
    assert transaction.get_connection().in_atomic_block, "re-check rows inside the transaction that acts"
    for row in rows:
        query = type(row)._default_manager.select_for_update(no_key=True).filter(pk=row.pk)
        now: Any = query.values_list("row_version", flat=True).first()
        if now != row.row_version:  # type: ignore[attr-defined]  # every row given here has one
            raise Overtaken(
                f"{_name(row)} was changed by somebody else just now; load the page again and repeat."
            )


def claim(row: models.Model, **changes: Any) -> None:
    """Change a row that nobody changed since it was read, and raise its version."""
    recheck(row)
    changes["row_version"] = row.row_version + 1  # type: ignore[attr-defined]  # as above
    type(row)._default_manager.filter(pk=row.pk).update(**changes)
    for name, value in changes.items():
        setattr(row, name, value)


def answer(row: models.Model, state: str, *, by: str | None, **changes: Any) -> None:
    """Answer what is asked for, once: nobody is asked again what was done, refused or withdrawn."""
    if row.state != "asked":  # type: ignore[attr-defined]  # every row given here has a state
        raise WrongState(f"{_name(row)} is already {row.state}.")  # type: ignore[attr-defined]  # as above
    claim(row, state=state, answered_at=datetime.now(UTC), answered_by_id=by, **changes)


def _name(row: models.Model) -> str:
    return f"{row._meta.verbose_name} “{row}”"


def expect(row: models.Model, seen: int | None) -> None:
    """Raise WrongState if a row is no longer as a page showed it; None when no page showed it."""
    if seen is not None and seen != row.row_version:  # type: ignore[attr-defined]  # as above
        raise WrongState(
            f"{_name(row)} was changed by somebody else since you loaded the page; "
            "look at it again and repeat what you wanted."
        )
