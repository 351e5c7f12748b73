"""The pages of who can reach what: asked of the policies, exact in CSV, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.audit import tables
from hub.datasets.models import DatasetVersion
from hub.people.models import Person, Role
from hub.projects.models import Membership, Project
from tests import portal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("tiles")]


@pytest.fixture
def vowels(monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a member, and data approved."""
    monkeypatch.setattr("hub.policy.revision", lambda: "unit" * 16)
    rosa = portal.person("rosa", Role.RESEARCHER)
    made = portal.project("vowels", member=rosa)
    portal.approval(made, portal.version("prompts"), signed_by=rosa)
    return made


def test_each_way_is_asked_and_its_answer_shown(
    reads: Client, vowels: Project, policies: portal.Policies
) -> None:
    assert ">yes<" in reads.get("/audit/reach/").content.decode()
    policies.deny("start", "Ask <b>Stef</b>.")
    page = reads.get("/audit/reach/").content.decode()
    assert ">no<" in page and "Ask &lt;b&gt;Stef&lt;/b&gt;." in page
    assert "Nobody reaches it" in reads.get("/audit/reach/?only=on").content.decode()


def test_the_table_holds_every_way_and_no_formula(
    reads: Client, vowels: Project, policies: portal.Policies
) -> None:
    Person.objects.filter(name="Rosa").update(name='=HYPERLINK("http://x")')
    answer = reads.get("/audit/reach.csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert rows[1][1:3] == ["Vowels", '\'=HYPERLINK("http://x")'] and rows[1][7] == "yes"


@pytest.mark.parametrize("value", ["=1", "+1", "-1", "@x", "\t=1", "  =1", "\r=1", "\n=1"])
def test_what_could_be_a_formula_is_text(value: str) -> None:
    assert tables.cell(value) == "'" + value


@pytest.mark.parametrize("value", ["", "x", "a=1", 7, None])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert tables.cell(value) == ("" if value is None else str(value))


def test_a_silent_engine_is_said_and_no_table_ends_quietly(
    reads: Client, vowels: Project, policies: portal.Policies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.policy.ask_at_once", portal.Policies(broken=True).ask_at_once)
    assert reads.get("/audit/reach/").status_code == 503
    text = b"".join(reads.get("/audit/reach.csv").streaming_content).decode()
    assert text.splitlines()[-1].startswith("INCOMPLETE")


@pytest.mark.parametrize(
    "query",
    [
        "day=9999-12-31",
        "day=0001-01-01",
        "day=2026-02-30",
        "day=%00",
        "person=%00",
        "person=%3Cscript%3E",
        "project=" + "x" * 5000,
        "dataset=1%27%20OR%201",
        "start=-1",
        "start=99999999999999999999999",
        "only=maybe",
    ],
)
def test_what_can_not_be_used_is_said(
    query: str, reads: Client, vowels: Project, policies: portal.Policies
) -> None:
    answer = reads.get(f"/audit/reach/?{query}")
    assert answer.status_code == 200 and "<script>" not in answer.content.decode()
    assert reads.get(f"/audit/reach.csv?{query}").status_code in (200, 400)


@pytest.mark.parametrize("path", ["/audit/reach/", "/audit/reach.csv"])
def test_who_may_not_read_sees_nothing(
    path: str, reads: Client, vowels: Project, policies: portal.Policies
) -> None:
    policies.deny("read_records", "Ask the auditor.")
    answer = reads.get(path)
    assert answer.status_code == 403 and "Rosa" not in answer.content.decode()
    assert reads.post(path).status_code == 405


def test_the_number_of_queries_does_not_grow(
    reads: Client, vowels: Project, policies: portal.Policies
) -> None:
    def queries() -> int:
        reads.get("/audit/reach/")
        with CaptureQueriesContext(connection) as seen:
            reads.get("/audit/reach/")
        return len(seen)

    few = queries()
    for number in range(60):
        one = portal.person(f"p{number}", Role.RESEARCHER)
        Membership.objects.create(project=vowels, person=one)
    assert queries() == few and DatasetVersion.objects.count() == 1
