"""The page on which an admin says who reviews what a project hands in, and how many have to approve."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from egress_review import reviewers, shortages
from hub.access import tiers
from hub.affected import Affected
from hub.people.models import Person
from hub.people.signed_in import login_required, reader
from hub.projects import services, visible
from hub.projects.models import Project
from hub.provisioning import effects, steps
from hub.provisioning.project_forms import Reviewers
from hub.provisioning.steps import Values, Wording


@login_required
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Name who reviews a project's outputs, and how many approvals a release needs."""
    person = reader(request)
    project = visible.project(to=person, slug=slug)
    services.may(by=person, project=project, change="edit")
    choosable = reviewers.choosable(project)
    shown = list(choosable.select_related("institution"))
    now = set(project.named_checkers.values_list("person_id", flat=True))
    initial = {"approvals": tiers.needed(project), "named": sorted(now), "seen": project.row_version}
    why_not = shortages.why_not(choosable, project)
    form = Reviewers(steps.data(request), initial=initial, project=project, checkers=shown, why_not=why_not)

    def affected(values: Values) -> list[Affected]:
        after, approvals = set(values["named"]), values["approvals"]
        return effects.of_reviewers(project, shown, before=now, after=after, approvals=approvals)

    def act(values: Values) -> str:
        reviewers.choose(
            by=person,
            project=project,
            named=values["named"],
            approvals=values["approvals"],
            seen=values["seen"],
        )
        return "Who reviews the project’s outputs is changed."

    back = reverse("access:project", args=[project.slug])
    return steps.two(
        request,
        form=form,
        wording=_wording(project, choosable, back=back),
        affected=affected,
        act=act,
        to=back,
        told=lambda values: _told(project, shown, now, values),
    )


def _wording(project: Project, choosable: QuerySet[Person], *, back: str) -> Wording:
    return Wording(
        heading=f"Who reviews the outputs of {project.title}",
        sentence="It holds for what is in review now as well.",
        lead="Nobody reviews their own release or one of a project they had a part in, and no release leaves "
        f"with fewer than {tiers.fewest(tiers.of(project))} approvals: the policies hold that by the tier of "
        f"the data, and no setting lowers it.{_lacks(project, choosable)}",
        action="Change the reviewers",
        back=back,
    )


def _lacks(project: Project, choosable: QuerySet[Person]) -> str:
    """Say that too few can review, and why those can't who are not among the choices, which say it too."""
    short = shortages.of(project)
    if short is None or short.named:
        return f" {short}" if short else ""
    others = shortages.sentences(shortages.office().exclude(pk__in=choosable.values("pk")), project)
    return f" {short} {'; '.join(others)}." if others else f" {short}"


def _told(
    project: Project, shown: list[Person], before: set[str], values: Values
) -> list[tuple[str, object]]:
    needed = values["approvals"]
    changes = {
        "Approvals": (str(tiers.needed(project)), str(needed)),
        "Reviewed by": (_names(shown, before), _names(shown, set(values["named"]))),
    }
    return [(name, f"{old} → {new}") for name, (old, new) in changes.items() if old != new]


def _names(shown: list[Person], named: set[str]) -> str:
    return ", ".join(one.name for one in shown if one.pk in named) or "any checker from outside"
