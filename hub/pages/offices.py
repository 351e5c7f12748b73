"""What each role can do here, and where: the part of the home page that is there on quiet days too."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from hub.people.models import Role


@dataclass(frozen=True)
class Door:
    """A page that a role works on."""

    name: str
    url: str
    says: str


@dataclass(frozen=True)
class Office:
    """What a person answers for by one role."""

    role: Role
    says: str
    doors: tuple[Door, ...]


def of(roles: frozenset[Role]) -> list[Office]:
    """Return the offices of a person's roles; researchers have projects instead."""
    return [office for office in _all() if office.role in roles]


def _all() -> tuple[Office, ...]:
    queue = Door("Review queue", reverse("releases:queue"), "results that wait for votes")
    brought = Door("Brought in", reverse("bring_ins:index"), "code and tables that wait to be read")
    approvals = Door("Approvals", reverse("access:approvals"), "which project uses which data, until when")
    asked = Door("Requests", reverse("provisioning:requests"), "who asks for your data, and what for")
    everybodys = Door("Requests", reverse("provisioning:requests") + "?all=1", "what data projects ask for")
    images = Door("Images", reverse("provisioning:images"), "what sessions run, with every package")
    datasets = Door("Datasets", reverse("datasets:catalogue"), "what is registered, its terms and stewards")
    desk = Door("Your datasets", reverse("stewardship:desk"), "versions, words, feedback, who uses them")
    people = Door("People", reverse("people:people"), "roles, training, standing")
    projects = Door("All projects", reverse("access:projects") + "?all=1", "members, data, limits")
    sessions = Door("Sessions", reverse("workspaces:sessions"), "who works now, and how sessions ended")
    submissions = Door("All submissions", reverse("releases:all"), "what was handed in and decided")
    ledger = Door("Ledger", reverse("ledger:index"), "every act and decision, signed")
    reach = Door("Who can reach what", reverse("audit:reach"), "now, and on any past day")
    impact = Door("Impact", reverse("audit:impact"), "times, queue, use by dataset and institution")
    outbox = Door("Mail that waits", reverse("notices:outbox"), "what the mail server did not take")
    return (
        Office(
            Role.OUTPUT_CHECKER,
            "You judge what may leave, never your own project’s results.",
            (queue, brought),
        ),
        Office(
            Role.DATA_STEWARD,
            "You answer for datasets and for who may use them.",
            (asked, desk, approvals, datasets, impact),
        ),
        Office(
            Role.ADMIN,
            "You look after people and projects. Being admin opens no data.",
            (people, projects, sessions, images, ledger, reach, impact, outbox),
        ),
        Office(
            Role.AUDITOR,
            "You read every record and change nothing.",
            (ledger, reach, impact, submissions, sessions, people, projects),
        ),
        Office(
            Role.KEY_CUSTODIAN,
            "You look after the enclave’s keys. Being custodian opens no data.",
            (datasets,),
        ),
        Office(
            Role.COMMITTEE_MEMBER,
            "You read what projects want and may use, and advise the stewards who approve.",
            (projects, everybodys, approvals, datasets, impact),
        ),
    )
