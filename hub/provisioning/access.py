"""Pages on which a lead asks for data, and its steward approves, refuses and revokes."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from hub.access import agreements, approvals, facts, requests
from hub.access.models import AccessRequest, Agreement, Approval
from hub.affected import Affected
from hub.datasets.models import DatasetVersion
from hub.people import records
from hub.people.models import Person, Role
from hub.people.signed_in import login_required, reader, roles
from hub.projects import visible
from hub.projects.models import Membership, Project
from hub.provisioning import effects, steps
from hub.provisioning.access_forms import Agree, Approve, Ask, Choose, Prolong
from hub.provisioning.project_forms import Reason
from hub.provisioning.steps import Change, Values, Wording


@login_required
@require_GET
def request_list(request: HttpRequest) -> HttpResponse:
    """List requests: for a steward's datasets, of one's own projects, or all for who may read that."""
    person = reader(request)
    found = AccessRequest.objects.with_names()
    if request.GET.get("all"):
        records.open_for(person, "datasets")
    elif Role.DATA_STEWARD in roles(request):
        found = found.filter(version__dataset__steward=person)
    else:
        current = Membership.objects.current(effects.today()).filter(person=person)
        found = found.filter(project__in=current.values("project"))
    # Those that wait come first, the oldest of them on top.
    page = Paginator(found.order_by("answered_at", "asked_at"), 50).get_page(request.GET.get("page"))
    return render(request, "provisioning/requests.html", {"page": page})


@login_required
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a dataset version for a project."""
    person = reader(request)
    project = visible.project(to=person, slug=slug)

    def act(values: Values) -> str:
        given = {name: values[name] for name in ("version", "until", "reason")}
        requests.ask(by=person, project=project, **given)
        return f"{given['version'].dataset.steward.name} is asked, and answers on the project’s page."

    to = reverse("access:project", args=[slug])
    wording = Wording(
        heading=f"Ask for data for {project.title}",
        sentence=f"Its steward decides. It would be used for {project.purpose.replace('_', ' ')} only.",
        action="Ask for it",
        back=to,
    )
    first = {"until": project.closes_on, "version": request.GET.get("version")}
    form = Ask(steps.data(request), initial=first)
    return steps.at_once(request, form=form, wording=wording, act=act, to=to)


@login_required
@require_GET
def one_request(request: HttpRequest, id: str) -> HttpResponse:
    """Show a request to its steward, its project's members, and those who may read that."""
    person = reader(request)
    shown = get_object_or_404(AccessRequest.objects.with_names(), pk=id)
    is_steward = shown.version.dataset.steward_id == person.id
    current = Membership.objects.current(effects.today()).filter(person=person, project=shown.project_id)
    mine = current.first()
    if not is_steward and mine is None:
        records.open_for(person, "datasets")
    context = {
        "request_": shown,
        "is_steward": is_steward,
        "leads": mine is not None and mine.role == Role.PROJECT_LEAD,
        "members": Membership.objects.current(effects.today())
        .filter(project=shown.project_id)
        .select_related("person__institution"),
        "others": facts.approvals_of(shown.project),
        "today": effects.today(),
    }
    return render(request, "provisioning/request.html", context)


@login_required
def approve_request(request: HttpRequest, id: str) -> HttpResponse:
    """Approve what was asked for."""
    asked = get_object_or_404(AccessRequest.objects.with_names(), pk=id)
    requests.may_refuse(by=reader(request), request=asked)
    page = reverse("provisioning:request", args=[id])
    return _approve(request, asked.project, asked.version, until=asked.until, back=page, why=asked.reason)


@login_required
def refuse_request(request: HttpRequest, id: str) -> HttpResponse:
    """Refuse what was asked for, with a reason."""
    person = reader(request)
    asked = get_object_or_404(AccessRequest.objects.with_names(), pk=id)
    requests.may_refuse(by=person, request=asked)
    page = reverse("provisioning:request", args=[id])

    def act(values: Values) -> str:
        requests.refuse(by=person, request=asked, reason=values["reason"])
        return f"The request is refused; {asked.project.title} reads why."

    wording = Wording(
        heading="Refuse this request?",
        sentence=f"{asked.project.title} does not get {asked.version}. Its lead may ask again.",
        action="Refuse it",
        back=page,
        danger=True,
    )
    reads = [Affected(asked.asked_by.name, "reads your reason, as every member of the project does")]
    form = Reason(steps.data(request))
    return steps.one(request, form=form, wording=wording, affected=lambda: reads, act=act, to=page)


@login_required
def withdraw_request(request: HttpRequest, id: str) -> HttpResponse:
    """Take a request back."""
    person = reader(request)
    asked = get_object_or_404(AccessRequest.objects.with_names(), pk=id)
    visible.project(to=person, slug=asked.project.slug)
    page = reverse("access:project", args=[asked.project.slug])

    def act(values: Values) -> str:
        requests.withdraw(by=person, request=asked)
        return "The request is taken back."

    wording = Wording(
        heading="Take this request back?",
        sentence=f"{asked.version.dataset.steward.name} need not answer it any more.",
        action="Take it back",
        back=page,
        danger=True,
    )
    form = Change(steps.data(request))
    return steps.one(request, form=form, wording=wording, affected=lambda: [], act=act, to=page)


@login_required
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Choose what to approve for whom, where nobody asked for it."""
    person = reader(request)
    form = Choose(request.GET or None, steward=person)
    if form.is_bound and form.is_valid():
        project, version = form.cleaned_data["project"], form.cleaned_data["version"]
        return redirect("provisioning:approve", project.slug, version.pk)
    return render(request, "provisioning/choose.html", {"form": form, "nothing": form.nothing()})


@login_required
def approve(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Approve a version for a project."""
    person = reader(request)
    chosen = get_object_or_404(DatasetVersion.objects.select_related("dataset__steward"), pk=version)
    project = get_object_or_404(Project, slug=slug)
    approvals.may(
        by=person,
        change="refuse",
        project=project,
        version=chosen,
        purpose=project.purpose,
        until=project.closes_on,
    )
    return _approve(request, project, chosen, until=project.closes_on, back=reverse("access:approvals"))


@login_required
def prolong(request: HttpRequest, id: str) -> HttpResponse:
    """Approve again what is approved, until another day."""
    person = reader(request)
    shown = get_object_or_404(facts.with_all(), pk=id)
    # As at the first approval: the form is for who could say no as well.
    _may(person, "refuse", shown)
    back = reverse("access:approvals")
    return _prolong(request, shown, until=shown.project.closes_on, back=back)


@login_required
def revoke(request: HttpRequest, id: str) -> HttpResponse:
    """Revoke an approval."""
    person = reader(request)
    shown = get_object_or_404(facts.with_all(), pk=id)
    _may(person, "revoke", shown)
    back = reverse("access:approvals")

    def act(values: Values) -> str:
        approvals.revoke(by=person, approval=shown, reason=values["reason"])
        return "The approval is revoked; sessions using the data end within seconds."

    wording = Wording(
        heading="Revoke this approval?",
        sentence="It can’t be given back, only given anew. Results already released stay released.",
        action="Revoke it",
        back=back,
        danger=True,
        facts=[
            ("Dataset", str(shown.version)),
            ("Project", shown.project.title),
            ("Until", f"{shown.until:%-d %b %Y}"),
        ],
    )
    form = Reason(steps.data(request))
    return steps.one(
        request,
        form=form,
        wording=wording,
        affected=lambda: effects.of_revoking(shown),
        act=act,
        to=back,
    )


@login_required
def add_agreement(request: HttpRequest, id: str) -> HttpResponse:
    """Add an agreement for the data of an approval."""
    person = reader(request)
    shown = get_object_or_404(facts.with_all(), pk=id)
    dataset, project = shown.version.dataset, shown.project
    agreements.may(by=person, dataset=dataset)

    def act(values: Values) -> str:
        _agree(person, shown.version, project, values)
        return f"“{values['title']}” is added; members sign it on the project’s page."

    wording = Wording(
        heading=f"Agreement for {dataset.title} in {project.title}",
        sentence="Whoever has signed one in force need not sign another; others sign this.",
        action="Add the agreement",
        back=reverse("access:approvals"),
    )
    form = Agree(steps.data(request), initial=_template(shown.version, shown.until))
    return steps.two(
        request,
        form=form,
        wording=wording,
        affected=lambda values: effects.on_members(project, "may sign it", linked=False),
        act=act,
        to=reverse("access:approvals"),
    )


def _approve(
    request: HttpRequest, project: Project, version: DatasetVersion, *, until: date, back: str, why: str = ""
) -> HttpResponse:
    person = reader(request)
    standing = facts.with_all().filter(project=project, version=version, revoked_at=None).first()
    if standing is not None:
        return _prolong(request, standing, until=until, back=back, why=why)
    in_force = Agreement.objects.filter(
        project=project, dataset=version.dataset, until__gte=effects.today()
    ).exists()
    first = {"until": until, **({} if in_force else _template(version, until))}
    form = Approve(steps.data(request), initial=first, agreed=in_force)

    def act(values: Values) -> str:
        approvals.approve(
            by=person,
            project=project,
            version=version,
            purpose=project.purpose,
            until=values["until"],
            conditions=values["conditions"],
        )
        if values["text"]:
            _agree(person, version, project, values)
        return f"{version} is approved for {project.title}."

    return steps.two(
        request,
        form=form,
        wording=_to_approve(project, version, back=back, why=why),
        affected=lambda values: effects.of_approval(project, version.dataset),
        act=act,
        to=reverse("access:approvals"),
    )


def _to_approve(project: Project, version: DatasetVersion, *, back: str, why: str) -> Wording:
    return Wording(
        heading=f"Approve {version.dataset.title} for {project.title}",
        sentence="Members who have signed the agreement may use it in their next session.",
        lead=project.summary or "The project has not said what it wants to find out.",
        action="Approve it",
        back=back,
        facts=[
            ("Version", version.version),
            ("Purpose", project.purpose.replace("_", " ")),
            ("Project", f"{project.opens_on:%-d %b %Y} to {project.closes_on:%-d %b %Y}, {project.state}"),
            *([("Asked because", why)] if why else []),
        ],
    )


def _prolong(request: HttpRequest, shown: Approval, *, until: date, back: str, why: str = "") -> HttpResponse:
    person = reader(request)
    initial = {"until": until, "conditions": shown.conditions, "seen": shown.row_version}

    def act(values: Values) -> str:
        given = {name: values[name] for name in ("until", "conditions", "seen")}
        approvals.prolong(by=person, approval=shown, **given)
        return f"{shown.version} is approved for {shown.project.title} until {values['until']:%-d %b %Y}."

    ended = "ended" if shown.until < effects.today() else "holds until"
    wording = Wording(
        heading=f"Prolong {shown.version.dataset.title} for {shown.project.title}",
        sentence="Sessions that use it go on. Each member’s signature under the agreement keeps counting.",
        lead=f"Its approval {ended} {shown.until:%-d %b %Y}. No session ends by prolonging it.",
        action="Prolong it",
        back=back,
        facts=[
            ("Version", shown.version.version),
            ("Purpose", shown.project.purpose.replace("_", " ")),
            ("Until now", f"{shown.until:%-d %b %Y}"),
            *([("Asked because", why)] if why else []),
        ],
    )
    return steps.two(
        request,
        form=Prolong(steps.data(request), initial=initial),
        wording=wording,
        affected=lambda values: effects.of_prolonging(shown, values["until"]),
        act=act,
        to=reverse("access:approvals"),
    )


def _may(person: Person, change: Literal["revoke", "refuse"], approval: Approval) -> None:
    """Refuse who may not change an approval so, before anything of it is shown."""
    approvals.may(
        by=person,
        change=change,
        project=approval.project,
        version=approval.version,
        purpose=approval.purpose,
        until=approval.until,
    )


def _agree(person: Person, version: DatasetVersion, project: Project, values: Values) -> None:
    agreements.add(
        by=person,
        dataset=version.dataset,
        project=project,
        title=values["title"] or f"Use of {version.dataset.title}",
        text=values["text"],
        until=values["agreed_until"] or values["until"],
    )


def _template(version: DatasetVersion, until: date) -> dict[str, Any]:
    """Return the last agreement of a dataset as the next one's first draft."""
    last = Agreement.objects.filter(dataset=version.dataset).order_by("-pk").first()
    title = last.title if last else f"Use of {version.dataset.title}"
    return {"title": title, "text": last.text if last else "", "agreed_until": until}
