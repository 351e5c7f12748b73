"""What is written in a text in ways that no table has: read as the rows that it is."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from egress_review.screening import arrays, embedded, encodings, identifiers, numbers, tables, text
from egress_review.screening.carriers import documents, workbooks
from egress_review.screening.disclosure import cells, curves, extremes, models, suppression
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Packed
from egress_review.screening.sound import numbers as sound_numbers
from egress_review.screening.sound import patience
from egress_review.screening.sound.matching import Looked
from egress_review.screening.tables import Table
from tests.leaks import carry
from tests.leaks.documents import with_members
from tests.unit.screening.crowd import CROWD, INDEX, LIMITS

SOME = cast(Index, SimpleNamespace(sounds=(object(),)))  # only whether there are sounds is asked


@pytest.mark.parametrize(
    ("written", "header", "row"),
    [
        ("Row(a=1, b='x')\n" * 3, ("a", "b"), ("1", "x")),
        ('{"a": 1, "b": "x y"}\n' * 3, ("a", "b"), ("1", "x y")),
        ("speaker:\n  '01': 0.3\n  '02': 0.4\n  '03': 0.1\n", ("speaker", "value"), ("01", "0.3")),
        ("a  b\nx  y  1\n   z  2\nu  y  3\n", ("a", "b", ""), ("x", "z", "2")),
    ],
)
def test_rows_are_read_out_of_writing(written: str, header: tuple[str, ...], row: tuple[str, ...]) -> None:
    found = [table for table in embedded.tables(written, "", LIMITS) if table.header == header]
    assert any(row in table.rows for table in found)


def test_a_long_log_of_a_training_is_a_curve_and_no_rows() -> None:
    log = "\n".join(f"INFO epoch={n} loss={4 - n / 200:.3f} lr=0.001" for n in range(300))
    found = [table for table in embedded.tables(log, "", LIMITS) if len(table.rows) > LIMITS.table_rows]
    assert [table.header for table in found] == [("epoch", "loss", "lr")]


@pytest.mark.parametrize(("last", "severity"), [("30.0", "flag"), ("0.0", "block")])
def test_times_steps_and_values_without_names_are_a_curve(last: str, severity: str) -> None:
    rows = [(f"{30.0 * n}", f"{n}", f"{4 - n / 200:.3f}") for n in range(1, 300)]
    table = Table(("0.0", "0", "4.0"), (*rows, (str(float(last) * 300), "300", "2.5")))
    assert [found.severity for found in curves.size(table, LIMITS)] == [severity]


def test_columns_of_different_measures_are_no_samples() -> None:
    steps = np.arange(400)
    curve = np.stack([steps, 4 * 0.99**steps, 80 * 0.99**steps, 0.001 * 0.99**steps], axis=1)
    assert not list(sound_numbers.sequences(curve))
    chance = np.random.default_rng(2)
    loud = np.repeat(np.abs(np.sin(np.arange(16) / 2)), 100)
    sound = np.convolve(chance.normal(size=1600) * loud, np.ones(4) / 4, "same").reshape(400, 4)
    assert list(sound_numbers.sequences(sound))


@pytest.mark.parametrize(("size", "flagged"), [(1_998, False), (2_100, True)])
def test_whether_many_numbers_are_flagged_depends_on_how_many_they_are(
    size: int, flagged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "_known", lambda *_: Looked((), True))
    columns = [list(range(size // 3))] * 3
    assert bool(arrays.from_columns(columns, SOME, LIMITS)) is flagged


def test_many_small_tables_of_one_file_are_as_many_numbers_as_a_large_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrays, "_known", lambda *_: Looked((), True))
    with patience.bounded(Limits()):
        found = [arrays.from_columns([[n + i for i in range(1_500)]], SOME, LIMITS) for n in range(3)]
    assert [len(one) for one in found] == [0, 0, 1]


def test_what_a_row_hides_does_not_follow_from_its_share() -> None:
    header = ("region", "women", "n", "women %")
    assert suppression.check(Table(header, (("a", "*", "57", "8.8"), ("b", "20", "40", "50"))), LIMITS)
    assert not suppression.check(Table(header, (("a", "*", "57", "*"), ("b", "20", "40", "50"))), LIMITS)


@pytest.mark.parametrize(("factor", "found"), [(8, True), (12, True), (5, False), (10, False), (25, False)])
def test_copies_are_told_from_rounded_counts(factor: int, found: bool) -> None:
    rows = tuple((name, str(factor * count)) for name, count in zip("abcd", (3, 17, 11, 29), strict=True))
    assert bool(cells.copies(Table(("group", "n_speakers"), rows), LIMITS)) is found


def test_ids_are_known_between_other_signs() -> None:
    ids = identifiers.Identifiers.of(recordings=[], speakers=["1688", "2414", "3080", "367", "5338", "8461"])
    assert ids.column([f"spk_{one}_m" for one in ("1688", "2414", "3080", "5338")])
    assert not ids.column([f"layer_{n}_w" for n in (1, 2, 3, 4)])


def test_the_ends_of_a_column_are_known_in_words() -> None:
    seconds = sorted(float(row["seconds"]) for row in CROWD)
    assert extremes.in_text(f"durations max={seconds[-1]}", INDEX.people)
    assert extremes.in_text(f"They last {seconds[0]} to {seconds[-1]} s", INDEX.people)
    assert not extremes.in_text("max=999.9, and 3 to 4", INDEX.people)


def test_one_way_of_writing_leaves() -> None:
    assert text.plain("it\u2019s O\u2019Brien\u2019s") == "it's O'Brien's"
    assert numbers.rounded_prose("at 10:00:07.123456789")[0] == "at 10:00:07.123"


@pytest.mark.parametrize(
    ("written", "grows"),
    [
        ('<!ENTITY a "x"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;"><!ENTITY d "&c;&c;">', True),
        ("a: &a [x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: &d [*c, *c]\n", True),
        ("base: &base\n  lr: 1\nrun: &run\n  <<: *base\nother:\n  <<: *run\n", False),
        ("Tom &amp; Jerry &amp; others *bold* and *more*", False),
    ],
)
def test_a_text_that_grows_where_it_is_loaded_is_blocked(written: str, grows: bool) -> None:
    assert bool(text._bursts(written, "")) is grows


def test_markdown_leaves_without_what_runs() -> None:
    written = "<script>x()</script> <img src=a onerror=x()> [a](javascript:x()) `a < b`, <b>bold</b>\n"
    copy = text.without_active(written)
    assert not any(sign in copy for sign in ("<script", "onerror", "javascript:"))
    assert "`a < b`, <b>bold</b>" in copy
    assert text.without_active(copy) == copy


def test_cells_hold_no_formula_for_another_separator_and_no_long_number() -> None:
    table = tables.Table(("a", "b"), (("x;=1+1", "1234567890123456/3"), ("1;2", "-")))
    assert tables.rebuild(table, ",")[0] == "a,b\nx;'=1+1,1.23457e15/3\n1;2,-\n"


def test_checksums_below_one_another_are_no_blob() -> None:
    sums = [hashlib.sha256(bytes([number])).hexdigest() for number in range(60)]
    few = encodings.blobs("\n".join(sums[:6]) + "\n", 48)
    assert [blob.text for blob in few if blob.is_digest] == sums[:6]
    assert len(encodings.blobs("\n".join(sums) + "\n", 48)) == 1


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (".reg wer age i.talker\n" + "".join(f"  {n} | 0.{n} 0.1 2.{n} 0.04\n" for n in range(2, 9)), True),
        (".reg wer age i.region\n" + "".join(f"  {n} | 0.{n} 0.1 2.{n} 0.04\n" for n in range(2, 9)), False),
    ],
)
def test_a_model_with_a_factor_of_people_has_a_term_each(written: str, found: bool) -> None:
    checks = [finding.check for finding in models.in_text(written, INDEX.people, LIMITS)]
    assert ("speaker_terms" in checks) is found


@pytest.mark.parametrize(
    ("name", "inside"), [("a.docx", "word/media/a.wav"), ("a.xlsx", "xl/media/image1.png")]
)
def test_sound_in_a_document_is_looked_at_though_it_stays_behind(name: str, inside: str) -> None:
    page = b'<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Well.</w:t></w:r></w:p></w:body></w:document>'
    sound = b"RIFF\x24\x00\x00\x00WAVEfmt "
    if name == "a.docx":
        found = documents.open(carry.archive({"word/document.xml": page, inside: sound}), LIMITS)
    else:
        book = carry.workbook({"a": [{"region": "north", "wer": 0.2}]})
        found = workbooks.open(with_members(book, {inside: sound}), LIMITS)
    assert [(part.data, part.where) for part in found.parts if isinstance(part, Packed)] == [(sound, inside)]
