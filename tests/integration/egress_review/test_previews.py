"""Previews: every type that may leave is shown a page at a time, and what is broken or endless says so."""

from __future__ import annotations

import base64
import io
import json
import wave
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from openpyxl import Workbook
from PIL import Image
from pyarrow import parquet

from egress_review.previews import anchors, child, compare, written
from egress_review.previews.anchors import Anchor
from egress_review.previews.archives import MEMBER_BYTES
from egress_review.previews.preview import APART, HERE
from egress_review.previews.shown import Shown
from egress_review.screening import kinds
from egress_review.vault import Vault

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkqGeoBwADAAGA4f3tWQAAAABJRU5ErkJggg=="
)


def shown(media_type: str, data: bytes, page: int = 1) -> Shown:
    """Return a preview, made where it is made for a checker."""
    if media_type in HERE:
        return HERE[media_type](data, page)
    return child.shown(data, media_type=media_type, page=page)


def saved(image: Image.Image, kind: str, **more: object) -> bytes:
    """Return an image as a file."""
    out = io.BytesIO()
    image.save(out, kind, **more)  # type: ignore[arg-type]  # Pillow's own options
    return out.getvalue()


def pdf() -> bytes:
    """Return a PDF of two pages."""
    pages = [Image.new("RGB", (200, 100), colour) for colour in ("white", "black")]
    return saved(pages[0], "PDF", save_all=True, append_images=pages[1:])


def book() -> bytes:
    """Return a workbook of two sheets."""
    made = Workbook()
    for name, value in (("Vowels", 12), ("Tones", 14)):
        sheet = made.create_sheet(name)
        sheet.append(["sound", "speakers"])
        sheet.append(["a", value])
    made.remove(made.worksheets[0])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def columns() -> bytes:
    """Return a Parquet file of 450 rows."""
    out = io.BytesIO()
    parquet.write_table(pa.table({"vowel": ["a"] * 450, "speakers": list(range(450))}), out)
    return out.getvalue()


def array() -> bytes:
    """Return one array."""
    out = io.BytesIO()
    np.save(out, np.arange(12).reshape(3, 4))
    return out.getvalue()


def arrays() -> bytes:
    """Return two arrays."""
    out = io.BytesIO()
    np.savez(out, means=np.arange(6.0).reshape(2, 3), names=np.array(["a", "b"]))
    return out.getvalue()


def tensors() -> bytes:
    """Return the safetensors file of one tensor."""
    header = json.dumps({"layer.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(24)


def archive() -> bytes:
    """Return a ZIP of a table and a picture."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("table.csv", "vowel,speakers\r\na,12\r\n")
        made.writestr("plots/f1.png", PNG)
    return out.getvalue()


def sound() -> bytes:
    """Return three seconds: silence, a tone, silence."""
    out = io.BytesIO()
    tone = (np.sin(np.arange(8000) / 3) * 16000).astype("<i2")
    with wave.open(out, "wb") as made:
        made.setparams((1, 2, 8000, 0, "NONE", ""))
        made.writeframes(np.concatenate([np.zeros(8000, "<i2"), tone, np.zeros(8000, "<i2")]).tobytes())
    return out.getvalue()


NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "code", "source": f"step {n}", "outputs": [{"text": "7"}]} for n in range(90)]}
).encode()
ROWS = "vowel,speakers\r\n" + "".join(f"v{n},{n}\r\n" for n in range(450))
MADE = {
    "text/csv": ROWS.encode(),
    "text/tab-separated-values": ROWS.replace(",", "\t").encode(),
    "text/plain": b"".join(b"line %d\n" % n for n in range(1200)),
    "text/markdown": b"# Title\n\ntext\n",
    "application/json": b'{"a": [1, 2, {"b": null}]}',
    "application/x-ndjson": b'{"a": 1}\n{"a": 2}\n',
    "application/x-ipynb+json": NOTEBOOK,
    "image/png": PNG,
    "application/pdf": pdf(),
    kinds.WORKBOOK.media_type: book(),
    "application/vnd.apache.parquet": columns(),
    "application/x-npy": array(),
    "application/x-npz": arrays(),
    "application/x-safetensors": tensors(),
    "application/zip": archive(),
    "audio/wav": sound(),
    "application/octet-stream": bytes(range(256)) * 8,
}
PAGES = {
    "text/csv": 3,
    "text/tab-separated-values": 3,
    "text/plain": 3,
    "application/x-ipynb+json": 3,
    "application/pdf": 2,
    kinds.WORKBOOK.media_type: 2,
    "application/vnd.apache.parquet": 3,
    "application/x-npy": 2,
    "application/x-npz": 3,
    "application/zip": 3,
}


@pytest.mark.parametrize("media_type", MADE)
def test_each_type_that_may_leave_is_shown(media_type: str) -> None:
    found = shown(media_type, MADE[media_type])
    assert found.why_not == ""
    assert found.tables or found.lines or found.cells or found.pictures
    assert (found.page, found.pages) == (1, PAGES.get(media_type, 1))


def test_no_type_of_the_screening_is_without_a_preview() -> None:
    every = {kind.media_type for kind in vars(kinds).values() if isinstance(kind, kinds.Kind)}
    assert every <= {*HERE, *APART}
    assert every <= set(MADE)


BROKEN = [b"", b"\x00" * 40, b"PK\x03\x04 broken", b'{"cells": 7}', b"[" * 100_000]


@pytest.mark.parametrize(
    ("media_type", "data"),
    # A process each for those read apart: two kinds of broken are enough.
    [(kind, data) for kind in MADE for data in (BROKEN if kind in HERE else BROKEN[:2])],
)
def test_what_is_broken_says_so_or_is_shown_as_it_is(media_type: str, data: bytes) -> None:
    found = shown(media_type, data)
    assert isinstance(found, Shown)


@pytest.mark.parametrize("media_type", MADE)
def test_a_page_beyond_the_last_is_a_page(media_type: str) -> None:
    found = shown(media_type, MADE[media_type], 10**6)
    assert found.why_not == ""
    assert found.page <= found.pages


def test_a_page_of_a_table_starts_where_the_one_before_ends() -> None:
    found = shown("text/csv", MADE["text/csv"], 2).tables[0]
    assert (found.first, found.rows[0], len(found.rows)) == (201, ("v200", "200"), 200)


def test_json_is_shown_with_one_value_a_line() -> None:
    found = shown("application/json", MADE["application/json"]).lines
    assert found is not None
    assert found.lines[:3] == ("{", '  "a": [', "    1,")


def test_each_sheet_array_and_member_has_its_page() -> None:
    assert (
        shown(kinds.WORKBOOK.media_type, MADE[kinds.WORKBOOK.media_type], 2).tables[0].title == "Sheet Tones"
    )
    assert shown("application/x-npz", MADE["application/x-npz"], 2).tables[0].rows[0] == ("0.0", "1.0", "2.0")
    assert shown("application/zip", MADE["application/zip"], 2).tables[0].rows == (("a", "12"),)
    assert shown("application/zip", MADE["application/zip"], 3).pictures[0].png == PNG


def test_of_tensors_names_and_shapes_are_shown_but_no_value() -> None:
    found = shown("application/x-safetensors", MADE["application/x-safetensors"]).tables[0]
    assert found.rows == (("layer.weight", "F32", "2×3", "24"),)


def test_sound_is_shown_by_seconds_and_played_only_on_demand() -> None:
    found = shown("audio/wav", MADE["audio/wav"])
    levels = [float(row[0].removesuffix(" dB")) for row in found.tables[0].rows]
    assert levels[1] > levels[0] + 40 and levels[1] > levels[2] + 40
    assert found.tables[0].first == 0
    assert len(found.sounds) == 1


def test_an_archive_that_unpacks_to_too_much_ends_with_a_sentence() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("zeros.csv", bytes(MEMBER_BYTES + 1))
    assert "unpacks to more than 20 MiB" in shown("application/zip", out.getvalue(), 2).why_not


def test_a_reader_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "SECONDS", 0.01)
    assert shown("application/pdf", pdf()).why_not == child.BROKEN


@pytest.mark.parametrize(
    ("where", "anchor"),
    [
        ("", Anchor()),
        ("sheet Vowels", Anchor()),
        ("row 1", Anchor(1, "row-1")),
        ("row 200, column speakers", Anchor(1, "row-200")),
        ("row 201", Anchor(2, "row-201")),
        ("line 501", Anchor(2, "line-501")),
        ("cell 41, output 2, row 7", Anchor(2, "cell-41")),
        ("page 3", Anchor(3, "page-3")),
        ("second 12.5", Anchor(1, "second-12")),
        ("second 0.2", Anchor(1, "second-0")),
        ("second 500.0", Anchor(2, "second-500")),
        ("row 99999999999999999999", Anchor()),
    ],
)
def test_a_finding_leads_to_its_place(where: str, anchor: Anchor) -> None:
    assert anchors.of(where) == anchor


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """A vault of the test's own."""
    made = Vault(tmp_path / "vault")
    made.prepare()
    return made


def sides(vault: Vault, left: bytes, right: bytes, media_type: str = "text/csv") -> compare.Compared:
    """Compare two contents."""
    made = [compare.Side(name, f"{name}.csv", vault.put(data)) for name, data in (("a", left), ("b", right))]
    return compare.sides(made[0], made[1], media_type=media_type, vault=vault)


def test_the_same_bytes_are_said_to_be_the_same(vault: Vault) -> None:
    assert sides(vault, b"a\n", b"a\n").same


def test_what_changed_stands_beside_each_other_and_what_did_not_is_folded(vault: Vault) -> None:
    left = b"".join(b"line %d\n" % n for n in range(40))
    found = sides(vault, left, left.replace(b"line 20\n", b"line twenty\n").replace(b"line 30\n", b""))
    marked = [(line.mark, line.left, line.right) for line in found.lines if line.mark not in ("", "skip")]
    assert marked == [("changed", "line 20", "line twenty"), ("gone", "line 30", "")]
    assert found.changed == 2
    assert any(line.mark == "skip" and "equal lines" in line.left for line in found.lines)
    assert len(found.lines) < 25


def test_only_line_ends_differ(vault: Vault) -> None:
    assert "Every line reads the same" in sides(vault, b"a\nb\n", b"a\r\nb\r\n").cut


def test_letters_that_hide_are_written_out_in_a_comparison(vault: Vault) -> None:
    found = sides(vault, "a\u202eb\n".encode(), b"ab\n")
    assert found.lines[0].left == "a[U+202E]b"


def test_pictures_stand_beside_each_other_and_other_bytes_are_not_drawn(vault: Vault) -> None:
    jpeg = saved(Image.new("RGB", (4, 4), "red"), "JPEG")
    found = sides(vault, jpeg, PNG, "image/png")
    assert [picture.media_type for picture in found.pictures] == ["image/jpeg", "image/png"]
    found = sides(vault, b"<svg onload='x'>", PNG, "image/png")
    assert found.pictures[0].png == b"" and "not drawn" in found.cut


def test_what_is_too_large_or_no_text_is_not_compared_line_by_line(vault: Vault) -> None:
    assert "no line by line" in sides(vault, b"a", b"b", "application/pdf").cut
    assert "Too large" in sides(vault, b"a" * (compare.READ_BYTES + 1), b"b").cut


def test_a_notebook_is_compared_by_what_stands_in_its_cells() -> None:
    said = written.notebook_text(NOTEBOOK)
    assert said.startswith("── code cell 1\nstep 0\n┄ output\n7\n── code cell 2")
