"""The past, from the ledger alone: every entry that gave or took a right, replayed in order up to a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol

from hub.audit.world import Leave, Part, Promise, Someone, Undertaking, World
from hub.ledger.kinds import Kind


class Act(Protocol):
    """What is read of an entry."""

    @property
    def kind(self) -> str:
        """What happened."""

    @property
    def subject(self) -> str:
        """What it happened to."""

    @property
    def facts(self) -> Any:
        """What was said about it."""

    @property
    def erased(self) -> bool:
        """Whether what was said is gone."""


@dataclass(frozen=True)
class Past:
    """The facts of a past moment, and how many entries could not say what they did.

    `erased` ones had their text taken away; what `unclear` ones say is nothing that a service here writes.
    """

    world: World
    erased: int
    unclear: int = 0


def replay(acts: Iterable[Act]) -> Past:
    """Return the world that these acts, in their order, made."""
    world, erased, unclear = World(), 0, 0
    for act in acts:
        if act.erased:
            erased += 1
        elif act.kind in _DOES:
            try:
                _DOES[act.kind](world, act.subject, act.facts)
            except (KeyError, ValueError, TypeError, AttributeError):
                unclear += 1
    return Past(world, erased, unclear)


def _provisioned(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    what = facts.get("what")
    if what == "person":
        world.people.setdefault(subject, Someone())
    elif what == "project":
        before = world.projects.get(subject) or Undertaking(state="proposed", purpose="")
        said = {name: str(facts[name]) for name in ("state", "purpose") if name in facts}
        days = {name: _day(facts[name]) for name in ("opens_on", "closes_on") if name in facts}
        world.projects[subject] = replace(before, **said, **days)  # type: ignore[arg-type]  # by their names
    elif what == "agreement":
        until = _day(facts.get("until"))
        world.agreements[subject] = Promise(str(facts["dataset"]), str(facts["project"]), until)
    elif what == "dataset version" and facts.get("state") == "deprecated":
        world.deprecated.add(subject)


def _role(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    someone = world.people.get(subject, Someone())
    roles = dict(someone.roles)
    roles.pop(facts["role"], None)
    if facts["held"]:
        roles[facts["role"]] = _day(facts.get("valid_until"))
    world.people[subject] = replace(someone, roles=tuple(sorted(roles.items())))


def _training(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    someone = world.people.get(subject, Someone())
    made = (str(facts["course"]), date.fromisoformat(facts["completed_on"]), _last(facts["valid_until"]))
    world.people[subject] = replace(someone, training=(*someone.training, made))


def _membership(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    place = (str(facts["project"]), subject)
    parts = list(world.parts.get(place, ()))
    standing = bool(parts) and not parts[-1].ended
    if not facts["member"]:
        if standing:
            parts[-1] = replace(parts[-1], ended=True)
    else:
        made = Part(str(facts["role"]), _day(facts.get("valid_until")))
        parts[len(parts) - standing :] = [made]
    world.parts[place] = tuple(parts)


def _approved(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    until = _day(facts["until"])
    made = Leave(str(facts["project"]), str(facts["version"]), str(facts["purpose"]), until)
    world.approvals[subject] = made


def _revoked(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    known = world.approvals.get(subject)
    if known is not None:
        world.approvals[subject] = replace(known, revoked=True)


def _signed(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    world.signatures.add((str(facts["agreement"]), subject))


def _suspended(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    _stands(world, subject, str(facts.get("what")), suspended=True)


def _resumed(world: World, subject: str, facts: Mapping[str, Any]) -> None:
    _stands(world, subject, str(facts.get("what")), suspended=False)


def _stands(world: World, subject: str, what: str, *, suspended: bool) -> None:
    if what == "person":
        world.people[subject] = replace(world.people.get(subject, Someone()), suspended=suspended)
    elif what == "account":
        world.people[subject] = replace(world.people.get(subject, Someone()), active=not suspended)
    elif what == "project" and subject in world.projects:
        world.projects[subject] = replace(world.projects[subject], suspended=suspended)
    elif what == "dataset" and suspended:
        world.suspended_datasets.add(subject)
    elif what == "dataset":
        world.suspended_datasets.discard(subject)


def _day(written: Any) -> date | None:
    """Return a day as the ledger writes it; without an end, or not written at all, it is None."""
    return None if written in (None, "", "no end", "None") else date.fromisoformat(str(written))


def _last(written: Any) -> date:
    return _day(written) or date.max


_DOES: dict[str, Callable[[World, str, Mapping[str, Any]], None]] = {
    Kind.PROVISIONED: _provisioned,
    Kind.ROLE_CHANGED: _role,
    Kind.TRAINING_RECORDED: _training,
    Kind.MEMBERSHIP_CHANGED: _membership,
    Kind.APPROVAL_GIVEN: _approved,
    Kind.APPROVAL_REVOKED: _revoked,
    Kind.AGREEMENT_SIGNED: _signed,
    Kind.SUSPENDED: _suspended,
    Kind.RESUMED: _resumed,
}
# The kinds of entries that give or take a right.
KINDS = tuple(str(kind) for kind in _DOES)
