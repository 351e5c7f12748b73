"""The pages of what is brought in: for a project's people, and for the checkers who read it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import cast

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from egress_review.vault import Vault
from hub import refusals
from hub.bring_ins import permissions, services, text
from hub.bring_ins.forms import BringForm, JudgeForm
from hub.bring_ins.models import LEGAL_MOVES, BringIn, BringInState
from hub.errors import NotFound
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.places import places
from hub.projects import visible
from hub.projects.models import Membership, Project, ProjectState

PER_PAGE = 50
LINES_A_PAGE = 500
vault = Vault(places.state / "vault")


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List what was brought into the reader's projects, and what waits for their review."""
    person, today = reader(request), datetime.now(UTC).date()
    found = BringIn.objects.of(person, today).with_people()
    context = {
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "waiting": BringIn.objects.awaiting(person, today).with_people()[:PER_PAGE],
        "projects": _open_projects(person, today),
    }
    return render(request, "bring_ins/index.html", context)


@login_required
def bring(request: HttpRequest, project: str) -> HttpResponse:
    """Take text files for a review."""
    person = reader(request)
    shown = visible.project(to=person, slug=project)
    permissions.to_bring(by=person, project=shown)
    sent = request.method == "POST"
    form = BringForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        with refusals.said_on(form):
            said = form.cleaned_data
            made = services.bring(
                by=person,
                project=shown,
                title=said["title"],
                why=said["why"],
                files=said["texts"],
                vault=vault,
            )
            messages.success(request, "A checker has it now; you are told what they decide.")
            return redirect("bring_ins:detail", made.pk)
    return render(request, "bring_ins/bring.html", {"form": form, "project": shown})


@login_required
@require_GET
def detail(request: HttpRequest, id: str) -> HttpResponse:
    """Show what was brought in, what was found and decided."""
    person, found = reader(request), services.find(id)
    services.open_page(by=person, bring_in=found)
    return render(request, "bring_ins/detail.html", _context(person, found, None))


@login_required
@require_POST
def judge(request: HttpRequest, id: str) -> HttpResponse:
    """Take a checker's decision."""
    person, found = reader(request), services.find(id)
    form = JudgeForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        with refusals.said_on(form):
            services.judge(
                by=person,
                bring_in=found,
                verdict=cast(permissions.Verdict, said["verdict"]),
                comment=said["comment"],
                seen=said["row_version"],
                vault=vault,
            )
            messages.success(request, "It is decided, and its author is told.")
            return redirect("bring_ins:detail", found.pk)
    services.open_page(by=person, bring_in=found)
    return render(request, "bring_ins/detail.html", _context(person, found, form))


@login_required
@require_POST
def take_back(request: HttpRequest, id: str) -> HttpResponse:
    """Take it out of reach."""
    found = services.find(id)
    services.take_back(by=reader(request), bring_in=found, vault=vault)
    messages.success(request, "It is taken back; no session has it any more.")
    return redirect("bring_ins:detail", found.pk)


@login_required
@require_GET
def file(request: HttpRequest, id: str, position: int) -> HttpResponse:
    """Show a file's text, numbered, so many lines at a time; what can't be seen is written out."""
    found = services.find(id)
    wanted = found.files.filter(position=position).first()
    if wanted is None:
        raise NotFound("There is no such file in it.")
    content = services.open_file(by=reader(request), bring_in=found, file=wanted, vault=vault)
    lines = [(number, _shown(line)) for number, line in enumerate(text.lines_of(content), start=1)]
    page = Paginator(lines, LINES_A_PAGE).get_page(request.GET.get("page"))
    notes = [one for one in found.findings if one["file"] == wanted.name]
    context = {"bring_in": found, "file": wanted, "page": page, "findings": notes}
    return render(request, "bring_ins/file.html", context)


def _open_projects(person: Person, today: date) -> QuerySet[Project]:
    """Return the person's projects to which a link may lead; whether they may bring is asked there."""
    held = Membership.objects.current(today).filter(person=person)
    at_work = Project.objects.filter(opens_on__lte=today, closes_on__gte=today, suspended_at=None)
    return at_work.filter(pk__in=held.values("project"), state=ProjectState.OPEN.value)


def _context(person: Person, found: BringIn, form: JudgeForm | None) -> dict[str, object]:
    today = datetime.now(UTC).date()
    # Whether the forms are shown; whether they are taken is the policies' answer.
    judges = BringIn.objects.awaiting(person, today).filter(pk=found.pk).exists()
    return {
        "bring_in": found,
        "files": list(found.files.all()),
        "form": (form or JudgeForm(initial={"row_version": found.row_version})) if judges else None,
        # Who is to decide on it rejects it.
        "may_take_back": not judges
        and BringInState.WITHDRAWN in LEGAL_MOVES[BringInState(found.state)]
        and permissions.may_take_back(by=person, bring_in=found),
    }


def _shown(line: str) -> str:
    return text.UNSEEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", line.rstrip("\r"))
