"""Arrays, tensors and columns: read strictly, examined as numbers and tables, rewritten without metadata."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from typing import Any

import h5py
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from egress_review.screening.carriers.arrays import MANTISSA_BITS, rounded
from tests.unit.screening.cases import DATA, ROWS, canonical, outcome, verdict, worse_than_notes

SMALL = np.linspace(0, 1, 60, dtype=np.float32).reshape(6, 10)
SECRET = "zebra-payload-zebra"


def npy(values: Any, **options: Any) -> bytes:
    """Return an array as numpy saves it."""
    out = io.BytesIO()
    np.save(out, values, **options)
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    """Return arrays as numpy saves them together."""
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def tensors(
    named: dict[str, Any], metadata: dict[str, str] | None = None, shift: int = 0, more: bytes = b""
) -> bytes:
    """Return safetensors, with a gap of `shift` bytes before the second and `more` behind the last."""
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    body = b""
    for name, values in named.items():
        begins = len(body) + (shift if body else 0)
        body = body.ljust(begins, b"\0") if shift >= 0 else body[:begins]
        body += values.tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [begins, len(body)]}
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + body + more


def hdf(attribute: str = "", link: str = "") -> bytes:
    """Return an HDF5 file."""
    out = io.BytesIO()
    with h5py.File(out, "w") as opened:
        opened["group/values"] = SMALL
        opened["labels"] = ["north", "south"]
        if attribute:
            opened.attrs["comment"] = attribute
        if link:
            opened["elsewhere"] = h5py.ExternalLink(link, "/x")
    return out.getvalue()


def table(frame: pandas.DataFrame, metadata: dict[str, str] | None = None) -> bytes:
    """Return a data frame as Parquet."""
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pandas(frame).replace_schema_metadata(metadata), out)
    return out.getvalue()


def feather(frame: pandas.DataFrame) -> bytes:
    """Return a data frame as Arrow's file."""
    out = io.BytesIO()
    whole = pa.Table.from_pandas(frame)
    with pa.ipc.new_file(out, whole.schema) as writer:
        writer.write_table(whole)
    return out.getvalue()


WER = pandas.DataFrame({"region": ["north", "south"], "n_speakers": [21, 34], "wer": [0.12345678901, 0.2]})
PEOPLE = pandas.DataFrame({"recording": [r.recording for r in DATA[:9]], "wer": [0.1 * n for n in range(9)]})
TWO = {"a.weight": SMALL, "b.weight": SMALL * 2}
NAMED = {r.recording: SMALL for r in DATA[:3]}
FILES = pandas.DataFrame({"x": [b"RIFF" + bytes(40)] * 3})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.npy", npy(SMALL)),
        ("a.npy", npy(np.array(["north", "south"]))),
        ("a.npz", npz(mean=SMALL, counts=np.arange(9))),
        ("a.safetensors", tensors(TWO)),
        ("a.h5", hdf()),
        ("a.parquet", table(WER)),
        ("a.feather", feather(WER)),
        ("a.parquet", table(WER.assign(mean=[[0.1, 0.2], [0.3, 0.4]]))),
    ],
)
def test_plain_numbers_are_not_blocked_and_their_copy_is_stable(name: str, data: bytes) -> None:
    found = verdict({name: data})
    assert found.outcome != "block", found.findings
    left = found.files[0]
    assert left.canonical is not None and left.canonical_name is not None
    assert canonical(left.canonical_name, left.canonical) == left.canonical


REFUSED: list[tuple[str, str, str, bytes]] = [
    ("objects", "pickle", "a.npy", npy(np.array([{"a": 1}], dtype=object), allow_pickle=True)),
    ("objects in npz", "pickle", "a.npz", npz(x=np.array([{"a": 1}], dtype=object))),
    ("bytes behind", "array", "a.npy", npy(SMALL) + b"more"),
    ("cut", "array", "a.npy", npy(SMALL)[:-1]),
    ("code in the header", "array", "a.npy", npy(SMALL).replace(b"'<f4'", b"f( 1)")),
    ("records", "array", "a.npy", npy(np.zeros(3, dtype=[("a", "i4"), ("b", "f4")]))),
    ("no array inside", "array", "a.npz", npz(x=SMALL).replace(b"x.npy", b"x.txt")),
    ("gap", "polyglot", "a.safetensors", tensors(TWO, shift=8)),
    ("overlap", "polyglot", "a.safetensors", tensors(TWO, shift=-8)),
    ("behind", "polyglot", "a.safetensors", tensors(TWO, more=b"more")),
    ("header says more", "tensors", "a.safetensors", tensors(TWO).replace(b'"shape"', b'"shap3"')),
    ("link", "hdf_link", "a.h5", hdf(link="/etc/passwd")),
    ("cut", "hdf", "a.h5", hdf()[:900]),
    ("ids in a column", "row_level", "a.parquet", table(PEOPLE)),
    ("ids in Arrow", "row_level", "a.feather", feather(PEOPLE)),
    ("ids as array", "identifiers", "a.npy", npy(np.array([r.recording for r in DATA[:9]]))),
    ("ids as names of tensors", "identifiers", "a.safetensors", tensors(NAMED)),
    ("files in a column", "table_bytes", "a.parquet", table(FILES)),
    ("cut", "columns", "a.parquet", table(WER)[:-20] + table(WER)[-8:]),
    ("pickle", "type", "a.pkl", pickle.dumps({"a": 1})),
    ("old pickle", "type", "a.txt", pickle.dumps({"a": 1}, protocol=0)),
    ("torch", "type", "a.pt", npz(x=SMALL)),
]  # fmt: skip


@pytest.mark.parametrize(("check", "name", "data"), [pytest.param(*rest, id=what) for what, *rest in REFUSED])
def test_what_is_dangerous_or_leaks_in_numbers_is_blocked(check: str, name: str, data: bytes) -> None:
    found = verdict({name: data})
    assert found.outcome == "block"
    assert check in worse_than_notes(found)


def test_metadata_does_not_leave() -> None:
    for name, data in (
        ("a.parquet", table(WER, {"comment": SECRET})),
        ("a.safetensors", tensors(TWO, {"comment": SECRET})),
        ("a.h5", hdf(SECRET)),
    ):
        assert SECRET.encode() in data
        copy = canonical(name, data)
        assert SECRET.encode() not in copy
        if copy.startswith(b"PK"):
            inside = zipfile.ZipFile(io.BytesIO(copy))
            assert all(SECRET.encode() not in inside.read(member) for member in inside.namelist())


def test_a_model_always_reaches_a_human() -> None:
    assert outcome("a.safetensors", tensors({"x": np.zeros(3, np.float32)})) == "flag"


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.complex64])
def test_payload_in_the_lowest_bits_of_floats_dies(kind: type[Any]) -> None:
    values = np.random.default_rng(3).normal(size=500).astype(kind)
    short = rounded(values)[0] if kind is not np.complex64 else values
    if kind in (np.float32, np.float64):
        raw = short.view(np.uint32 if kind is np.float32 else np.uint64)
        assert not np.any(raw & ((1 << ((23 if kind is np.float32 else 52) - MANTISSA_BITS)) - 1))
    assert np.allclose(short, values, rtol=2**-13)
    again = rounded(short)[0] if kind is not np.complex64 else short
    assert np.array_equal(again, short)


def test_extreme_floats_stay_what_they_are() -> None:
    odd = np.array([np.inf, -np.inf, np.nan, -0.0, np.finfo(np.float32).max, 1e-45], dtype=np.float32)
    short = rounded(odd)[0]
    assert np.isposinf(short[0]) and np.isneginf(short[1]) and np.isnan(short[2])
    assert np.isfinite(short[4]) and not np.signbit(short[3])


def test_the_rows_of_a_leak_are_found_in_json_lines() -> None:
    lines = "".join(json.dumps({"recording": r.recording, "wer": 0.1}) + "\n" for r in DATA[:5])
    assert outcome("a.jsonl", lines) == "block"
    fine = '{"region": "north", "n_speakers": 21}\n{"region": "south", "n_speakers": 34}\n'
    assert outcome("a.jsonl", fine) != "block"
    assert ROWS
