"""What is kept needs room and a clock that goes forward; a look says when either is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from hub.doctor import storage
from hub.places import places

FREE = "MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: {} kB\n"


@pytest.mark.parametrize(("free", "holds"), [(131_071, False), (131_072, True)])
def test_memory_is_left_where_the_kernel_can_give_some(
    free: int, holds: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meminfo").write_text(FREE.format(free))
    monkeypatch.setattr(storage, "MEMORY", tmp_path / "meminfo")
    found = storage.memory(places)
    assert (found.ok, found.detail) == (holds, "0.1 GiB can still be given")


def test_the_kernel_answers_as_the_look_reads_it() -> None:
    assert storage.memory(places).detail.endswith("GiB can still be given")


@pytest.mark.parametrize(
    ("status", "said"), [(0, "the clock shows a time after"), (1, "error: it was set back")]
)
def test_a_clock_that_was_set_back_is_what_the_ledgers_command_says(
    status: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(line: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert line[-1] == "clock"
        return subprocess.CompletedProcess(line, status, said + "\n", "")

    monkeypatch.setattr(storage.subprocess, "run", run)
    monkeypatch.setattr(storage.programs, "credentials", lambda _user: {})
    monkeypatch.setattr(storage.programs, "environment", lambda *_: {})
    found = storage.clock(places)
    assert (found.ok, found.detail) == (status == 0, said)
