"""What notices are about, how soon each is mailed, and how seldom its reader may want it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Mail(StrEnum):
    """How soon a notice is mailed; in the portal it stands at once, always."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"

    @property
    def label(self) -> str:
        """The choice in words."""
        return {
            Mail.AT_ONCE: "at once",
            Mail.DAILY: "once a day, together",
            Mail.WEEKLY: "once a week, together",
            Mail.NEVER: "not by mail",
        }[self]


class About(StrEnum):
    """What a notice is about."""

    RESULTS = "results"
    REVIEW = "review"
    ENDS = "ends"
    TAKEN = "taken"
    GIVEN = "given"


@dataclass(frozen=True)
class Rule:
    """What a kind of notice is called, when it is mailed if nobody says otherwise, and what may be chosen."""

    label: str
    says: str
    default: Mail
    choices: tuple[Mail, ...]


ALL = tuple(Mail)
RULES: Mapping[About, Rule] = MappingProxyType(
    {
        About.RESULTS: Rule(
            "What you handed in or asked for",
            "screened, blocked, returned, rejected, withdrawn, released; brought in; "
            "requests and feedback answered",
            Mail.AT_ONCE,
            ALL,
        ),
        About.REVIEW: Rule(
            "What waits for you",
            "results for your vote, text to read, requests and feedback to answer, again each week while "
            "they wait; projects without checkers, and with enough again",
            Mail.AT_ONCE,
            ALL,
        ),
        # Whoever misses these loses work: they can come together, but they come.
        About.ENDS: Rule(
            "What ends",
            "approvals, memberships, training, roles, agreements and projects, 30, 7 and 1 days before; "
            "sessions that ended by a limit or a lost right",
            Mail.AT_ONCE,
            (Mail.AT_ONCE, Mail.DAILY, Mail.WEEKLY),
        ),
        About.TAKEN: Rule(
            "What was taken away",
            "suspensions, revoked approvals, ended roles and memberships, with the reason",
            Mail.AT_ONCE,
            (Mail.AT_ONCE, Mail.DAILY),
        ),
        About.GIVEN: Rule(
            "What was given", "approvals, roles, memberships, training, lifted suspensions", Mail.DAILY, ALL
        ),
    }
)
