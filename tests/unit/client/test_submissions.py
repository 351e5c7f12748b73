"""Handing in, and what a refusal says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import ModuleType

import pytest

from tests.fake_door import FakeDoor

SAID = {"title": "Pitch", "context": "All voices", "controls": "Rounded to ten"}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a file that may be handed in."""
    path = tmp_path / "table.csv"
    path.write_bytes(b"measure,median\npitch,170\n")
    return path


def test_what_is_handed_in_arrives_byte_for_byte(
    pl: ModuleType, door: FakeDoor, table: Path, tmp_path: Path
) -> None:
    figure = tmp_path / "figure.png"
    figure.write_bytes(bytes(range(256)) * 3000)
    receipt = pl.submit(table, str(figure), **SAID)
    assert door.contents == {"table.csv": table.read_bytes(), "figure.png": figure.read_bytes()}
    assert door.fields == [SAID]
    assert receipt.files[0]["sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert "Handed in as 01submission0" in repr(receipt)


def test_texts_keep_their_letters(pl: ModuleType, door: FakeDoor, table: Path) -> None:
    said = {"title": "Tonhöhe „gesamt“", "context": "línea uno\nlinea due", "controls": "округлено"}
    pl.submit(table, **said)
    assert door.fields == [said]


def test_an_odd_file_name_cannot_end_its_header(pl: ModuleType, door: FakeDoor, tmp_path: Path) -> None:
    odd = tmp_path / 'a"; name="title"\r\nX: y.csv'
    odd.write_text("x")
    with pytest.raises(pl.Refused, match="can't be shown safely"):
        pl.submit(odd, **SAID)
    assert not door.submissions


@pytest.mark.parametrize("missing", ["title", "context", "controls"])
def test_an_empty_text_is_refused_before_anything_is_sent(
    pl: ModuleType, door: FakeDoor, table: Path, missing: str
) -> None:
    with pytest.raises(pl.Refused, match=f"{missing} is empty"):
        pl.submit(table, **{**SAID, missing: "  "})
    assert not door.fields


def test_a_folder_is_refused(pl: ModuleType, door: FakeDoor, tmp_path: Path) -> None:
    with pytest.raises(pl.Refused, match="is not a file"):
        pl.submit(tmp_path, **SAID)


def test_a_missing_file_is_refused(pl: ModuleType, door: FakeDoor, tmp_path: Path) -> None:
    with pytest.raises(pl.Refused, match="No such file"):
        pl.submit(tmp_path / "none.csv", **SAID)


def test_an_empty_file_is_refused(pl: ModuleType, door: FakeDoor, tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(pl.Refused, match="is empty"):
        pl.submit(tmp_path / "empty.png", **SAID)


def test_two_files_of_one_name_are_refused(
    pl: ModuleType, door: FakeDoor, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "table.csv"
    other.write_text("x")
    with pytest.raises(pl.Refused, match=r"two files are called table\.csv"):
        pl.submit(table, other, **SAID)


def test_handing_in_nothing_is_refused(pl: ModuleType, door: FakeDoor) -> None:
    with pytest.raises(pl.Refused, match="no file was named"):
        pl.submit(**SAID)


def test_the_servers_refusal_is_shown_in_its_own_words(pl: ModuleType, door: FakeDoor, table: Path) -> None:
    door.says_instead = (403, b'{"error": "Your training lapsed yesterday."}')
    with pytest.raises(pl.Refused, match=r"^Your training lapsed yesterday\.$"):
        pl.submit(table, **SAID)


def test_a_refusal_during_the_upload_is_shown_and_not_the_broken_pipe(
    pl: ModuleType, door: FakeDoor, tmp_path: Path
) -> None:
    door.hangs_up = True
    big = tmp_path / "big.csv"
    big.write_bytes(b"0" * 40_000_000)
    with pytest.raises(pl.ParlatoryError, match=r"at most 30 MB"):
        pl.submit(big, **SAID)


def test_no_door_is_said_with_what_to_do(
    pl: ModuleType, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLATORY_DOOR", str(tmp_path / "nowhere.sock"))
    with pytest.raises(pl.DoorClosed, match="tell your enclave's admin"):
        pl.submit(table, **SAID)


@pytest.mark.parametrize("content", [b"<html>", b"\xff\xfe", b""])
def test_an_unreadable_answer_is_no_receipt(
    pl: ModuleType, door: FakeDoor, table: Path, content: bytes
) -> None:
    door.says_instead = (201, content)
    with pytest.raises(pl.DoorClosed, match="cannot be read"):
        pl.submit(table, **SAID)


def test_status_tells_states_and_findings_in_words(pl: ModuleType, door: FakeDoor, table: Path) -> None:
    pl.submit(table, **SAID)
    door.submissions[0]["state"] = "blocked"
    door.submissions[0]["findings"] = [
        {
            "file": "table.csv",
            "check": "small_cells",
            "severity": "block",
            "where": "row 3",
            "message": "Three people stand behind this cell.",
            "fix": "Merge it with the next one.",
        }
    ]
    told = repr(pl.status())
    assert "Pitch (01submission0): blocked by the screening" in told
    assert "block: table.csv, row 3: Three people stand behind this cell." in told
    assert "To do: Merge it with the next one." in told


def test_what_came_back_is_named_when_it_is_handed_in_anew(
    pl: ModuleType, door: FakeDoor, table: Path
) -> None:
    pl.submit(table, **SAID)
    pl.submit(table, **SAID, replaces=" 01submission0 ")
    assert ["replaces" in fields for fields in door.fields] == [False, True]
    assert door.fields[1]["replaces"] == "01submission0"


def test_status_tells_what_the_checkers_say_and_how_to_go_on(
    pl: ModuleType, door: FakeDoor, table: Path
) -> None:
    pl.submit(table, **SAID)
    door.submissions[0]["state"] = "returned"
    door.submissions[0]["comments"] = [{"file": "table.csv", "comment": "Round the counts."}]
    told = repr(pl.status())
    assert "table.csv: Round the counts." in told
    assert 'submit(…, replaces="01submission0")' in told


def test_status_without_submissions_says_how_to_hand_in(pl: ModuleType, door: FakeDoor) -> None:
    assert "parlatory.submit" in repr(pl.status())


def test_every_state_of_a_submission_has_words(pl: ModuleType) -> None:
    from egress_review.states import State

    words = __import__("parlatory.submissions", fromlist=["STATES"]).STATES
    assert set(words) == {state.value for state in State}


def test_what_is_left_is_told_in_minutes_and_megabytes(pl: ModuleType, door: FakeDoor) -> None:
    told = repr(pl.left())
    assert "5.2 MB of today's 8.0 MB" in told
    assert "at 2126-01-01 12:00 UTC" in told
