"""The attacks run where their numbers mean what they say."""

from __future__ import annotations

import platform

import pytest

from hub.attacks import __main__ as command
from hub.attacks import bait


def test_another_machines_kernel_is_not_called_by_these_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(bait, "laid", lambda: pytest.fail("the bait was laid"))
    assert command.main([]) == 1
    assert "this is aarch64" in capsys.readouterr().err
