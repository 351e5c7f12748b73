"""What is brought in: told to those who may read it, and to those who wait for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from hub.bring_ins.models import BringIn, BringInState
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.notices import audience
from hub.notices.drafts import Draft, of, to
from hub.notices.kinds import About

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
    return to(audience.may_judge(found), draft)


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
