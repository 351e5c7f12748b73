"""Uploads: read piece by piece, refused as soon as a limit is passed, nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_review.uploads import TooLarge, Upload, UploadLimits
from egress_review.vault import Vault
from hub.errors import Invalid, ParlatoryError

SMALL = UploadLimits(files=3, file_bytes=1000, total_bytes=1500, field_bytes=100, free_bytes=0)
SAID = {"title": "T", "context": "C", "controls": "D"}


def body(fields: dict[str, str], files: list[tuple[str, bytes]], *, end: bool = True) -> bytes:
    """Return a multipart body."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'.encode()
        for name, text in fields.items()
    ]
    for name, data in files:
        head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + data + b"\r\n")
    return b"".join(parts) + (b"--b--\r\n" if end else b"")


def upload(vault: Vault, data: bytes, *, piece: int = 64, limits: UploadLimits = SMALL) -> Upload:
    """Feed a body in pieces and finish."""
    made = Upload(
        vault=vault, limits=limits, content_type="multipart/form-data; boundary=b", content_length=len(data)
    )
    try:
        for start in range(0, len(data), piece):
            made.feed(data[start : start + piece])
        made.finish()
    except ParlatoryError:
        made.drop()
        raise
    return made


@pytest.fixture(autouse=True)
def _nothing_left(vault: Vault) -> Iterator[None]:
    yield
    assert not list((vault.root / "sha256").iterdir())


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
def test_what_arrives_is_hashed_and_named(piece: int, vault: Vault) -> None:
    with upload(vault, body(SAID, [("a.csv", b"1,2"), ("b.csv", b"")]), piece=piece) as made:
        assert made.fields == SAID
        assert [(item.name, item.content.size_bytes) for item in made.arrived] == [("a.csv", 3), ("b.csv", 0)]
        assert made.arrived[0].content.path.read_bytes() == b"1,2"
    assert not list((vault.root / "incoming").iterdir())


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([(f"{n}.csv", b"x") for n in range(4)], "at most 3 files"),
        ([("a.csv", b"x" * 1001)], "larger than"),
        ([("a.csv", b"x" * 800), ("b.csv", b"x" * 800)], "in all"),
    ],
)
def test_more_than_the_limits_is_refused(files: list[tuple[str, bytes]], why: str, vault: Vault) -> None:
    with pytest.raises(TooLarge, match=why):
        upload(vault, body(SAID, files))
    assert not list((vault.root / "incoming").iterdir())


def test_a_body_said_to_be_too_long_is_refused_before_it_arrives(vault: Vault) -> None:
    with pytest.raises(TooLarge, match="in all"):
        Upload(
            vault=vault,
            limits=SMALL,
            content_type="multipart/form-data; boundary=b",
            content_length=SMALL.body_bytes + 1,
        )


def test_a_full_disk_is_said_before_anything_arrives(vault: Vault) -> None:
    with pytest.raises(TooLarge, match="no room"):
        upload(vault, body(SAID, [("a.csv", b"1")]), limits=UploadLimits(free_bytes=10**18))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not multipart at all",
        body(SAID, [("a.csv", b"1")], end=False),
        body(SAID, [("a.csv", b"1")])[:-20],
        body(SAID, [("a.csv", b"1")]).replace(b"\r\n", b"\n"),
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" + b"X: " + b"a" * 9000 + b"\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" + b"X: a\r\n" * 20 + b"\r\nx\r\n--b--\r\n",
        body({**SAID, "extra": "x"}, [("a.csv", b"1")]),
        body(SAID, [("../a.csv", b"1")]),
        body(SAID, [("a.csv", b"1"), ("A.CSV", b"2")]),
        body(SAID, [("a.csv", b"1")]) + body({"title": "again"}, []),
        body(SAID, []),
        body({"title": "T", "context": "C"}, [("a.csv", b"1")]),
        body({**SAID, "title": "  "}, [("a.csv", b"1")]),
        body(SAID, [("a.csv", b"1")]).replace(b"\r\nT\r\n", b"\r\n\xff\r\n"),
        body({**SAID, "context": "x" * 101}, [("a.csv", b"1")]),
    ],
)
def test_a_broken_body_is_refused_and_leaves_nothing(data: bytes, vault: Vault) -> None:
    with pytest.raises(ParlatoryError, match=r"\.$"):
        upload(vault, data)
    assert not list((vault.root / "incoming").iterdir())


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "application/json; boundary=b"])
def test_another_content_type_is_refused(kind: str, vault: Vault) -> None:
    with pytest.raises(Invalid, match="multipart/form-data"):
        Upload(vault=vault, limits=SMALL, content_type=kind, content_length=1)


def test_what_comes_after_a_drop_is_ignored(vault: Vault) -> None:
    data = body(SAID, [("a.csv", b"x" * 500)])
    made = Upload(
        vault=vault, limits=SMALL, content_type="multipart/form-data; boundary=b", content_length=len(data)
    )
    made.feed(data[:300])
    made.drop()
    made.feed(data[300:])
    assert not list((vault.root / "incoming").iterdir())


@given(st.binary(max_size=400))
def test_no_body_raises_anything_but_a_sentence(data: bytes) -> None:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        vault = Vault(Path(folder))
        vault.prepare()
        with pytest.raises(ParlatoryError):
            upload(vault, b"--b\r\n" + data)
        assert not list((vault.root / "incoming").iterdir())
