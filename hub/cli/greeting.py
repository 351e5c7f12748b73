"""What `up` says when the enclave is ready: where to go and who to sign in as."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hub.places import Places


def text(places: Places, *, new_passwords: bool) -> str:
    """Return where to go; the demo's passwords only when they were just made."""
    lines = [
        f"  Portal     {places.portal_url}",
        f"  Notebooks  {places.lab_url} (opened from the portal)",
        "",
    ]
    file = places.state / "demo-passwords.json"
    people = list(_people(file.read_text(encoding="utf-8"))) if file.exists() else []
    if people and new_passwords:
        lines += ["  Sign in as one of the demo's people; these passwords are shown once:", ""]
        width = max(len(email) for email, _password, _role in people)
        lines += [f"    {email:<{width}}  {password}  {role}".rstrip() for email, password, role in people]
        lines += ["", f"  Root finds them again in {file}."]
    elif people:
        lines += [f"  Root finds the demo's people and passwords in {file}."]
    if people:
        lines += ["  A demo person's second-factor code: python3 -m hub code <email>"]
    if (places.state / "without-demo").exists():
        lines += [
            "  Nobody is in it unless you put them in: the first institution and its first admin with",
            "    python3 -m hub provision --help",
        ]
    return "\n".join(lines)


def _people(document: str) -> Iterator[tuple[str, str, str]]:
    """Read the demo's people: a list of objects, or an object of passwords or objects by address."""
    try:
        found = json.loads(document)
    except ValueError:
        return
    if isinstance(found, dict) and isinstance(found.get("people"), list):
        found = found["people"]
    rows: list[Any] = list(found.items()) if isinstance(found, dict) else [(None, row) for row in found]
    for email, row in rows:
        if isinstance(row, str):
            yield str(email), row, ""
        elif isinstance(row, dict) and "password" in row:
            roles = row.get("roles") or row.get("role") or ""
            yield str(row.get("email", email)), str(row["password"]), _joined(roles)


def _joined(roles: Any) -> str:
    return ", ".join(map(str, roles)) if isinstance(roles, list) else str(roles)
