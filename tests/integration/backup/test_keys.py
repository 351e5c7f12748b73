"""A key sealed with a passphrase, whose sealing takes seconds by design."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.backup import __main__ as command
from tests import statefolder
from tests.statefolder import elsewhere


def test_a_key_sealed_with_a_passphrase_opens_with_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enclave = statefolder.make(tmp_path)
    root = enclave.places.checkout
    (root / "phrase").write_text("correct horse battery\n")
    (root / "wrong").write_text("incorrect horse battery\n")
    key = str(root / "key")
    assert command.main(["key", key, "--passphrase-file", str(root / "phrase")]) == 0
    recipient = capsys.readouterr().out.strip()
    assert recipient.startswith("age1")
    assert b"AGE-SECRET-KEY" not in Path(key).read_bytes()
    assert Path(key).stat().st_mode & 0o777 == 0o400
    monkeypatch.setattr(command, "places", enclave.places)
    assert command.main(["write", str(root / "b"), "--recipient", recipient]) == 0
    monkeypatch.setattr(command, "places", elsewhere(enclave).places)
    words = ["restore", str(root / "b"), "--key", key, "--checkpoint", str(root / "b.checkpoint")]
    assert command.main([*words, "--passphrase-file", str(root / "wrong")]) == 1
    assert "does not open the key" in capsys.readouterr().err
    assert command.main([*words, "--passphrase-file", str(root / "phrase")]) == 0
    assert "Restored the state of" in capsys.readouterr().out
