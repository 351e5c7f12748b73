"""An export verifies offline as it was given out, and not with one byte of it changed."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from hub.ledger import audit, entries, export, offline, publisher, tree
from hub.ledger.kinds import Kind
from hub.ledger.models import Entry
from hub.ledger.tiles import Tiles
from tests import own_ledger

COUNT = 259


@pytest.fixture
def files(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The files of an export over a tile and a bit, one of its entries erased."""
    tiles = own_ledger.opened(tmp_path, monkeypatch)
    for number in range(COUNT):
        with transaction.atomic():
            entries.append(Kind.SAVED, by="01rosa", subject="01x", facts={"n": number, "é": "“ü”"})
    entries.erase(by="operator", index=3, why="asked for")
    publisher.publish()
    return unpacked(made(tiles, text=True))


def made(tiles: Tiles, *, text: bool) -> bytes:
    note = tiles.read_checkpoint()
    assert note is not None
    return b"".join(export.pieces(tiles, publisher.signer().verifier, note=note, text=text))


def unpacked(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes], to: Path) -> Path:
    with zipfile.ZipFile(to, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return to


def holds(path: Path) -> bool:
    try:
        offline.check(path, publisher.signer().verifier.vkey(), lambda text: None)
    except offline.Wrong:
        return False
    return True


def test_it_holds_as_it_was_given_out(files: dict[str, bytes], tmp_path: Path) -> None:
    assert holds(packed(files, tmp_path / "e.zip"))
    assert {"checkpoint", "ledger.pub", "verify.py", "entries.jsonl", "tile/entries/000"} <= set(files)


def test_its_own_script_checks_it_without_us(files: dict[str, bytes], tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    # -I: nothing of this checkout or its environment can be imported.
    command = [sys.executable, "-I", "-S", str(folder / "verify.py"), "--key", str(folder / "ledger.pub")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    assert told.returncode == 0 and "The export holds." in told.stdout, told.stdout + told.stderr
    (folder / "tile/entries/000").write_bytes(files["tile/entries/000"].replace(b"saved", b"voted", 1))
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    assert told.returncode == 1 and "does NOT hold" in told.stdout


def test_one_byte_changed_anywhere_is_noticed(files: dict[str, bytes], tmp_path: Path) -> None:
    quiet = []
    for name, data in files.items():
        if name in offline.WORDS:
            continue
        for place in {0, 1, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1}:
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            if holds(packed({**files, name: changed}, tmp_path / "e.zip")):
                quiet.append((name, place))
    assert quiet == []


def test_a_file_taken_out_or_put_in_is_noticed(files: dict[str, bytes], tmp_path: Path) -> None:
    for name in files:
        if name not in (*offline.WORDS, offline.TEXT):
            left = {one: data for one, data in files.items() if one != name}
            assert not holds(packed(left, tmp_path / "e.zip")), name
    assert not holds(packed({**files, "tile/9/000": b""}, tmp_path / "e.zip"))
    more = {**files, offline.TEXT: files[offline.TEXT] + b"{}\n"}
    assert not holds(packed(more, tmp_path / "e.zip"))


def test_text_of_an_entry_can_not_be_taken_for_erased_and_said_otherwise(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    line = files[offline.TEXT].splitlines()[3]
    assert b'"salt":""' in line
    said = files[offline.TEXT].replace(line, line.replace(b'"by":""', b'"by":"01adam"'))
    assert not holds(packed({**files, offline.TEXT: said}, tmp_path / "e.zip"))


def test_without_text_it_holds_and_names_nobody(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made(Tiles(publisher.folder()), text=False)
    assert offline.TEXT not in unpacked(data)
    assert b"01rosa" not in b"".join(unpacked(data).values())
    assert holds(packed(unpacked(data), tmp_path / "e.zip"))


def test_another_key_does_not_do(files: dict[str, bytes], tmp_path: Path) -> None:
    other = tmp_path / "other.pub"
    other.write_text("another+00000000+AQ==\n")
    assert offline.run(packed(files, tmp_path / "e.zip"), other) == 1
    assert offline.run(tmp_path / "nothing", None) == 1
    (tmp_path / "torn.zip").write_bytes(b"PK\x03\x04torn")
    assert offline.run(tmp_path / "torn.zip", None) == 1


def test_what_does_not_continue_a_checkpoint_kept_before_is_refused(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    hashes = [bytes(one) for one in Entry.objects.order_by("index").values_list("leaf_hash", flat=True)]
    signer, kept = publisher.signer(), tmp_path / "kept"
    another = [hashes[1], hashes[0], *hashes[2:]]
    for seen, continues in (
        (hashes[:100], True),
        (hashes, True),
        (another, False),
        ([*hashes, hashes[0]], False),
    ):
        kept.write_text(signer.sign(size=len(seen), root=tree.root(seen)))
        assert offline.run(packed(files, tmp_path / "e.zip"), None, kept) == (0 if continues else 1)
        report = audit.verify(Tiles(publisher.folder()), signer.verifier, since=kept.read_text())
        assert report.good is continues


def test_signatures_are_judged_as_the_library_judges_them() -> None:
    for number in range(12):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message = bytes([number]) * number
        signature = key.sign(message)
        assert offline.signed(raw, message, signature)
        assert not offline.signed(raw, message + b"x", signature)
        for place in (0, 31, 32, 63):
            changed = bytearray(signature)
            changed[place] ^= 1
            assert not offline.signed(raw, message, bytes(changed))
        # The same signature with S + L: another form of the same number, refused.
        more = (int.from_bytes(signature[32:], "little") + offline.L).to_bytes(32, "little")
        assert not offline.signed(raw, message, signature[:32] + more)
    assert not offline.signed(b"\xff" * 32, b"", b"\0" * 64) and not offline.signed(raw, b"", b"short")
