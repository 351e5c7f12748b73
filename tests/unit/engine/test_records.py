"""Records of ended sessions: one that a power cut emptied is skipped, not stumbled over."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub import files
from hub.engine.owners import Owners
from hub.engine.records import Record, Records
from hub.places import Places


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b'{"session": "s2"}'])
def test_a_record_that_cannot_be_read_keeps_no_engine_from_starting(
    tmp_path: Path, left: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    places = Places(
        checkout=tmp_path, state=tmp_path, run=tmp_path, tools=tmp_path, base_port=31000, enclave="unit"
    )
    records = Records(places, Owners())
    (tmp_path / "engine" / "ended").mkdir(parents=True)
    record = Record("s1", "exited", 0, None, "It ended.", datetime.now(UTC))
    files.write(
        tmp_path / "engine" / "ended" / "s1.json",
        json.dumps(record.view()).encode(),
        mode=0o640,
        uid=os.getuid(),
        gid=os.getgid(),
    )
    (tmp_path / "engine" / "ended" / "s2.json").write_bytes(left)
    assert records.all() == [record]
    records.forget_old()
    assert records.find("s2") is None
    said = [entry.getMessage() for entry in caplog.records]
    assert said == ["record_unreadable session=s2"], "it is said once, however often it is asked for"
    (tmp_path / "engine" / "ended" / "s2.json").write_bytes(left + b" ")
    os.utime(tmp_path / "engine" / "ended" / "s2.json", ns=(0, 1))
    assert records.all() == [record]
    assert len(caplog.records) == 2, "another content is said again"
