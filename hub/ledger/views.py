"""The ledger's pages, for those who may read records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.module_loading import import_string
from django.views.decorators.http import require_safe

from hub.errors import NotFound
from hub.ledger import audit, decisions, publisher
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles
from hub.policy import questions

PAGE_SIZE = 50
# Named, not imported: people lie above the ledger and write to it.
FACTS_OF_PERSON = "hub.people.facts.of"


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the newest entries first."""
    _may_read(request)
    kind = request.GET.get("kind", "")
    found = Entry.objects.order_by("-index")
    if kind in set(Kind):
        found = found.filter(kind=kind)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    names = _names(page)
    context = {
        "page": page,
        "rows": [(row, names.get(row.by), names.get(row.subject)) for row in page],
        "kind": kind,
        "kinds": sorted(Kind),
        "checkpoint": audit.published(),
    }
    return render(request, "ledger/index.html", context)


@require_safe
@login_required
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Show one entry and the proof that it is in the signed tree."""
    _may_read(request)
    row = Entry.objects.filter(index=index).select_related("decision").first()
    if row is None:
        raise NotFound(f"the ledger has no entry {index}")
    signed = audit.published()
    context = {
        "entry": row,
        "leaf": json.dumps(json.loads(bytes(row.leaf)), indent=2),
        "leaf_hash": bytes(row.leaf_hash).hex(),
        "facts": json.dumps(row.facts, indent=2, ensure_ascii=False),
        "decision": getattr(row, "decision", None),
        "proof": audit.proof(index, signed) if signed else None,
    }
    return render(request, "ledger/entry.html", context)


@require_safe
@login_required
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Give the signed checkpoint, to be kept outside and compared later."""
    _may_read(request)
    note = Tiles(publisher.folder()).read_checkpoint()
    if note is None:
        raise NotFound("nothing is published yet; try again in a minute")
    return HttpResponse(note, content_type="text/plain; charset=utf-8")


def _names(page: Iterable[Entry]) -> dict[str, Any]:
    """Return the people among those who acted and those acted on, to be shown by name."""
    ids = {id for row in page for id in (row.by, row.subject)}
    return get_user_model().objects.in_bulk(sorted(ids))


def _may_read(request: HttpRequest) -> None:
    """Refuse whoever may not read records; who read them is itself on the ledger."""
    person = cast(Any, request.user)
    facts = cast(Callable[[Any], questions.Person], import_string(FACTS_OF_PERSON))
    question = questions.ReadRecords(person=facts(person), at=datetime.now(UTC), records="ledger")
    decision = decisions.require(question, by=person.id, subject="ledger")
    with transaction.atomic():
        decisions.record(decision, by=person.id, subject="ledger")
