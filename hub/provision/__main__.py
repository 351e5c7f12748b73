"""`python3 -m hub provision`: institutions, people, projects, datasets, approvals, text; or a file."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any, cast, get_args

from hub.errors import ParlatoryError
from hub.provision import client, plan, verbs
from hub.provision.client import Json

ROLES = get_args(plan.Role)
# What a line of the readable output shows, where the document has it.
SAID = (
    *("slug", "email", "name", "title", "institution", "folder", "state", "role", "version", "until"),
    *("valid_until", "comment"),
)


def main(arguments: list[str] | None = None) -> int:
    """Do what the words say; say in one sentence why not, where it can't be done."""
    asked = parser().parse_args(arguments)
    try:
        connected = client.connect(url=asked.url, token_file=asked.token_file)
        found = cast(verbs.Verb, asked.verb)(connected, asked)
    except (ParlatoryError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if asked.json:
        sys.stdout.write(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    elif asked.verb is not verbs.apply:
        for one in found if isinstance(found, list) else [found]:
            sys.stdout.write(line(one) + "\n")
    return 0


def line(one: Json) -> str:
    """Return a document in one line."""
    said = [f"{one[name]}" for name in SAID if one.get(name)]
    roles = ", ".join(held["role"] for held in one.get("roles", ()))
    standing = "suspended" if one.get("suspended_at") else "closed" if one.get("active") is False else ""
    return "  ".join(part for part in (*said, roles, standing) if part) or "done"


def parser() -> argparse.ArgumentParser:
    """Return the words that are understood."""
    made = argparse.ArgumentParser(prog="python3 -m hub provision", description=__doc__)
    nouns = made.add_subparsers(dest="noun", required=True)
    _institution(nouns.add_parser("institution", help="add, list").add_subparsers(required=True))
    _person(nouns.add_parser("person", help="add, role, training, suspend, …").add_subparsers(required=True))
    _project(nouns.add_parser("project", help="add, open, member, close, …").add_subparsers(required=True))
    _dataset(nouns.add_parser("dataset", help="add, register, list").add_subparsers(required=True))
    _bring_in(nouns.add_parser("bring-in", help="add, list, show, take back").add_subparsers(required=True))
    approve = _verb(nouns, "approve", verbs.approve, "project", "dataset", "version", needed=("purpose",))
    approve.add_argument("--until", type=_day, required=True)
    approve.add_argument("--conditions", default="")
    prolong = _verb(nouns, "prolong", verbs.prolong, "project", "dataset", "version")
    prolong.add_argument("--until", type=_day, required=True)
    prolong.add_argument("--conditions")
    apply = _verb(nouns, "apply", verbs.apply, "file")
    apply.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    return made


def _institution(group: Any) -> None:
    _verb(group, "add", verbs.add_institution, "slug", "name")
    _verb(group, "list", verbs.list_institutions)


def _person(group: Any) -> None:
    add = _verb(group, "add", verbs.add_person, "email", needed=("name", "institution"))
    add.add_argument("--role", action="append", default=[], choices=ROLES)
    _verb(group, "list", verbs.list_people)
    role = _verb(group, "role", verbs.role, "email")
    role.add_argument("role", choices=ROLES)
    _term(role)
    training = _verb(group, "training", verbs.training, "email", "course")
    for name in ("--completed", "--until"):
        training.add_argument(name, type=_day, required=True)
    _verb(group, "invite", verbs.invite, "email")
    table = _verb(group, "training-table", verbs.training_table, "file")
    table.add_argument("--dry-run", action="store_true", help="say what is wrong, and record nothing")
    for name in ("suspend", "close"):
        _verb(group, name, verbs.stand(name), "email", needed=("reason",))
    _verb(group, "resume", verbs.stand("resume"), "email")


def _project(group: Any) -> None:
    add = _verb(group, "add", verbs.add_project, "slug", needed=("title", "purpose"))
    for name in ("--opens", "--closes"):
        add.add_argument(name, type=_day, required=True)
    add.add_argument("--summary", default="")
    _verb(group, "list", verbs.list_projects)
    for name in ("open", "close", "resume"):
        _verb(group, name, verbs.move(name), "slug")
    _verb(group, "suspend", verbs.move("suspend"), "slug", needed=("reason",))
    chosen = _verb(group, "reviewers", verbs.reviewers, "slug")
    chosen.add_argument("--approvals", type=int, help="how many have to approve a release")
    either = chosen.add_mutually_exclusive_group()
    either.add_argument("--checker", action="append", default=[], metavar="EMAIL", help="who reviews; all")
    either.add_argument("--anybody", action="store_true", help="any checker from outside reviews")
    member = _verb(group, "member", verbs.member, "slug", "email")
    _term(member)
    _verb(group, "requests", verbs.member_requests).add_argument("--all", action="store_true")
    ask = _verb(group, "ask", verbs.ask_member, "project", "email", needed=("reason",))
    ask.add_argument("--leave", action="store_true", help="ask that they leave")
    for one in (member, ask):
        one.add_argument("--role", default="researcher", choices=("researcher", "project_lead"))
    # Its id is what `requests` prints last.
    _verb(group, "refuse", verbs.refuse_member, "id", needed=("reason",))


def _bring_in(group: Any) -> None:
    add = _verb(group, "add", verbs.bring, "project", needed=("title", "why"))
    add.add_argument("file", nargs="+", help="text in UTF-8")
    _verb(group, "list", verbs.list_brought).add_argument("--project")
    # Its id is what a script keeps; `add --json` prints it.
    _verb(group, "show", verbs.show_brought, "id")
    _verb(group, "take-back", verbs.take_back, "id")


def _dataset(group: Any) -> None:
    needed = ("title", "institution", "steward", "licence", "attribution")
    add = _verb(group, "add", verbs.add_dataset, "slug", needed=needed)
    add.add_argument("--tier", type=int, required=True, choices=range(5))
    add.add_argument("--description", default="")
    _verb(group, "register", verbs.register, "slug", "version")
    _verb(group, "list", verbs.list_datasets)


def _verb(
    group: Any, name: str, verb: verbs.Verb, *words: str, needed: tuple[str, ...] = ()
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = group.add_parser(name, description=verb.__doc__)
    made.set_defaults(verb=verb)
    for word in words:
        made.add_argument(word)
    for word in needed:
        made.add_argument(f"--{word}", required=True)
    made.add_argument("--json", action="store_true", help="print what the portal answered")
    made.add_argument("--url", help="the portal's address; without it, this machine's enclave")
    made.add_argument("--token-file", type=Path, help=f"a file with a token; or set {client.VARIABLE}")
    return made


def _term(made: argparse.ArgumentParser) -> None:
    made.add_argument("--until", type=_day, help="the last day that counts")
    made.add_argument("--end", action="store_true", help="end it instead")


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


if __name__ == "__main__":
    sys.exit(main())
