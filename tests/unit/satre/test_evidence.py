"""The self-evaluation stands on evidence that exists, and claims no more than a product can show."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hub import satre
from hub.cli.running import StepFailed
from hub.places import places
from hub.satre.statements import Shown, Statement, evidence, exists, faults, statements

ALL = statements()
TEST = "tests/unit/satre/test_evidence.py::test_every_link_of_the_evidence_leads_somewhere"


def test_every_statement_of_the_specification_is_there_once() -> None:
    assert len(ALL) == len({one.number for one in ALL}) == 185
    assert {one.importance for one in ALL} == {"Mandatory", "Mandatory*", "Recommended", "Optional"}
    assert {one.software for one in ALL} == {"yes", "partly", "no"}


LINKS = sorted({(number, link) for number, one in evidence().items() for link in one.links})


@pytest.mark.parametrize(("number", "link"), LINKS, ids=[f"{number} {link}" for number, link in LINKS])
def test_every_link_of_the_evidence_leads_somewhere(number: str, link: str) -> None:
    assert exists(link, places.checkout), f"{number} links to {link}"


def test_the_evaluation_may_be_shown() -> None:
    assert faults(ALL, evidence(), places.checkout) == []


def statement(software: str = "yes") -> Statement:
    return Statement("9.9.99", "Pillar", "Capability", "Mandatory", "Something", software)


@pytest.mark.parametrize(
    ("one", "shown", "why"),
    [
        (statement(), Shown(1, (), "we say so"), "no evidence"),
        (statement(), Shown(1, ("tests/nowhere.py",), ""), "is not there"),
        (statement(), Shown(1, ("tests/unit/satre/test_evidence.py::test_of_nothing",), ""), "is not there"),
        (statement(), Shown(1, ("README.md#no-such-heading",), ""), "is not there"),
        (statement(), Shown(1, ("../../../etc/passwd",), ""), "is not there"),
        (statement(), Shown(2, ("README.md",), ""), "without a test"),
        (statement("partly"), Shown(2, (TEST,), ""), "partly the institution's"),
        (statement("no"), Shown(1, (TEST,), ""), "not a product's"),
        (statement(), Shown(0, (TEST,), ""), "left out"),
        (statement(), Shown(3, (TEST,), ""), "left out"),
        (statement(), Shown(None, (), ""), "says nothing"),
    ],
)
def test_a_score_that_does_not_stand_is_refused(one: Statement, shown: Shown, why: str) -> None:
    assert why in " ".join(faults([one], {one.number: shown}, places.checkout))


def test_evidence_for_no_statement_is_refused() -> None:
    assert faults(ALL, {"9.9.99": Shown(None, (), "x")}, places.checkout) == ["9.9.99 is no statement"]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def test_the_page_shows_every_statement_and_its_links_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert satre.run(["--into", str(tmp_path)]) == 0
    assert "by itself this meets no pillar" in capsys.readouterr().out
    page = (tmp_path / "satre.html").read_text()
    reader = _Links()
    reader.feed(page)
    assert len(reader.found) == sum(len(one.links) for one in evidence().values())
    assert all((tmp_path / link.partition("#")[0]).resolve().is_file() for link in reader.found)
    data = json.loads((tmp_path / "satre.json").read_text())["statements"]
    assert [one["number"] for one in data] == [one.number for one in ALL]
    assert page.count("not shown</td>") == sum(one["score"] is None for one in data)


def test_an_evaluation_with_a_fault_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(satre, "evidence", lambda: {"2.2.11": Shown(2, ("tests/nowhere.py::test_x",), "")})
    with pytest.raises(StepFailed, match="nowhere"):
        satre.run(["--into", str(tmp_path)])
    assert not list(tmp_path.iterdir())
