"""What is brought in: told to those who may read it, and to those who wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from hub import policy
from hub.bring_ins import permissions
from hub.bring_ins.models import BringIn, BringInState
from hub.errors import Unavailable
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.notices import audience
from hub.notices.drafts import Draft, of, to
from hub.notices.kinds import About
from hub.people import facts as people
from hub.people.models import Person, Role
from hub.policy import questions
from hub.projects import facts as projects

Facts = Mapping[str, Any]
DECIDED = {
    Kind.BRING_IN_APPROVED: ("is in", "Your sessions find it at /bring-ins, also one that is running."),
    Kind.BRING_IN_REJECTED: ("was rejected", "No session has it. Its page says why."),
    Kind.BRING_IN_WITHDRAWN: ("was taken back", "No session has it any more."),
}


def waiting(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell the checkers who may decide on it that something waits to be read."""
    found = _found(entry)
    if found is None or found.state != BringInState.WAITING:
        return []
    url = reverse("bring_ins:detail", args=[found.pk])
    body = "Text that a project wants in its sessions. One checker reads every file and decides."
    draft = of(entry, About.REVIEW, f"“{found.title}” waits to come in", body, url=url)
    held = Person.objects.with_roles().filter(role_assignments__role=Role.OUTPUT_CHECKER.value)
    checkers = held.filter(is_active=True, suspended_at=None).distinct()
    return to([one for one in checkers if _may_judge(one, found)], draft)


def decided(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell author and leads what became of it."""
    found = _found(entry)
    if found is None:
        return []
    happened, mail = DECIDED[Kind(entry.kind)]
    body = f"{mail}\n\nThe checker says: {found.comment}" if found.comment else mail
    url = reverse("bring_ins:detail", args=[found.pk])
    draft = of(entry, About.RESULTS, f"“{found.title}” {happened}", body, url=url, mail=mail)
    told = [one for one in (found.author, *audience.leads(found.project_id)) if one.id != entry.by]
    return to(told, draft)


def _found(entry: Entry) -> BringIn | None:
    return BringIn.objects.with_people().filter(pk=entry.subject).first()


def _may_judge(person: Person, bring_in: BringIn) -> bool:
    decision = policy.ask(
        questions.JudgeBringIn(
            person=people.of(person),
            at=datetime.now(UTC),
            verdict="approve",
            project=projects.of(bring_in.project),
            memberships=projects.memberships(bring_in.project, person),
            bring_in=permissions.of(bring_in),
            conflicted=permissions.conflicted(person, bring_in),
        )
    )
    if not decision.allow and not decision.revision:
        raise Unavailable(policy.UNANSWERED)
    return decision.allow
