"""The screener in its container: a verdict from inside four walls, or no verdict, which is a block."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.unit.screening.cases import (
    FIGURES,
    aligned,
    base64_of,
    notebook,
    printed,
    rows_csv,
    shown,
    table,
    text_chunk,
)

if TYPE_CHECKING:
    from tests.integration.screening.conftest import Screener

AGGREGATES = table(["region", "n_speakers", "wer"], [["north", 21, 0.123], ["south", 34, 0.2]]).encode()
pytestmark = pytest.mark.timeout(400)


def test_good_files_get_a_verdict_and_copies(screener: Screener) -> None:
    plot = (FIGURES / "loss.png").read_bytes()
    book = notebook(printed("mean 0.12\n"), shown({"image/png": base64_of(plot)}))
    run = screener.screen(
        {"wer.csv": AGGREGATES, "loss.png": plot, "nb.ipynb": book, "README.md": b"# Hello\n"}
    )
    assert run.exit_code == 0, run.log
    assert run.verdict is not None
    assert run.verdict["outcome"] == "pass", run.verdict["findings"]
    assert all(file["canonical"] and len(run.files[file["id"]]) > 5 for file in run.verdict["files"])
    assert run.log == ""


def test_leaks_are_blocked_and_leave_no_copy(screener: Screener) -> None:
    run = screener.screen(
        {"rows.csv": rows_csv().encode(), "train.log": aligned().encode(), "a.png": text_chunk("x")}
    )
    assert run.exit_code == 0, run.log
    assert run.verdict is not None
    assert run.verdict["outcome"] == "block"
    assert [file["canonical"] for file in run.verdict["files"]] == [False, False, True]
    assert sorted(run.files) == [run.verdict["files"][2]["id"], "verdict.json"]


def test_bombs_are_blocked_within_the_walls(screener: Screener) -> None:
    bombs = {
        "deep.json": b"[" * 10**6,
        "wide.csv": b"a,b\n" + b"1,2\n" * 10**6,
        "values.json": b"[" + b"1," * 10**6 + b"1]",
        "lines.txt": b"word " * 10**6,
        "zeros.txt": bytes(20 << 20),
    }
    run = screener.screen(bombs, memory="1g")
    assert run.exit_code == 0, run.log
    assert run.verdict is not None
    assert [file["canonical"] for file in run.verdict["files"]] == [False] * len(bombs)


def test_a_request_that_cannot_be_read_leaves_no_verdict(screener: Screener) -> None:
    run = screener.screen({"a.txt": b"fine\n"}, table_rows="many")
    assert run.exit_code not in (0, None)
    assert run.verdict is None


def test_a_killed_screener_leaves_no_verdict(screener: Screener) -> None:
    slow = {f"{n}.txt": (b"one two three four " * 900 + b"\n") * 250 for n in range(12)}
    run, container = screener.start(slow)
    time.sleep(2)
    container.kill()
    screener.finish(run, container)
    assert run.exit_code == 137
    assert run.verdict is None


def test_a_screener_out_of_memory_leaves_no_verdict_or_a_block(screener: Screener) -> None:
    run = screener.screen({"a.json": b"[" + b'"x",' * 10**6 + b"1]"}, memory="32m")
    assert run.verdict is None or run.verdict["outcome"] == "block"


def test_the_screener_reaches_nothing(screener: Screener, screener_image: str) -> None:
    probe = (
        "import importlib.util, os, socket\n"
        "def denied(act):\n"
        "    try: act()\n"
        "    except OSError: return True\n"
        "    return False\n"
        "print(os.getuid(), sorted(os.listdir('/sys/class/net')),\n"
        "      denied(lambda: open('/opt/screener/x', 'w')), denied(lambda: open('/x', 'w')),\n"
        "      denied(lambda: socket.create_connection(('1.1.1.1', 53), 2)),\n"
        "      any(importlib.util.find_spec(name) for name in ('django', 'docker')))\n"
    )
    said = screener.client.containers.run(
        screener_image, ["-c", probe], entrypoint=["/usr/bin/python3"], network_mode="none", read_only=True,
        cap_drop=["ALL"], remove=True,
    )  # fmt: skip
    assert said.decode().split() == ["199999", "['lo']", "True", "True", "True", "False"]
