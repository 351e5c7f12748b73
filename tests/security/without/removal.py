"""What is taken away: a control, how, and the attack that has to succeed then."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from hub.cli.programs import MARK

# Names the control to be without, as PART:NAME, for pytest's process and those that its fixtures start.
VARIABLE = "PARLATORY_WITHOUT"
PARTS = (
    "engine",
    "asked",
    "inside",
    "gate",
    "hub",
    "portal",
    "accounts",
    "rights",
    "api",
    "policy",
    "screening",
    "leaving",
    "ledger",
    "processes",
    "operating",
    "enclave",
    "backup",
    "chaos",
    "survival",
)
# The processes of an enclave that are Django's; a fixture's process has no name, and may be one.
DJANGOS = {"", "portal", "door", "worker"}


@dataclass(frozen=True)
class Removal:
    """A control, how it is removed, and the attack that must succeed then."""

    control: str
    remove: Callable[[], None]
    # Below tests/, and an expression as pytest's -k takes it.
    file: str
    attack: str
    # What the failed assertion says when the attack did succeed: it may fail in other ways as well.
    shows: str
    # The processes of the running enclave that hold the control; where none is named, the test's own do.
    holders: tuple[str, ...] = ()


class Unreached(int):
    """A number that no other reaches."""

    def __le__(self, other: object) -> bool:
        return False

    __lt__ = __le__


class Everything:
    """A set in which everything is."""

    def __contains__(self, one: object) -> bool:
        return True


def process() -> str:
    """Return the name of the enclave's process that this is; a test's own has none."""
    return os.environ.get(MARK, "")


def removals(part: str) -> Mapping[str, Removal]:
    """Return a part's removals by name."""
    found: Mapping[str, Removal] = import_module(f"tests.security.without.{part}").REMOVALS
    return found


def apply(names: str | None = None) -> None:
    """Take away the controls that are named, with commas between; if none is given, the environment's."""
    for one in (os.environ.get(VARIABLE, "") if names is None else names).split(","):
        part, _, name = one.partition(":")
        if part:
            removals(part)[name].remove()


def each(**removes: Callable[[], None]) -> Callable[[], None]:
    """Return a removal of a control that several processes hold, each its own part; a test's process, all."""

    def remove() -> None:
        for name, one in removes.items():
            if process() in ("", name):
                one()

    return remove


def put(where: str, value: object) -> Callable[[], None]:
    """Return a removal that puts something else in the place of `module:name`, found when it is taken away.

    For what can be imported only once Django knows its apps; the name may be one in a class.
    """

    def remove() -> None:
        module, _, names = where.partition(":")
        *owners, name = names.split(".")
        owner: object = import_module(module)
        for one in owners:
            owner = getattr(owner, one)
        replaced(owner, name, value)

    return remove


def nothing(*_given: object, **_named: object) -> None:
    """Do nothing, in the place of what would have refused."""


def swap(owner: object, name: str, value: object) -> Callable[[], None]:
    """Return a removal that puts something else in a control's place."""
    return lambda: replaced(owner, name, value)


def replaced(owner: object, name: str, value: object) -> None:
    """Put something else in a control's place; a control that is not there is an error."""
    getattr(owner, name)
    setattr(owner, name, value)
