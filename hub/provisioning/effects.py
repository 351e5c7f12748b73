"""Who a change touches, found before it is made: members, running sessions, approvals, datasets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Max
from django.urls import reverse

from egress_review import shortages
from egress_review.shortages import Shortage
from hub.access import tiers
from hub.access.models import Agreement, Approval
from hub.affected import Affected
from hub.datasets.models import Dataset
from hub.people.models import Person, Role, RoleAssignment
from hub.projects.models import Membership, Project
from hub.provisioning import foresight
from hub.provisioning.foresight import Changed
from hub.workspaces.models import Session

# A checker who may review every project may leave hundreds short.
MOST_LISTED = 10
ENDS = "ends within 5 seconds; what is saved in the home is kept"


def today() -> date:
    """Return the day that ends are compared with."""
    return datetime.now(UTC).date()


def on_members(project: Project, effect: str, *, linked: bool = True) -> list[Affected]:
    """Say what happens to each current member; linked to their page for a reader who may see it."""
    current = Membership.objects.current(today()).filter(project=project).select_related("person")
    return [Affected(one.person.name, effect, _person(one.person_id) if linked else "") for one in current]


def on_sessions(changed: Changed, **where: object) -> list[Affected]:
    """Name the sessions of a project, a person or both that a change ends, as the policies say now."""
    return [_session(one, ENDS) for one in foresight.ending(changed, **where)]


def of_stopping_project(project: Project) -> list[Affected]:
    """Say who is stopped when nobody may work in a project any more."""
    return [
        *on_sessions(foresight.project_suspended, workspace__project=project),
        *on_members(project, "can start no session in this project any more"),
    ]


def of_opening(project: Project) -> list[Affected]:
    """Say who may work from now on, and whether what they hand in would wait."""
    short = shortages.of(project)
    found = on_members(project, "may start sessions on approved data")
    return [*found, *([_waiting(short, "has")] if short else [])]


def of_resuming_project(project: Project) -> list[Affected]:
    """Say who may work again."""
    return on_members(project, "may start sessions again")


def of_editing(project: Project, *, purpose: str, opens_on: date, closes_on: date) -> list[Affected]:
    """Say what a new purpose or new dates do to approvals, sessions and members."""
    found: list[Affected] = []
    standing = Approval.objects.current(today()).filter(project=project).select_related("version__dataset")
    if purpose != project.purpose:
        old = project.purpose.replace("_", " ")
        stops = f"stops counting, because it is for {old}; its steward would have to approve again"
        found += [_approval(one, stops) for one in standing if one.purpose == project.purpose]
    changed = foresight.project_as(purpose=purpose, opens_on=opens_on, closes_on=closes_on)
    found = [*on_sessions(changed, workspace__project=project), *found]
    if (opens_on, closes_on) != (project.opens_on, project.closes_on):
        found += on_members(project, f"can work in the project from {_day(opens_on)} to {_day(closes_on)}")
        beyond = [one for one in standing if one.until > closes_on]
        found += [
            _approval(one, f"says until {_day(one.until)}, but ends with the project") for one in beyond
        ]
    return found


def of_limits(project: Project, changed: set[str]) -> list[Affected]:
    """Say what of new limits running sessions feel now, and what only the next ones."""
    live = list(Session.objects.live().with_people().filter(workspace__project=project))
    at_once = changed & {"idle_seconds", "budget_bytes_per_day"}
    later = changed - at_once
    found = []
    for session in live:
        said = []
        if at_once:
            said.append("has the new idle time and byte budget within 5 seconds")
        if later:
            said.append("keeps its image, memory, processors, disk and time until it ends")
        if said:
            found.append(_session(session, "; ".join(said)))
    if changed:
        found += on_members(project, "gets the new limits at the next start")
    return found


def of_reviewers(
    project: Project, checkers: Iterable[Person], *, before: set[str], after: set[str], approvals: int
) -> list[Affected]:
    """Say of each checker who may or may no longer review a project's outputs that it is so."""
    short = shortages.chosen(project, named=after, approvals=approvals)
    found = [_waiting(short, "gets")] if short else []
    for one in checkers:
        could, can = not before or one.pk in before, not after or one.pk in after
        if could != can:
            says = "reviews its outputs" if can else "can no longer see or review its outputs"
            found.append(Affected(one.name, says, _person(one.pk)))
    return found or on_members(project, "needs as many approvals for each release")


def of_joining(project: Project, person: Person) -> list[Affected]:
    """Say what somebody gets with a membership, and what is still missing."""
    standing = Approval.objects.current(today()).filter(project=project).select_related("version__dataset")
    found = [_approval(one, f"{person.name} may use it once its agreement is signed") for one in standing]
    if Role.RESEARCHER not in person.roles_on(today()):
        missing = "isn’t a researcher in this enclave, and can’t start a session before that role is given"
        found.append(Affected(person.name, missing, _person(person.id)))
    # Nobody who was ever of a project reviews what leaves it.
    return found + of_losing_checker(person, project)


def of_leaving(project: Project, person: Person) -> list[Affected]:
    """Say what somebody loses with a membership."""
    return [
        *on_sessions(foresight.not_a_member, workspace__project=project, workspace__person=person),
        Affected(person.name, f"can start no session in {project.title} any more", _person(person.id)),
    ]


def of_stopping_person(person: Person) -> list[Affected]:
    """Say what ends and what is left without anybody when a person is stopped."""
    found = on_sessions(foresight.person_stopped, workspace__person=person)
    current = Membership.objects.current(today()).filter(person=person).select_related("project")
    for one in current:
        url = reverse("access:project", args=[one.project.slug])
        found.append(Affected(one.project.title, f"is without {person.name} as {_words(one.role)}", url))
    return [*found, *of_losing_checker(person), *of_losing_stewardship(person)]


def of_losing_checker(person: Person, project: Project | None = None) -> list[Affected]:
    """Say which projects would wait for checkers if this one could review no more."""
    short = shortages.without(person, project=project)
    found = [_waiting(one, "keeps") for one in short[:MOST_LISTED]]
    if (more := len(short) - MOST_LISTED) > 0:
        found.append(Affected(f"{more} more", "would have too few checkers as well"))
    return found


def _waiting(one: Shortage, verb: str) -> Affected:
    return Affected(one.project.title, one.effect(verb), reverse("access:project", args=[one.project.slug]))


def of_losing_stewardship(person: Person) -> list[Affected]:
    """Say which datasets nobody could approve, revoke or suspend any more."""
    kept = "nobody can approve or revoke its use until another steward answers for it"
    return [
        Affected(one.title, kept, reverse("datasets:dataset", args=[one.slug]))
        for one in Dataset.objects.filter(steward=person)
    ]


def of_role(person: Person, role: Role, *, ends: bool, until: date | None = None) -> list[Affected]:
    """Say what a role gives until a day, or what its end takes, now or sooner than it would have come."""
    if ends:
        gone = on_sessions(foresight.without_role(role.value), workspace__person=person)
        effect = f"is no longer {role.label}"
        return [*gone, *_of_losing(person, role), Affected(person.name, effect, _person(person.id))]
    found: list[Affected] = []
    if until is not None and _ends_sooner(person, role, until):
        lost = _of_losing(person, role)
        found = [replace(one, effect=f"after {_day(until)} {one.effect}") for one in lost]
        midnight = datetime.combine(until + timedelta(days=1), time.min, UTC)
        ending = foresight.ending_at(
            midnight, foresight.role_until(role.value, until), workspace__person=person
        )
        ends_then = f"ends after {_day(until)}, at midnight UTC; what is saved in the home is kept"
        found = [*(_session(one, ends_then) for one in ending), *found]
    held = f"is {role.label}{f' until {_day(until)}' if until else ''}, {GIVES[role]}"
    return [*found, Affected(person.name, held, _person(person.id))]


def _ends_sooner(person: Person, role: Role, until: date) -> bool:
    """Whether a role that is held today would end before it does now."""
    held = RoleAssignment.objects.current(today()).filter(person=person, role=role.value).first()
    return held is not None and (held.valid_until is None or until < held.valid_until)


def _of_losing(person: Person, role: Role) -> list[Affected]:
    """Say who is left without somebody when a person holds a role no more."""
    if role is Role.DATA_STEWARD:
        return of_losing_stewardship(person)
    if role is Role.OUTPUT_CHECKER:
        return of_losing_checker(person)
    if role is Role.ADMIN:
        left = Person.objects.holding(role, today()).exclude(pk=person.pk).count()
        return [Affected("The enclave", f"has {left} other admin{'s' if left != 1 else ''} left")]
    return []


GIVES: dict[Role, str] = {
    Role.RESEARCHER: "and may work in the projects they are a member of",
    Role.PROJECT_LEAD: "and may lead projects",
    Role.DATA_STEWARD: "and may approve the use of the datasets they answer for; needs a second factor",
    Role.KEY_CUSTODIAN: "and looks after keys, never data; needs a second factor",
    Role.OUTPUT_CHECKER: "and may judge what leaves projects they were never in; needs a second factor",
    Role.COMMITTEE_MEMBER: "and reads what projects want and may use",
    Role.ADMIN: "and may change people and projects, which opens no data; needs a second factor",
    Role.AUDITOR: "and reads every record, changing nothing",
}


def of_approval(project: Project, dataset: Dataset) -> list[Affected]:
    """Say who gets to use data by an approval, and how many have to approve what leaves after it."""
    effect = "may use it in their next session, once they have signed its agreement"
    return [*_of_tier(project, dataset.tier), *on_members(project, effect, linked=False)]


def _of_tier(project: Project, tier: int) -> list[Affected]:
    """Say that a project's releases need more approvals for data of a tier, and whether they can be had."""
    needed, now = tiers.needed_for(project, tier=tier), tiers.needed(project)
    if needed <= now:
        return []
    more = f"needs {needed} approvals for each release from now on, not {now}: the data is of tier {tier}"
    named = set(project.named_checkers.values_list("person_id", flat=True))
    short = shortages.chosen(project, named=named, approvals=needed)
    said = [more, *([short.effect("has")] if short else [])]
    return [Affected(project.title, effect) for effect in said]


def of_prolonging(approval: Approval, until: date) -> list[Affected]:
    """Say who may use data until another day, and what they have signed only until an earlier one."""
    found = on_members(approval.project, f"may use it until {_day(until)}", linked=False)
    signed = Agreement.objects.filter(project=approval.project, dataset=approval.version.dataset)
    ends = signed.aggregate(last=Max("until"))["last"]
    if ends is not None and ends < until:
        when = "ends" if ends >= today() else "ended"
        gap = f"{when} on {_day(ends)}; to use the data after it they have to sign another"
        found.append(Affected("The agreement they signed", gap))
    return found


def of_revoking(approval: Approval) -> list[Affected]:
    """Say which sessions end by a revocation, and who loses the data."""
    gone = foresight.without_approval(approval.id)
    return [
        *on_sessions(gone, workspace__project=approval.project),
        *on_members(
            approval.project,
            "can’t use this version any more; what was released stays released",
            linked=False,
        ),
    ]


def _session(session: Session, effect: str) -> Affected:
    person, project = session.workspace.person, session.workspace.project
    return Affected(f"{person.name}’s session in {project.title}", effect)


def _approval(approval: Approval, effect: str) -> Affected:
    version = approval.version
    url = reverse("datasets:dataset", args=[version.dataset.slug])
    return Affected(f"{version.dataset.title}, version {version.version}", effect, url)


def _person(id: str) -> str:
    return reverse("people:person", args=[id])


def _day(day: date) -> str:
    return f"{day:%-d %b %Y}"


def _words(value: str) -> str:
    return value.replace("_", " ")
