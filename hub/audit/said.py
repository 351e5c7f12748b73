"""What an entry says, in words: the ledger keeps the codes of acts and states, its readers read sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from hub.audit.names import Named
from hub.ledger.models import Entry

LONGEST = 160
SHOWN_OF_A_HASH = 12
# What each question to the policies asks leave for; a unit test holds that none is missing.
ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "bring_in": "to bring text in",
        "consolidate": "to answer votes that differ",
        "continue": "to go on with a session",
        "dataset_feedback": "to say or answer what is wrong with a dataset",
        "download": "to download what was released",
        "end_token": "to end a token",
        "hand_over_dataset": "to hand a dataset over to another steward",
        "judge_bring_in": "to decide what is brought in",
        "make_token": "to make a token",
        "manage_approval": "to decide who may use data",
        "manage_dataset": "to change a dataset",
        "manage_people": "to change people’s accounts and roles",
        "manage_project": "to change a project",
        "read_records": "to read records",
        "record_training": "to record training",
        "release": "to let a result leave",
        "request_access": "to ask for data",
        "request_member": "to ask for a member",
        "see_use": "to see who uses a dataset",
        "sign_agreement": "to sign an agreement",
        "sign_in": "to sign in",
        "start": "to start a session",
        "submission_feedback": "to say or answer what is wrong with a decision",
        "submit": "to hand in a result",
        "take_back_bring_in": "to take back what was brought in",
        "use_token": "to use a token",
        "view": "to look at a submission",
        "view_bring_in": "to read what was brought in",
        "vote": "to vote on a result",
        "withdraw": "to take a result back",
    }
)
# It joins the lines of logs, or is an id: neither tells a reader anything; the entry's own page has it.
LEFT_OUT = frozenset({"request", "decision"})
_ID = re.compile(r"[0-9a-z]{26}")
_HASH = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:.*")


def action(code: str) -> str:
    """Return what leave was asked for."""
    return ACTIONS.get(code, code.replace("_", " "))


def of(row: Entry, named: Mapping[str, Named]) -> str:
    """Return an entry's facts in a line: what was asked, reasons as they were given, ids by name."""
    if not isinstance(row.facts, dict):
        return ""
    facts = dict(row.facts)
    asked, what = str(facts.pop("action", "")), facts.pop("what", "")
    said = [action(asked)] if asked else []
    said += [_value(what, named)] if isinstance(what, str) and what else []
    reasons = facts.pop("reasons", None)
    said += [str(reason) for reason in reasons or ()]
    for name, value in facts.items():
        told = "" if name in LEFT_OUT else _value(value, named)
        if told:
            said.append(f"{name.replace('_', ' ')}: {told}")
    text = " · ".join(said)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _value(value: Any, named: Mapping[str, Named]) -> str:
    """Return a fact's value as its reader writes it; nothing where it tells nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{count} {name}" for name, count in value.items() if isinstance(count, int))
    if isinstance(value, list):
        whole = all(isinstance(one, str) and not _HASH.fullmatch(one) for one in value)
        return ", ".join(_text(one, named) for one in value) if whole else str(len(value))
    return _text(value, named) if isinstance(value, str) else str(value)


def _text(value: str, named: Mapping[str, Named]) -> str:
    if value in named and named[value].known:
        return named[value].name
    if _ID.fullmatch(value):
        return ""
    if _HASH.fullmatch(value):
        return value[:SHOWN_OF_A_HASH] + "…"
    if _CODE.fullmatch(value):
        return value.replace("_", " ")
    return _day(value)


def _day(value: str) -> str:
    """Return a day or a moment as every page writes it; other text as it is."""
    try:
        if _DAY.fullmatch(value):
            return f"{date.fromisoformat(value):%-d %b %Y}"
        if _MOMENT.fullmatch(value):
            return f"{datetime.fromisoformat(value).astimezone(UTC):%-d %b %Y, %H:%M} UTC"
    except ValueError:
        return value
    return value
