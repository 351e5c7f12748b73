"""Rotation: every secret is in its table, a new one replaces every copy of one, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub.cli import rotate, secrets
from hub.cli.running import StepFailed
from hub.places import Places, from_environment

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def _own_group() -> Iterator[None]:
    """Let a process without root own what it makes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets.grp, "getgrnam", lambda _name: SimpleNamespace(gr_gid=os.getgid()))
        patch.setattr(secrets.os, "chown", lambda *_: None)
        yield


@pytest.fixture(scope="module")
def made(_own_group: None, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """An enclave's secrets, as they were made first: a key takes long to make."""
    places = replace(from_environment(), state=tmp_path_factory.mktemp("made"))
    secrets.ensure(places)
    return places


@pytest.fixture
def where(made: Places, tmp_path: Path) -> Places:
    """A copy of them, for one test."""
    state = tmp_path / "state"
    shutil.copytree(made.state, state, symlinks=True)
    return replace(made, state=state)


def read(where: Places) -> dict[str, str]:
    """Return every secret's copy by its path."""
    root = where.state / "secrets"
    return {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}


def test_the_list_says_what_is_changed_elsewhere() -> None:
    """Each file of a secret that a setting names, as the code reads them."""
    code = [
        path.read_text() for folder in ("hub", "egress_review") for path in (CHECKOUT / folder).rglob("*.py")
    ]
    read = {name for text in code for name in re.findall(r"\bPARLATORY_(\w+_FILE)\b", text)}
    assert read >= {"FRONT_FILE", "DATABASE_FILE", "MAIL_PASSWORD_FILE"}
    assert [name for name in read if name not in rotate.listing()] == []


def test_every_secret_says_what_its_rotation_ends_or_why_there_is_none() -> None:
    assert set(rotate.ROTATIONS) == {name for owned in secrets.OWNERS.values() for name in owned}
    for name, one in rotate.ROTATIONS.items():
        assert bool(one.ends) != bool(one.never), name
        assert name in rotate.listing()


@pytest.mark.parametrize("name", [name for name, one in rotate.ROTATIONS.items() if not one.never])
def test_a_new_secret_replaces_every_copy_and_no_other_secret(where: Places, name: str) -> None:
    before = read(where)
    secrets.replace(where, [name])
    after = read(where)
    changed = {path for path in before if after[path] != before[path]}
    assert changed == {path for path in before if path.endswith(f"/{name}")}
    assert len({after[path] for path in changed}) == 1


def test_a_new_key_for_grants_is_published(where: Places) -> None:
    before = (where.state / "keys/grant.pub").read_text()
    secrets.replace(where, ["grant.key"])
    assert (where.state / "keys/grant.pub").read_text() != before


def test_the_portals_secret_of_before_is_kept_until_nothing_needs_it(where: Places) -> None:
    first = where.secret("data", "django")
    secrets.replace(where, ["django"])
    second = where.secret("data", "django")
    # Cut off here and asked for again: the first is the one that second factors are sealed with.
    secrets.replace(where, ["django"])
    assert (where.secret("data", ".django.before"), where.secret("data", "django")) == (first, second)
    secrets.forget(where)
    secrets.replace(where, ["django"])
    assert where.secret("data", ".django.before") == second != where.secret("data", "django")


@pytest.mark.parametrize(
    ("wanted", "said"), [(["ledger.key"], "not rotated"), (["nothing"], "there is no secret 'nothing'")]
)
def test_what_is_never_rotated_or_is_no_secret_is_refused(wanted: list[str], said: str) -> None:
    with pytest.raises(StepFailed) as failed:
        rotate.chosen(wanted)
    assert said in failed.value.report()


def test_all_are_all_but_those_that_are_never_rotated() -> None:
    assert set(rotate.ROTATIONS) - set(rotate.chosen(["all"])) == {"ledger.key"}
