"""What is text, what is refused, and what a reviewer is told to look at."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import secrets
import time
import unicodedata
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hub.bring_ins import text
from hub.errors import Invalid
from hub.places import places

BINARIES = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zlib": zlib.compress}
CODE = (
    b"import numpy as np\n\n\ndef formants(frame):\n"
    b'    """Return F1 and F2."""\n    return np.roots(frame)[:2]\n'
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.py", CODE)
    return out.getvalue()


def said(data: bytes, name: str = "x.py") -> str:
    """Return why a file is refused; fail where it is not."""
    with pytest.raises(Invalid) as refused:
        text.accepted([(name, data)])
    return str(refused.value)


def findings(data: bytes, name: str = "x.py") -> list[str]:
    (one,) = text.accepted([(name, data)])
    return [f"{found.line}: {found.message}" for found in one.findings]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PNG, id="png"),
        pytest.param(zipped(), id="zip"),
        pytest.param(gzip.compress(CODE), id="gzip"),
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(9), id="elf"),
        pytest.param(b"RIFF\x24\x00\x00\x00WAVE" + bytes(40), id="wav"),
        pytest.param(CODE + b"\x00", id="null"),
        pytest.param("für".encode("latin-1"), id="latin-1"),
        pytest.param(CODE.decode().encode("utf-16"), id="utf-16"),
        pytest.param(b"\x1b[2Jprint(1)\n", id="escape"),
        pytest.param(b"a\x08b\n", id="backspace"),
        pytest.param(b"# a comment to its reader\rimport os  # a line to Python\n", id="carriage return"),
        pytest.param(b"# a comment\r\r\nx = 1\r\n", id="two carriage returns"),
    ],
)
def test_what_is_no_text_is_refused_whatever_it_is_called(data: bytes) -> None:
    assert said(data).startswith("x.py ")


@pytest.mark.parametrize("what", ["zip", "png", *BINARIES])
@pytest.mark.parametrize("how", ["base64", "broken", "urlsafe", "hex"])
def test_a_binary_written_as_text_is_refused(what: str, how: str) -> None:
    made = {"zip": zipped, "png": lambda: PNG}
    packed = made[what]() if what in made else BINARIES[what](CODE * 9)
    written = {
        "base64": base64.b64encode(packed),
        "broken": base64.encodebytes(packed),
        "urlsafe": base64.urlsafe_b64encode(packed),
        "hex": packed.hex().encode(),
    }[how]
    assert "hides a program, a picture or an archive" in said(b"x = '''\n" + written + b"\n'''\n")


@pytest.mark.parametrize(
    "envelope",
    [
        "begin 644 x.zip\nM4$L#!!0``\n",
        "-----BEGIN PGP MESSAGE-----\n",
        "  -----BEGIN RSA PRIVATE KEY-----\n",
        "=ybegin line=128\n",
    ],
)
def test_an_envelope_or_a_key_is_refused(envelope: str) -> None:
    assert "something packed or a key" in said(CODE + envelope.encode())


def test_what_turns_the_direction_of_reading_is_refused_with_its_line() -> None:
    assert "line 2" in said("x = 1\nif access != 'user\u202e \u2066# check\u2069':\n".encode())


def test_a_control_character_is_told_with_its_line() -> None:
    assert "in line 3" in said(b"a = 1\r\nb = 2\r\n# c\rd = 4\r\n")


def test_the_mark_before_a_text_is_none_of_it_and_one_further_down_cannot_be_seen() -> None:
    assert findings("\ufeffa = 1\nb = 2\n".encode()) == []
    assert findings("a = 1\n\ufeffb = 2\n".encode()) == ["2: Characters that can't be seen."]


MISLEADING = ("x\u202eyp.exe.py", "x\n.py", "x\x00.py", "con.py", "-rf.py", " x.py", "x" * 200 + ".py")
OTHER = ("x.zip", "x.exe", "x.wav", "x.pkl", "x", "x.py.gz", "x.html", "x.svg", ".bashrc")


@pytest.mark.parametrize("name", [*MISLEADING, *OTHER, "../x.py", "a/x.py", "a\\x.py"])
def test_a_name_of_another_kind_or_one_that_misleads_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        text.accepted([(name, CODE)])


def test_names_that_read_alike_sizes_and_numbers_are_bounded() -> None:
    for files in (
        [("A.py", CODE), ("a.py", CODE)],
        [("x.py", b"")],
        [],
        [("x.txt", b"word \n" * 200_000)],
        [(f"{number}.py", CODE) for number in range(21)],
        [(f"{number}.txt", b"a word\n" * 140_000) for number in range(5)],
    ):
        with pytest.raises(Invalid):
            text.accepted(files)


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a = 1\nx = '" + base64.b64encode(secrets.token_bytes(300)) + b"'\n", 2, "long code"),
        (b"x = '" + secrets.token_hex(300).encode() + b"'\n", 1, "long code"),
        (b"x = [" + b"".join(b"%d, " % one for one in range(1, 200)) + b"]\n", 1, "long code"),
        (b"x = '" + b"".join(b"\\x%02x" % one for one in range(60)) + b"'\n", 1, "long code"),
        (b"\n\n" + base64.encodebytes(secrets.token_bytes(1500)), 3, "without a space"),
        (b"# \n" + base64.b85encode(secrets.token_bytes(6000)) + b"\n", 1, "packed data"),
        ("x = 1  # \u200bhidden\n".encode(), 1, "can't be seen"),
        (b"x = 1 " + b"+ y " * 600 + b"\n", 1, "read it to its end"),
    ],
    ids=["base64", "hex", "numbers", "escapes", "lines", "base85", "unseen", "long"],
)  # fmt: skip
def test_what_nobody_can_read_is_shown_to_the_reviewer_with_its_line(
    data: bytes, line: int, words: str
) -> None:
    assert any(one.startswith(f"{line}: ") and words in one for one in findings(data)), findings(data)


def test_a_table_and_a_notebook_with_outputs_are_pointed_at() -> None:
    assert any("join speakers" in one for one in findings(b"speaker,name\ns1,Rosa\n", "who.csv"))
    cell = {"outputs": [{"data": {"image/png": "iVBOR"}}]}
    assert any("outputs" in one for one in findings(json.dumps({"cells": [cell]}).encode(), "x.ipynb"))


def test_ordinary_code_of_this_project_has_no_finding() -> None:
    files = sorted((places.checkout / "hub").rglob("*.py"))[:120]
    flagged = [str(path) for path in files if path.stat().st_size and findings(path.read_bytes(), path.name)]
    assert flagged == []


def test_findings_of_a_file_are_bounded() -> None:
    line = b"x = '" + b"A" * 200 + b"'\n"
    assert len(findings(line * 500)) == text.MOST_FOUND + 1


TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def reads(data: bytes) -> bool:
    """Whether bytes are text by what Unicode says of each letter, asked otherwise than the code asks it."""
    try:
        letters = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return False
    plain = all(one in "\t\n" or unicodedata.category(one) != "Cc" for one in letters)
    return plain and bool(data) and not {unicodedata.bidirectional(one) for one in letters} & TURNS


def taken(data: bytes) -> bool:
    """Whether bytes come in, as they are."""
    try:
        (one,) = text.accepted([("x.txt", data)])
    except Invalid:
        return False
    return one.data == data


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
def test_any_bytes_are_refused_unless_they_are_text(data: bytes) -> None:
    # What says of itself that it is packed is another question, and the examples hold strings of the code.
    assume(not text.ENVELOPE.search(data.decode(errors="replace")))
    assert taken(data) == reads(data)


def test_each_letter_is_taken_if_it_is_one_and_each_byte_alone_if_it_is_text() -> None:
    whole = [f"a{chr(code)}b\n".encode() for code in range(0x2100)] + [b"a\r\n", b"\xef\xbb\xbfa\n"]
    each = [*whole, *(bytes([byte]) for byte in range(256))]
    assert [data for data in each if taken(data) != reads(data)] == []


def test_a_path_is_no_part_of_a_name(tmp_path: Path) -> None:
    (one,) = text.accepted([("x.py", CODE)])
    assert (tmp_path / one.name).parent == tmp_path


@pytest.mark.parametrize(
    "line", ["ab" + " " * 900, "1," * 79 + "x ", "0x1f , ", "+/" * 79 + " ", "'\"#/*" * 20]
)
def test_a_file_made_to_be_slow_is_read_in_one_walk(line: str) -> None:
    whole = (line * (text.MOST_FILE_BYTES // len(line)))[: text.MOST_FILE_BYTES - 1]
    began = time.process_time()
    text.accepted([("x.txt", whole.encode()), ("y.txt", whole.replace(" ", "\n").encode())])
    # Some tenths of a second; a search that tries again from each letter takes minutes.
    assert time.process_time() - began < 20
