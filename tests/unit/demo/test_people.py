"""The cast and what they sign in with."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hub.demo import cast, credentials, second_factor
from hub.demo.sources import RECIPES
from hub.errors import Invalid, NotFound
from hub.people.facts import SECOND_FACTOR_ROLES
from hub.people.models import Role
from hub.projects.models import MemberRole, ProjectState


def test_each_institution_has_somebody_in_every_role() -> None:
    for institution in cast.INSTITUTIONS:
        held = {role for part in cast.PEOPLE if part.institution == institution for role in part.roles}
        assert held == {role.value for role in Role}


def test_each_institution_has_two_checkers() -> None:
    for institution in cast.INSTITUTIONS:
        checkers = [
            part
            for part in cast.PEOPLE
            if part.institution == institution and part.roles == (Role.OUTPUT_CHECKER.value,)
        ]
        assert len(checkers) >= 2


def test_everybody_is_plainly_invented() -> None:
    assert all(part.name.startswith("Demo ") for part in cast.PEOPLE)
    assert all(name.startswith("Demo ") for name in cast.INSTITUTIONS.values())
    assert all(part.email.endswith("@demo.invalid") for part in cast.PEOPLE)
    assert len({part.email for part in cast.PEOPLE}) == len(cast.PEOPLE)


def test_second_factors_are_made_for_the_roles_that_need_one() -> None:
    assert {role.value for role in SECOND_FACTOR_ROLES} == cast.SECOND_FACTOR_ROLES


def test_projects_name_people_roles_states_and_data_that_exist() -> None:
    versions = {(recipe.dataset, recipe.version) for recipe in RECIPES}
    for plan in cast.PROJECTS:
        assert ProjectState(plan.ends_as)
        assert all(login in cast.BY_LOGIN and MemberRole(role) for login, role in plan.members)
        assert all((use.dataset, use.version) in versions for use in plan.uses)
    assert len(cast.PROJECTS) == 3


def test_stewards_are_members_of_no_project_whose_data_they_approve() -> None:
    for plan in cast.PROJECTS:
        members = {login for login, _ in plan.members}
        assert not members & {cast.STEWARDS[use.dataset] for use in plan.uses}


# RFC 6238, appendix B: SHA-1, its eight digits cut to the last six.
@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert second_factor.code(secret, at=at) == code


def test_passwords_are_made_once_and_only_their_owner_reads_the_file(tmp_path: Path) -> None:
    made = credentials.complete(tmp_path)
    assert len(made.new) == len(cast.PEOPLE)
    credentials.keep(tmp_path, made)
    assert stat.S_IMODE(credentials.path(tmp_path).stat().st_mode) == 0o600
    again = credentials.complete(tmp_path)
    assert again.people == made.people
    assert not again.new
    assert len({person.password for person in made.people}) == len(made.people)


def test_a_code_is_refused_to_those_who_have_none(tmp_path: Path) -> None:
    credentials.keep(tmp_path, credentials.complete(tmp_path))
    assert len(credentials.code(tmp_path, "checker1@demo.invalid", at=0)) == 6
    with pytest.raises(NotFound, match="has no second factor"):
        credentials.code(tmp_path, "researcher1@demo.invalid", at=0)
    with pytest.raises(NotFound, match="the demo has no person"):
        credentials.code(tmp_path, "nobody@demo.invalid", at=0)


def test_an_unreadable_password_file_says_what_to_do(tmp_path: Path) -> None:
    credentials.path(tmp_path).write_text("not json")
    with pytest.raises(Invalid, match="remove it and run"):
        credentials.complete(tmp_path)


def test_the_newest_version_of_a_dataset_names_every_voice_of_the_older_ones() -> None:
    for recipe in RECIPES:
        newest = [one for one in RECIPES if one.dataset == recipe.dataset][-1]
        assert set(recipe.voices) <= set(newest.voices)
