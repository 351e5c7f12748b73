"""The verbs of the command line, each one request or a few."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import httpx

from hub.errors import Invalid
from hub.provision import plan
from hub.provision.client import Answered, Client, Json

Verb = Callable[[Client, argparse.Namespace], "Json | list[Json]"]


def add_institution(client: Client, asked: argparse.Namespace) -> Json:
    """Add an institution."""
    return client.post("/institutions", {"slug": asked.slug, "name": asked.name})


def list_institutions(client: Client, asked: argparse.Namespace) -> list[Json]:
    """List institutions."""
    return list(client.all("/institutions"))


def add_person(client: Client, asked: argparse.Namespace) -> Json:
    """Add a person."""
    body = {"email": asked.email, "name": asked.name, "institution": asked.institution, "roles": asked.role}
    return client.post("/people", body)


def list_people(client: Client, asked: argparse.Namespace) -> list[Json]:
    """List people."""
    return list(client.all("/people"))


def role(client: Client, asked: argparse.Namespace) -> Json:
    """Give a role, or end it."""
    path = f"/people/{client.person(asked.email)['id']}/roles/{asked.role}"
    return client.delete(path) if asked.end else client.put(path, {"valid_until": asked.until})


def training(client: Client, asked: argparse.Namespace) -> Json:
    """Record a training."""
    body = {"course": asked.course, "completed_on": asked.completed, "valid_until": asked.until}
    return client.post(f"/people/{client.person(asked.email)['id']}/training", body)


def invite(client: Client, asked: argparse.Namespace) -> Json:
    """Mail a person a link that sets their password."""
    return client.post(f"/people/{client.person(asked.email)['id']}/invitations")


def training_table(client: Client, asked: argparse.Namespace) -> Json | list[Json]:
    """Record training from a CSV file (email, course, completed_on, valid_until): all rows or none."""
    body = {"csv": Path(asked.file).read_text(encoding="utf-8"), "dry_run": asked.dry_run}
    found = client.post("/training", body)
    if asked.json:
        return found
    rows: list[Json] = found["rows"]
    if not asked.dry_run:
        return [row for row in rows if not row["error"]]
    return [row | {"title": f"line {row['line']}", "state": row["error"] or "good"} for row in rows]


def stand(verb: str) -> Verb:
    """Return the verb that suspends, resumes or closes a person."""

    def done(client: Client, asked: argparse.Namespace) -> Json:
        body = {} if verb == "resume" else {"reason": asked.reason}
        return client.post(f"/people/{client.person(asked.email)['id']}/{verb}", body)

    return done


def add_project(client: Client, asked: argparse.Namespace) -> Json:
    """Propose a project."""
    body = {
        "slug": asked.slug,
        "title": asked.title,
        "purpose": asked.purpose,
        "opens_on": asked.opens,
        "closes_on": asked.closes,
        "summary": asked.summary,
    }
    return client.post("/projects", body)


def list_projects(client: Client, asked: argparse.Namespace) -> list[Json]:
    """List every project."""
    return list(client.all("/projects", all="true"))


def move(verb: str) -> Verb:
    """Return the verb that opens, closes, suspends or resumes a project."""

    def done(client: Client, asked: argparse.Namespace) -> Json:
        body = {"reason": asked.reason} if verb == "suspend" else {}
        return client.post(f"/projects/{asked.slug}/{verb}", body)

    return done


def member(client: Client, asked: argparse.Namespace) -> Json:
    """Add a member to a project, or end the membership."""
    person = client.person(asked.email)["id"]
    path = f"/projects/{asked.slug}/members"
    if asked.end:
        return client.delete(f"{path}/{person}")
    return client.post(path, {"person": person, "role": asked.role, "valid_until": asked.until})


def member_requests(client: Client, asked: argparse.Namespace) -> list[Json]:
    """List what waits of what leads ask about members; `project member` answers it with yes."""
    narrowed = {"state": "asked", **({"all": "true"} if asked.all else {})}
    found = list(client.all("/member-requests", **narrowed))
    if asked.json:
        return found
    said = [{"slug": one["project"], "title": f"{one['wish']}: {one['reason']}"} for one in found]
    # What a line shows last is what `refuse` needs.
    return [one | more | {"comment": one["id"]} for one, more in zip(found, said, strict=True)]


def ask_member(client: Client, asked: argparse.Namespace) -> Json:
    """Ask, as a project's lead, that somebody joins or leaves."""
    said = {name: getattr(asked, name) for name in ("project", "email", "reason", "role")}
    return client.post("/member-requests", {**said, "wish": "leave" if asked.leave else "join"})


def refuse_member(client: Client, asked: argparse.Namespace) -> Json:
    """Refuse, as an admin, what a lead asks; the reason is read by the project's leads."""
    return client.post(f"/member-requests/{asked.id}/refuse", {"reason": asked.reason})


def reviewers(client: Client, asked: argparse.Namespace) -> Json:
    """Show who reviews a project's outputs, or change it; what is not said stays."""
    path = f"/projects/{asked.slug}/reviewers"
    wanted: Json = {} if asked.approvals is None else {"approvals": asked.approvals}
    if asked.anybody or asked.checker:
        wanted["named"] = [client.person(email)["id"] for email in asked.checker]
    found = client.patch(path, wanted) if wanted else client.get(path)
    return found if asked.json else plain_reviewers(asked.slug, found)


def plain_reviewers(slug: str, found: Json) -> Json:
    """Return reviewers as one line shows them."""
    named = ", ".join(one["email"] for one in found["named"]) or "any checker from outside"
    able = f"{found['able']} of them can review today"
    return {"slug": slug, "title": f"{found['approvals']} approvals by {named} ({able})"}


def bring(client: Client, asked: argparse.Namespace) -> Json:
    """Hand in text files for a project's sessions; a checker reads them on the portal and decides."""
    files = [{"name": Path(file).name, "text": _text(Path(file))} for file in asked.file]
    said = {name: getattr(asked, name) for name in ("project", "title", "why")}
    return client.post("/bring-ins", {**said, "files": files})


def list_brought(client: Client, asked: argparse.Namespace) -> list[Json]:
    """List what was brought into your projects."""
    return list(client.all("/bring-ins", **({"project": asked.project} if asked.project else {})))


def show_brought(client: Client, asked: argparse.Namespace) -> Json:
    """Say what became of something that was brought in."""
    return client.get(f"/bring-ins/{asked.id}")


def take_back(client: Client, asked: argparse.Namespace) -> Json:
    """Take text back: out of the queue, or out of the project's sessions."""
    return client.post(f"/bring-ins/{asked.id}/take-back")


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise Invalid(
            f"{file} is not text in UTF-8 (byte {error.start}); only text is brought in."
        ) from error


def add_dataset(client: Client, asked: argparse.Namespace) -> Json:
    """Add a dataset."""
    names = ("slug", "title", "description", "institution", "tier", "licence", "attribution")
    steward = client.person(asked.steward)["id"]
    return client.post("/datasets", {name: getattr(asked, name) for name in names} | {"steward": steward})


def list_datasets(client: Client, asked: argparse.Namespace) -> list[Json]:
    """List datasets."""
    return list(client.all("/datasets"))


def register(client: Client, asked: argparse.Namespace) -> Json:
    """Register a version."""
    return client.post(f"/datasets/{asked.slug}/versions", {"version": asked.version})


def approve(client: Client, asked: argparse.Namespace) -> Json:
    """Approve a version for a project."""
    names = ("project", "dataset", "version", "purpose", "until", "conditions")
    return client.post("/approvals", {name: getattr(asked, name) for name in names})


def prolong(client: Client, asked: argparse.Namespace) -> Json:
    """Approve again, until another day, what is approved for a project; its conditions stay unless given."""
    there = plan.standing(client, asked.project, asked.dataset, asked.version)
    if there is None:
        said = f"{asked.dataset} {asked.version} is not approved for {asked.project}; approve it."
        raise Answered(httpx.codes.NOT_FOUND, said)
    conditions = {} if asked.conditions is None else {"conditions": asked.conditions}
    return client.patch(f"/approvals/{there['id']}", {"until": asked.until, **conditions})


def apply(client: Client, asked: argparse.Namespace) -> list[Json]:
    """Bring the enclave to what a file wants, or say what that would change."""
    wanted = plan.read(Path(asked.file))
    done: list[Json] = []
    for step in plan.steps(wanted, client):
        if not asked.json:
            sys.stdout.write(f"{'would ' if asked.dry_run else ''}{step.says}\n")
            sys.stdout.flush()
        if not asked.dry_run:
            step.do()
        done.append({"step": step.says, "done": not asked.dry_run})
    if not done and not asked.json:
        sys.stdout.write("Nothing to change: all is as the file wants it.\n")
    return done
