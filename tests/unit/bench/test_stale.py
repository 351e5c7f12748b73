"""With an environment that lacks a library, a measurement says which one and what brings it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.cli import environment

CHECKOUT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "words", [("hub.bench", "load"), ("hub.bench", "portal"), ("egress_review", "bench", "sounds")], ids=str
)
def test_a_missing_library_is_a_sentence_and_no_traceback(words: tuple[str, ...]) -> None:
    # Without its own packages Python has what a bare one has.
    line = [sys.executable, "-S", "-m", *words]
    where = os.environ | {"PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(line, check=False, cwd=CHECKOUT, env=where, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "has no library `" in done.stderr
    assert "`python3 -m hub test lint` brings" in done.stderr


def test_a_missing_module_of_our_own_is_no_missing_library() -> None:
    error = ModuleNotFoundError("No module named 'hub.nowhere'", name="hub.nowhere")
    with pytest.raises(ModuleNotFoundError):
        environment.lacks(error, CHECKOUT)
