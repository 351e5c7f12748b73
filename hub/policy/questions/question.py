"""What a question is: who wants what at which moment, and the JSON that the policies read of it."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from hub.policy.facts import Person

# "Without end" travels as a date, so that a null in a question is always a mistake and always denied.
NO_END = date(9999, 12, 31)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something a person wants to do at a moment; `package` and `action` name the rules that answer."""

    package: ClassVar[str]
    action: ClassVar[str]

    person: Person
    at: datetime

    def to_input(self) -> dict[str, Any]:
        """Return the JSON document the policies read."""
        return {"action": self.action, **_plain(self)}


def _plain(value: Any) -> Any:
    """Return JSON for a fact; a time without a zone is refused, no end becomes the last day there is."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()} in a question has no zone; give aware UTC")
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, date):
        return value.isoformat()
    if value is None:
        return NO_END.isoformat()
    return str(value) if isinstance(value, str) else value
