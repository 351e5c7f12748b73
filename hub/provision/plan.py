"""What a file wants, held against what there is: the steps between, in order; none when all is as wanted."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import Invalid
from hub.provision.client import Client, Json

Role = Literal[
    "researcher",
    "project_lead",
    "data_steward",
    "key_custodian",
    "output_checker",
    "committee_member",
    "admin",
    "auditor",
]


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Institution(_Wanted):
    """An institution that is to be there."""

    slug: str
    name: str


class Held(_Wanted):
    """A role that somebody is to hold."""

    role: Role
    until: date | None = None


class Course(_Wanted):
    """A training that is to be recorded."""

    course: str
    completed: date
    until: date


class Person(_Wanted):
    """Somebody who is to be there, with roles and training."""

    email: str
    name: str
    institution: str
    roles: list[Role | Held] = []
    training: list[Course] = []


class Member(_Wanted):
    """Somebody who is to be in a project."""

    email: str
    role: Literal["researcher", "project_lead"] = "researcher"
    until: date | None = None


class Project(_Wanted):
    """A project that is to be there, open or closed, with members."""

    slug: str
    title: str
    purpose: str
    opens: date
    closes: date
    summary: str = ""
    state: Literal["proposed", "open", "closed"] = "open"
    limits: dict[str, float] = {}
    members: list[Member] = []
    # Who reviews what it hands in, by address; nobody named means any checker from outside.
    checkers: list[str] = []
    approvals: int | None = None


class Dataset(_Wanted):
    """A dataset that is to be there, with versions registered from its folder."""

    slug: str
    title: str
    description: str = ""
    institution: str
    steward: str
    tier: int
    licence: str
    attribution: str
    versions: list[str] = []


class Approval(_Wanted):
    """A version that a project is to be allowed; it takes the steward's own token."""

    project: str
    dataset: str
    version: str
    purpose: str
    until: date
    conditions: str = ""


class Wanted(_Wanted):
    """Everything that a file wants."""

    institutions: list[Institution] = Field(default=[], alias="institution")
    people: list[Person] = Field(default=[], alias="person")
    projects: list[Project] = Field(default=[], alias="project")
    datasets: list[Dataset] = Field(default=[], alias="dataset")
    approvals: list[Approval] = Field(default=[], alias="approval")


@dataclass(frozen=True)
class Step:
    """One change, said before it is made."""

    says: str
    do: Callable[[], Json]


def read(file: Path) -> Wanted:
    """Return what a TOML file wants; what it can't mean is Invalid, with the place."""
    try:
        return Wanted.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise Invalid(f"{file} can’t be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} is not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{file}: {where}: {first['msg']}.") from error


def steps(wanted: Wanted, client: Client) -> Iterator[Step]:
    """Return the steps to what is wanted; each looks at what there is when it is reached."""
    known = {one["slug"] for one in client.all("/institutions")} if wanted.institutions else set()
    for institution in wanted.institutions:
        if institution.slug not in known:
            body = institution.model_dump()
            yield Step(f"add the institution {institution.slug}", _post(client, "/institutions", body))
    for person in wanted.people:
        yield from _person(person, client)
    for dataset in wanted.datasets:
        yield from _dataset(dataset, client)
    for project in wanted.projects:
        yield from _project(project, client)
    for approval in wanted.approvals:
        yield from _approval(approval, client)


def _post(client: Client, path: str, body: Json) -> Callable[[], Json]:
    return lambda: client.post(path, body)


def _person(wanted: Person, client: Client) -> Iterator[Step]:
    email = wanted.email.lower()
    there = next(client.all("/people", email=email), None)
    if there is None:
        body = {"email": email, "name": wanted.name, "institution": wanted.institution}
        yield Step(f"add {email} of {wanted.institution}", _post(client, "/people", body))
    held = {one["role"]: one["valid_until"] for one in there["roles"]} if there else {}
    for role in wanted.roles:
        one = role if isinstance(role, Held) else Held(role=role)
        until = one.until.isoformat() if one.until else None
        if one.role not in held or held[one.role] != until:
            yield _give(client, email, one.role, until)
    done = {(one["course"], one["completed_on"]) for one in there["training"]} if there else set()
    for course in wanted.training:
        if (course.course, course.completed.isoformat()) not in done:
            yield _record(client, email, course)


def _give(client: Client, email: str, role: str, until: str | None) -> Step:
    says = f"make {email} {role.replace('_', ' ')}" + (f" until {until}" if until else "")
    return Step(
        says,
        lambda: client.put(f"/people/{client.person(email)['id']}/roles/{role}", {"valid_until": until}),
    )


def _record(client: Client, email: str, course: Course) -> Step:
    body = {
        "course": course.course,
        "completed_on": course.completed.isoformat(),
        "valid_until": course.until.isoformat(),
    }
    return Step(
        f"record {course.course} of {email}, completed {course.completed}, until {course.until}",
        lambda: client.post(f"/people/{client.person(email)['id']}/training", body),
    )


def _project(wanted: Project, client: Client) -> Iterator[Step]:
    path = f"/projects/{wanted.slug}"
    there = client.find(path)
    if there is None:
        body: dict[str, Any] = {
            "slug": wanted.slug,
            "title": wanted.title,
            "purpose": wanted.purpose,
            "opens_on": wanted.opens.isoformat(),
            "closes_on": wanted.closes.isoformat(),
            "summary": wanted.summary,
            "limits": wanted.limits,
        }
        yield Step(f"propose the project {wanted.slug}", _post(client, "/projects", body))
    state = there["state"] if there else "proposed"
    if wanted.state != state and wanted.state != "proposed":
        verb = {"open": "open", "closed": "close"}[wanted.state]
        yield Step(f"{verb} the project {wanted.slug}", _post(client, f"{path}/{verb}", {}))
    inside = (
        {one["email"] for one in client.all(f"{path}/members") if not one["ended_at"]} if there else set()
    )
    for member in wanted.members:
        if member.email.lower() not in inside:
            yield _join(client, wanted.slug, member)
    if wanted.checkers or wanted.approvals:
        yield from _reviewers(wanted, client, client.get(f"{path}/reviewers") if there else None)


def _join(client: Client, slug: str, member: Member) -> Step:
    until = member.until.isoformat() if member.until else None
    return Step(
        f"add {member.email} to {slug} as {member.role.replace('_', ' ')}",
        lambda: client.post(
            f"/projects/{slug}/members",
            {"person": client.person(member.email)["id"], "role": member.role, "valid_until": until},
        ),
    )


def _reviewers(wanted: Project, client: Client, there: Json | None) -> Iterator[Step]:
    """Name who is missing and raise the number; a file drops nobody and lowers nothing."""
    named = [one["email"] for one in there["named"]] if there else []
    missing = [one.lower() for one in wanted.checkers if one.lower() not in named]
    more = wanted.approvals if wanted.approvals and wanted.approvals > _approvals(there) else None
    if not missing and more is None:
        return

    def change() -> Json:
        body: Json = {} if more is None else {"approvals": more}
        if missing:
            body["named"] = [client.person(one)["id"] for one in (*named, *missing)]
        return client.patch(f"/projects/{wanted.slug}/reviewers", body)

    says = [f"name {', '.join(missing)}"] if missing else []
    says += [f"ask for {more} approvals"] if more else []
    yield Step(f"{' and '.join(says)} to review what {wanted.slug} hands in", change)


def _approvals(there: Json | None) -> int:
    # Every project begins with two.
    return int(there["approvals"]) if there else 2


def _dataset(wanted: Dataset, client: Client) -> Iterator[Step]:
    path = f"/datasets/{wanted.slug}"
    there = client.find(path)
    if there is None:
        body = wanted.model_dump(exclude={"versions", "steward"})
        yield Step(
            f"add the dataset {wanted.slug}",
            lambda: client.post("/datasets", body | {"steward": client.person(wanted.steward)["id"]}),
        )
    known = {one["version"] for one in client.all(f"{path}/versions")} if there else set()
    for version in wanted.versions:
        if version not in known:
            yield Step(
                f"register version {version} of {wanted.slug}",
                _post(client, f"{path}/versions", {"version": version}),
            )


def _approval(wanted: Approval, client: Client) -> Iterator[Step]:
    there = standing(client, wanted.project, wanted.dataset, wanted.version)
    says = f"{wanted.dataset} {wanted.version} for {wanted.project} until {wanted.until}"
    if there is None:
        yield Step(f"approve {says}", _post(client, "/approvals", wanted.model_dump(mode="json")))
    elif date.fromisoformat(there["until"]) < wanted.until:
        later = {"until": wanted.until.isoformat()}
        later |= {"conditions": wanted.conditions} if wanted.conditions else {}
        yield Step(f"prolong {says}", lambda: client.patch(f"/approvals/{there['id']}", later))


def standing(client: Client, project: str, dataset: str, version: str) -> Json | None:
    """Return the approval that nobody revoked, ended or not, as its dataset's steward sees it."""
    found = client.all("/approvals", project=project, dataset=dataset)
    return next((one for one in found if one["version"] == version and one["revoked_at"] is None), None)
