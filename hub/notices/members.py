"""What leads ask about the members of their projects, and what admins answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from hub.ledger.models import Entry
from hub.notices import audience
from hub.notices.drafts import Draft, of, to
from hub.notices.kinds import About
from hub.projects.models import MemberRequest, WishState

Facts = Mapping[str, Any]


def asked(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell the admins that a lead asks that somebody joins or leaves."""
    found = _request(facts)
    if found is None or found.state != WishState.ASKED:
        return []
    mail = "Do it in one step, or say why not."
    body = f"{mail}\n\n{found.asked_by.name} says: {found.reason}"
    url = reverse("provisioning:member_request", args=[found.pk])
    title = f"{found.asked_by.name} asks that {found}"
    return to(audience.admins(), of(entry, About.REVIEW, title, body, url=url, mail=mail))


def answered(entry: Entry, facts: Facts) -> list[Draft]:
    """Tell a project's leads what became of what one of them asked."""
    found = _request(facts)
    state = facts.get("state")
    if found is None or state == WishState.WITHDRAWN:
        return []
    url = reverse("access:project", args=[found.project.slug])
    if state == WishState.REFUSED:
        title, mail = f"It was refused that {found}", "The reason is on the project’s page."
        body = f"Reason: {facts.get('reason', '')}"
    else:
        title, mail = f"It is done: {found}", "You asked for it; it holds now."
        body = mail
    asker = audience.welcome([found.asked_by_id])
    draft = of(entry, About.RESULTS, title, body, url=url, mail=mail)
    return to([*asker, *audience.leads(found.project_id)], draft)


def _request(facts: Facts) -> MemberRequest | None:
    id = facts.get("request")
    return MemberRequest.objects.with_names().filter(pk=id).first() if isinstance(id, str) else None
