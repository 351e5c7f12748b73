"""Pages about access: a project with its data, agreements to sign, approvals to revoke.

The project's page is here and not in hub.projects, because it shows what the project may use.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET

from hub import images
from hub.access import agreements, facts, tiers
from hub.access.forms import Find
from hub.access.models import AccessRequest, Agreement, Approval
from hub.people import records
from hub.people.models import Role
from hub.people.signed_in import login_required, reader, roles
from hub.projects import visible
from hub.projects.models import MemberRole, Membership, Project

PER_PAGE = 50


@login_required
@require_GET
def project_list(request: HttpRequest) -> HttpResponse:
    """List the reader's projects, or all of them for those who may read that."""
    person = reader(request)
    if request.GET.get("all"):
        records.open_for(person, "projects")
        shown = Project.objects.all()
    else:
        shown = Project.objects.filter(memberships__person=person, memberships__ended_at=None)
    form = Find(request.GET or None)
    wanted = form.cleaned_data if form.is_valid() else {}
    if wanted.get("text"):
        shown = shown.filter(Q(title__icontains=wanted["text"]) | Q(slug__icontains=wanted["text"]))
    if wanted.get("state"):
        shown = shown.filter(state=wanted["state"])
    page = Paginator(shown.order_by("title", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "form": form,
        "all": bool(request.GET.get("all")),
        "filtered": any(wanted.values()),
    }
    return render(request, "access/projects.html", context)


@login_required
@require_GET
def project(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a project to its members and to those who may read about every project."""
    person = reader(request)
    shown = visible.project(to=person, slug=slug)
    today = datetime.now(UTC).date()
    mine = Membership.objects.current(today).filter(project=shown, person=person).first()
    signable = Agreement.objects.filter(project=shown).select_related("dataset__steward")
    context = {
        "project": shown,
        "mine": mine,
        "today": today,
        "memberships": shown.memberships.select_related("person__institution").order_by(
            "ended_at", "person__name"
        ),
        "approvals": facts.approvals_of(shown),
        "agreements": [(one, one.signatures.filter(person=person).first()) for one in signable],
        "requests": AccessRequest.objects.with_names().filter(project=shown)[:20],
        "approvals_needed": tiers.needed(shown),
        "named_checkers": shown.named_checkers.select_related("person"),
        "image_is_built": shown.image in images.names(),
        "leads": mine is not None and mine.role == MemberRole.PROJECT_LEAD,
        "member_requests": shown.member_requests.with_names()[:10],
        "manages": Role.ADMIN in roles(request),
    }
    return render(request, "access/project.html", context)


@login_required
def agreement(request: HttpRequest, number: int) -> HttpResponse:
    """Show an agreement, and sign it."""
    shown = get_object_or_404(Agreement.objects.select_related("dataset__steward", "project"), pk=number)
    person = reader(request)
    if request.method == "POST":
        agreements.sign(by=person, agreement=shown)
        messages.success(request, f"You have signed “{shown.title}”.")
        return redirect("access:project", shown.project.slug)
    signature = shown.signatures.filter(person=person).first()
    return render(request, "access/agreement.html", {"agreement": shown, "signature": signature})


@login_required
@require_GET
def approval_list(request: HttpRequest) -> HttpResponse:
    """List approvals: a steward's own datasets, or all for those who may read that."""
    person = reader(request)
    query = Approval.objects.select_related("project", "version__dataset", "approved_by", "revoked_by")
    if Role.DATA_STEWARD in roles(request):
        query = query.filter(version__dataset__steward=person)
    else:
        records.open_for(person, "datasets")
    page = Paginator(query.order_by("revoked_at", "until", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "person": person, "today": datetime.now(UTC).date()}
    return render(request, "access/approvals.html", context)
