"""Questions: what they carry is what the policies are told, in one form."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from hub.places import places
from hub.policy import bundle, schemas
from hub.policy.questions import QUESTIONS, Question
from tests.unit.policy.examples import ALLOWED

POLICIES = places.checkout / "policies"


def test_every_type_of_question_has_an_example() -> None:
    assert {type(question) for question in ALLOWED.values()} == set(QUESTIONS)


@pytest.mark.parametrize("question", ALLOWED.values(), ids=ALLOWED)
def test_a_question_satisfies_its_own_schema(question: Question) -> None:
    # It reads a grammar of addresses as it is imported, for a second: each process of a run would.
    from jsonschema import Draft7Validator

    Draft7Validator(schemas.of_package(question.package)).validate(question.to_input())


@pytest.mark.parametrize("question", ALLOWED.values(), ids=ALLOWED)
def test_a_question_holds_no_null(question: Question) -> None:
    assert "null" not in json.dumps(question.to_input())


def test_a_time_without_a_zone_cannot_be_asked_about() -> None:
    naive = replace(ALLOWED["start"], at=datetime(2026, 11, 23, 12, 0))
    with pytest.raises(ValueError, match="has no zone"):
        naive.to_input()


def test_no_end_is_the_last_day_there_is() -> None:
    assert ALLOWED["start"].to_input()["memberships"][0]["valid_until"] == "9999-12-31"


@pytest.mark.parametrize("package", schemas.packages())
def test_the_schema_beside_the_rules_is_the_one_of_the_types(package: str) -> None:
    path = POLICIES / "schemas" / package / "data.json"
    assert path.read_text() == bundle.schema_text(package), "run `python -m hub.policy schemas`"


def test_every_rego_file_takes_the_strict_not() -> None:
    for path in POLICIES.rglob("*.rego"):
        assert "\nimport rego.v2\n" in path.read_text(), path


def test_every_package_lies_in_a_folder_of_its_name_beside_its_test() -> None:
    for path in POLICIES.rglob("*.rego"):
        if path.name.endswith("_test.rego"):
            continue
        assert path.with_name(f"{path.stem}_test.rego").is_file()
        assert path.read_text().startswith("# METADATA\n# title: ")


def test_another_rule_is_another_revision(tmp_path: Path) -> None:
    (tmp_path / ".manifest").write_text("{}")
    (tmp_path / "x.rego").write_text("package x")
    before = bundle.revision_of(tmp_path)
    (tmp_path / "x_test.rego").write_text("package x_test")
    assert bundle.revision_of(tmp_path) == before
    (tmp_path / "x.rego").write_text("package x\n")
    assert bundle.revision_of(tmp_path) != before
