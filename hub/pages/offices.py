"""What each role can do here, and where: the part of the home page that is there on quiet days too."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from hub.people.models import Role


@dataclass(frozen=True)
class Door:
    """A page that a role works on."""

    name: str
    place: str
    says: str
    query: str = ""

    @property
    def url(self) -> str:
        """The page's address."""
        return reverse(self.place) + self.query


@dataclass(frozen=True)
class Office:
    """What a person answers for by one role."""

    role: Role
    says: str
    doors: tuple[Door, ...]


QUEUE = Door("Review queue", "releases:queue", "results that wait for votes")
BROUGHT = Door("Brought in", "bring_ins:index", "code and tables that wait to be read")
APPROVALS = Door("Approvals", "access:approvals", "which project uses which data, until when")
ASKED = Door("Requests", "provisioning:requests", "who asks for your data, and what for")
EVERYBODYS = Door("Requests", "provisioning:requests", "what data projects ask for", query="?all=1")
IMAGES = Door("Images", "provisioning:images", "what sessions run, with every package")
DATASETS = Door("Datasets", "datasets:catalogue", "what is registered, its terms and stewards")
DESK = Door("Your datasets", "stewardship:desk", "versions, words, feedback, who uses them")
PEOPLE = Door("People", "people:people", "roles, training, standing")
PROJECTS = Door("All projects", "access:projects", "members, data, limits", query="?all=1")
SESSIONS = Door("Sessions", "workspaces:sessions", "who works now, and how sessions ended")
SUBMISSIONS = Door("All submissions", "releases:all", "what was handed in and decided")
LEDGER = Door("Ledger", "ledger:index", "every act and decision, signed")
REACH = Door("Who can reach what", "audit:reach", "now, and on any past day")
IMPACT = Door("Impact", "audit:impact", "times, queue, use by dataset and institution")
OUTBOX = Door("Mail that waits", "notices:outbox", "what the mail server did not take")

_ALL = (
    Office(
        Role.OUTPUT_CHECKER,
        "You judge what may leave, never your own project’s results.",
        (QUEUE, BROUGHT),
    ),
    Office(
        Role.DATA_STEWARD,
        "You answer for datasets and for who may use them.",
        (ASKED, DESK, APPROVALS, DATASETS, IMPACT),
    ),
    Office(
        Role.ADMIN,
        "You look after people and projects. Being admin opens no data.",
        (PEOPLE, PROJECTS, SESSIONS, IMAGES, LEDGER, REACH, IMPACT, OUTBOX),
    ),
    Office(
        Role.AUDITOR,
        "You read every record and change nothing.",
        (LEDGER, REACH, IMPACT, SUBMISSIONS, SESSIONS, PEOPLE, PROJECTS),
    ),
    Office(
        Role.KEY_CUSTODIAN,
        "You look after the enclave’s keys, at its machine’s command line. `python3 -m hub rotate` lists "
        "them, says what a new one ends, and changes them; `python3 -m hub backup --new-key FILE` makes the "
        "key that opens backups. Being custodian opens no data.",
        (DATASETS,),
    ),
    Office(
        Role.COMMITTEE_MEMBER,
        "You read what projects want and may use, and advise the stewards who approve.",
        (PROJECTS, EVERYBODYS, APPROVALS, DATASETS, IMPACT),
    ),
)


def of(roles: frozenset[Role]) -> list[Office]:
    """Return the offices of a person's roles; researchers have projects instead."""
    return [office for office in _ALL if office.role in roles]
