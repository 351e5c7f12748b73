"""The ledger's pages, for those who may read records; who read them is itself on the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.audit import denials, names, said, tallies, timeline
from hub.audit.filters import DENIALS, LARGEST_INDEX, PARTS, Filter, FilterForm, people_called, place, read
from hub.errors import NotFound
from hub.ledger import audit, entries, inclusion, publisher
from hub.ledger import export as exports
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles
from hub.people import records
from hub.people.models import Person, Role
from hub.people.signed_in import login_required, reader, roles

PLOTTED = timedelta(days=29)


@dataclass(frozen=True)
class Row:
    """An entry as the timeline shows it."""

    entry: Entry
    by: names.Named | None
    on: names.Named | None
    says: str
    refused: bool


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the entries that are looked for, the newest first, and what they come to."""
    records.open_for(reader(request), "ledger")
    form = FilterForm(request.GET)
    context: dict[str, Any] = {"form": form, "checkpoint": audit.published(), "filtered": _filtered(request)}
    if not form.is_valid():
        return render(request, "audit/timeline.html", context | {"usable": False})
    person, candidates = _person(form.cleaned_data["person"].strip())
    context |= {"candidates": [(one, _link(request, person=one.id)) for one in candidates]}
    if person is None:
        return render(request, "audit/timeline.html", context | {"usable": False, "nobody": not candidates})
    looked_for = read(form, person=person)
    page = timeline.page(looked_for, before=place(request.GET, "before"), after=place(request.GET, "after"))
    context |= _plots(looked_for)
    context |= {
        "usable": True,
        "page": page,
        "days": _days(page, audits=_audits(request)),
        "older": _link(request, before=str(page.older)) if page.older is not None else "",
        "newer": _link(request, after=str(page.newer)) if page.newer is not None else "",
        "searched_to": Entry.objects.filter(index=page.searched_to).first() if page.searched_to else None,
        "named": names.of([person], submissions=False).get(person),
    }
    return render(request, "audit/timeline.html", context)


@require_safe
@login_required
def kinds(request: HttpRequest) -> HttpResponse:
    """Draw entries a day for each group of kinds."""
    records.open_for(reader(request), "ledger")
    form = FilterForm(request.GET)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        first, last = _span(read(form, person=""))
        counts = tallies.between(first, last)
        context |= {"first": first, "last": last, "plots": tallies.grouped(counts, first, last)}
    return render(request, "audit/kinds.html", context)


@require_safe
@login_required
def entry(request: HttpRequest, index: int) -> HttpResponse:
    """Show one entry and the proof that it is in the signed tree."""
    records.open_for(reader(request), "ledger")
    row = _entry(index)
    signed = audit.published()
    named = names.of([row.by, row.subject, *_ids(row.facts)], submissions=_audits(request))
    context = {
        "entry": row,
        "by": named.get(row.by),
        "on": named.get(row.subject),
        "mentioned": [named[id] for id in _ids(row.facts) if named[id].known],
        "leaf": json.dumps(json.loads(bytes(row.leaf)), indent=2),
        "leaf_hash": bytes(row.leaf_hash).hex(),
        "facts": json.dumps(row.facts, indent=2, ensure_ascii=False),
        "decision": getattr(row, "decision", None),
        "asked": said.action(str(row.facts.get("action", ""))) if isinstance(row.facts, dict) else "",
        "signed": signed,
        "proof": audit.proof(index, signed) if signed else None,
    }
    return render(request, "audit/entry.html", context)


@require_safe
@login_required
def proof(request: HttpRequest, index: int) -> HttpResponse:
    """Give an entry's proof as a file that can be checked without the enclave."""
    records.open_for(reader(request), "ledger")
    _entry(index)
    found = audit.portable(index)
    if found is None:
        raise NotFound(f"entry {index} is newer than the last checkpoint; try again in a minute")
    response = HttpResponse(inclusion.written(*found), content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="ledger-entry-{index}.json"'
    return response


@require_safe
@login_required
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Give the signed checkpoint, to be kept outside and compared later."""
    records.open_for(reader(request), "ledger")
    note = Tiles(publisher.folder()).read_checkpoint()
    if note is None:
        raise NotFound("nothing is published yet; try again in a minute")
    return HttpResponse(note, content_type="text/plain; charset=utf-8")


@require_safe
@login_required
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Give the whole signed ledger as one file that verifies offline; with `text`, what its entries say."""
    person = reader(request)
    records.open_for(person, "ledger")
    tiles, verifier = Tiles(publisher.folder()), publisher.signer().verifier
    note = tiles.read_checkpoint()
    if note is None:
        raise NotFound("nothing is published yet; try again in a minute")
    text, size = request.GET.get("text") == "1", verifier.read(note).size
    with transaction.atomic():
        entries.append(Kind.EXPORTED, by=person.id, subject="ledger", facts={"size": size, "text": text})
    made = exports.pieces(tiles, verifier, note=note, text=text)
    response = StreamingHttpResponse(made, content_type="application/zip")
    name = f"ledger-{size}{'-with-text' if text else ''}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _entry(index: int) -> Entry:
    found = Entry.objects.filter(index=index).select_related("decision")
    row: Entry | None = found.first() if index < LARGEST_INDEX else None
    if row is None:
        raise NotFound(f"the ledger has no entry {index}")
    return row


def _person(words: str) -> tuple[str | None, list[Person]]:
    """Return the id of the one who is meant, or those who may be; an empty id is everybody."""
    if not words or words in PARTS:
        return words, []
    found = people_called(words)
    if len(found) == 1:
        return found[0].id, []
    # Somebody whose account is no more is still found by their id.
    if not found and Entry.objects.filter(by=words).exists():
        return words, []
    return None, found


def _audits(request: HttpRequest) -> bool:
    return Role.AUDITOR in roles(request)


def _days(page: timeline.Page, *, audits: bool) -> list[tuple[date, list[Row]]]:
    """Return the page's entries by day, with names for their ids."""
    mentioned = (id for row in page.rows for id in (row.by, row.subject, *_ids(row.facts)))
    named = names.of(mentioned, submissions=audits)
    rows = [
        Row(
            entry=row,
            by=named.get(row.by),
            on=named.get(row.subject),
            says=said.of(row, named),
            refused=row.kind in DENIALS,
        )
        for row in page.rows
    ]
    return [(day, list(group)) for day, group in groupby(rows, key=lambda row: row.entry.at.date())]


def _ids(facts: Any) -> list[str]:
    values = facts.values() if isinstance(facts, dict) else []
    return [value for value in values if isinstance(value, str) and len(value) == 26 and value.isalnum()]


def _plots(looked_for: Filter) -> dict[str, Any]:
    first, last = _span(looked_for)
    counts = tallies.between(first, last)
    kinds = [kind.value for kind in looked_for.kinds]
    return {
        "plot": tallies.drawn("Entries by day", counts, first, last, kinds),
        "refusals": denials.ranked(denials.counted(Filter(since=first, until=last))),
        "first": first,
        "last": last,
    }


def _span(looked_for: Filter) -> tuple[date, date]:
    """Return the days to draw: those looked for, as far as there are entries; else the last thirty."""
    today = datetime.now(UTC).date()
    last = min(looked_for.until or today, today)
    if looked_for.since is None:
        return max(date.min + PLOTTED, last) - PLOTTED, last
    begun = Entry.objects.order_by("index").values_list("at", flat=True).first()
    return min(max(looked_for.since, begun.date() if begun else today), last), last


def _link(request: HttpRequest, **changed: str) -> str:
    given = {name: request.GET[name] for name in FilterForm.base_fields if request.GET.get(name)}
    return "?" + urlencode(given | changed)


def _filtered(request: HttpRequest) -> bool:
    return any(request.GET.get(name) for name in FilterForm.base_fields)
