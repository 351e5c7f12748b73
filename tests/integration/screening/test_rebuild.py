"""What leaves is rebuilt: hidden payloads go, what a reader sees stays, a second rebuild changes nothing."""

from __future__ import annotations

import io
import json
import random
import unicodedata
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from PIL import Image

from egress_review.screening import rebuild
from tests.unit.screening.cases import (
    FIGURES,
    base64_of,
    benign,
    canonical,
    flat,
    least_significant,
    notebook,
    png,
    printed,
    shown,
    table,
    text_chunk,
    verdict,
    zip_bytes,
)

SECRET = "zebra-payload-zebra"


@pytest.mark.parametrize(("name", "data"), [pytest.param(n, d, id=what) for what, n, d in benign()])
def test_the_rebuild_of_a_rebuild_is_itself(name: str, data: bytes | str, tmp_path: Path) -> None:
    left = verdict({name: data if isinstance(data, bytes) else data.encode()}).files[0]
    first, out = left.canonical, left.canonical_name
    assert first is not None
    assert out is not None
    path = tmp_path / "copy"
    path.write_bytes(first)
    assert rebuild(path, out) == first


def test_zero_width_characters_do_not_leave() -> None:
    hidden = "".join("\u200b" if bit == "0" else "\u200c" for bit in f"{int.from_bytes(SECRET.encode()):b}")
    assert canonical("README.md", f"# Model{hidden}\n\nGood.\n") == b"# Model\n\nGood.\n"


@pytest.mark.parametrize(
    "character", ["\u202e", "\ufe0f", "\U000e0041", "\u00ad", "\ufeff", "\x1b", "\ue000", "\u2063"]
)
def test_invisible_characters_do_not_leave(character: str) -> None:
    assert canonical("a.txt", f"plain{character}text\n") == b"plaintext\n"


def test_trailing_blanks_and_odd_spaces_do_not_leave() -> None:
    assert canonical("a.txt", "one \t \ntwo\u2003three\u00a0four\r\n") == b"one\ntwo three four\n"


def test_stacked_marks_are_cut() -> None:
    left = canonical("a.txt", "a" + "\u0323\u0324\u0325\u0330\u0331" * 20 + "\n").decode()
    assert sum(unicodedata.combining(c) > 0 for c in unicodedata.normalize("NFD", left)) <= 4


def test_hindi_stays_readable() -> None:
    assert canonical("r.md", "शब्द त्रुटि दर\n").decode() == "शब्द त्रुटि दर\n"


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", '=HYPERLINK("http://x")'])
def test_a_formula_becomes_text(cell: str) -> None:
    copy = canonical("t.csv", table(["region", "note"], [["north", cell], ["south", "x"]])).decode()
    assert f",'{cell.split(',')[0][:2]}" in copy or f",\"'{cell[:2]}" in copy


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("-0.5", "-0.5"),
        ("+3.25", "3.25"),
        ("-12", "-12"),
        ("1e-05", "0.00001"),
        ("1.00E+3", "1000"),
        ("-", "-"),
    ],
)
def test_a_signed_number_stays_a_number_and_is_written_in_one_way(cell: str, kept: str) -> None:
    assert f",{kept}\n" in canonical("t.csv", table(["term", "beta"], [["a", cell], ["b", "1"]])).decode()


def test_digits_beyond_the_sixth_do_not_leave() -> None:
    copy = canonical(
        "t.csv", table(["term", "beta"], [["a", "0.12345678901234567"], ["b", "12345678901234567"]])
    )
    assert copy == b"term,beta\na,0.123457\nb,1.23457e16\n"
    assert json.loads(canonical("t.json", '{"a": 0.12345678901234567, "b": 1234567890123}')) == {
        "a": 0.123457,
        "b": 1234570000000,
    }


def test_dates_dois_and_versions_keep_their_digits() -> None:
    words = "Read 2026-11-23, doi 10.1109/TASLP.2021.3076866, version 1.26.4, ORCID 0000-0002-1825-0097.\n"
    assert canonical("refs.txt", words).decode() == words


def test_a_text_chunk_of_a_picture_does_not_leave() -> None:
    assert SECRET.encode() in text_chunk(SECRET)
    assert SECRET.encode() not in canonical("a.png", text_chunk(SECRET))


def test_bytes_behind_a_picture_do_not_leave() -> None:
    copy = canonical("a.png", png(flat()) + zip_bytes(b"region,n_speakers\nnorth,30\nsouth,25\n"))
    assert b"PK" not in copy
    assert copy == canonical("a.png", png(flat()))


@pytest.mark.parametrize("colour", [(255, 255, 255), (200, 30, 30), (0, 0, 0), (127, 127, 127)])
def test_the_lowest_bits_of_a_flat_picture_do_not_leave(colour: tuple[int, int, int]) -> None:
    payload = random.Random(3).randbytes(1000)
    assert canonical("a.png", least_significant(payload, flat(colour=colour))) == canonical(
        "a.png", png(flat(colour=colour))
    )


def test_the_lowest_bits_of_a_plot_do_not_leave() -> None:
    plot = Image.open(FIGURES / "loss.png").convert("RGB")
    one = canonical("a.png", least_significant(random.Random(3).randbytes(20_000), plot))
    pixels = Image.open(io.BytesIO(one)).convert("RGB").tobytes()
    assert {level % 17 for level in pixels} == {0}
    assert len(set(zip(pixels[0::3], pixels[1::3], pixels[2::3], strict=True))) <= 64


def test_exif_of_a_photograph_does_not_leave() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = SECRET
    flat().save(out, "JPEG", exif=exif, comment=SECRET.encode())
    found = verdict({"a.jpg": out.getvalue()})
    assert found.files[0].canonical_name == "a.png"
    assert SECRET.encode() in out.getvalue()
    assert SECRET.encode() not in (found.files[0].canonical or b"")


def test_a_plot_stays_readable() -> None:
    before = Image.open(FIGURES / "hexbin.png").convert("RGB")
    after = Image.open(io.BytesIO(canonical("a.png", (FIGURES / "hexbin.png").read_bytes()))).convert("RGB")
    differences = [abs(a - b) for a, b in zip(before.tobytes(), after.tobytes(), strict=True)]
    assert before.size == after.size
    assert sum(differences) / len(differences) < 6


def test_a_notebook_keeps_only_what_a_reader_sees() -> None:
    markdown = new_markdown_cell("# Result <!-- hidden? -->", attachments={"x.png": {"image/png": SECRET}})
    code = new_code_cell("mean(x)", metadata={"blob": SECRET}, execution_count=4711)
    code.outputs = [
        new_output("execute_result", data={"text/plain": "0.5", "text/html": f"<b hidden>{SECRET}</b>"},
                   metadata={"x": SECRET}, execution_count=4711),
        new_output("error", ename="E", evalue=SECRET, traceback=[SECRET]),
    ]  # fmt: skip
    data = notebook(markdown, new_raw_cell(SECRET), code, widgets={"state": {"x": SECRET}}, blob=SECRET)
    copy = canonical("nb.ipynb", data)
    assert SECRET.encode() not in copy
    assert b"4711" not in copy
    left = nbformat.reads(copy.decode(), as_version=4)
    assert [cell.id for cell in left.cells] == ["cell-0001", "cell-0002"]
    assert left.cells[1].outputs[0].data == {"text/plain": "0.5"}
    nbformat.validate(left)


def test_a_picture_in_a_notebook_is_redrawn() -> None:
    copy = canonical("nb.ipynb", notebook(shown({"image/png": base64_of(text_chunk(SECRET) + b"tail")})))
    assert base64_of(canonical("a.png", text_chunk(SECRET))) in copy.decode()


def test_the_copy_of_a_notebook_keeps_its_words() -> None:
    copy = nbformat.reads(
        canonical("nb.ipynb", notebook(printed("region wer\nnorth 0.12\n"))).decode(), as_version=4
    )
    assert copy.cells[0].outputs[0].text == "region wer\nnorth 0.12\n"
    assert copy.cells[0].source == "print(result)"


def test_repeated_names_leave_under_different_ones() -> None:
    found = verdict({"a.png": png(flat()), "A.PNG": png(flat()), "a.jpeg": b"no picture"})
    assert [file.canonical_name for file in found.files] == ["a.png", "A-2.png", None]
