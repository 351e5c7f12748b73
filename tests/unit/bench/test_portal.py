"""What a page's time is: until it is there; of a file that is sent as it is made, until its first line is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from hub.bench import portal
from hub.bench.portal import Measured


class Browser:
    """Answers with what it was given."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get(self, path: str) -> Any:
        """Answer."""
        return self.answer


def timed(answer: HttpResponse | StreamingHttpResponse) -> tuple[float, float]:
    return portal._timed(cast("Client", Browser(answer)), "/")


def slow_after_the_first_line() -> Iterator[bytes]:
    yield b"head\n"
    yield b"first\n"
    time.sleep(0.05)
    yield b"second\n"


def test_of_a_file_the_first_line_counts_and_the_whole_stands_beside() -> None:
    there, whole = timed(StreamingHttpResponse(slow_after_the_first_line()))
    assert there < 40 and whole >= 50
    row = Measured("/x.csv", "auditor", 3, queries=3, p50_ms=there, p95_ms=there, whole_ms=1_500)
    assert row.line().endswith("(a file: whole in 1,500 ms)") and " slow" not in row.line()


def test_a_page_is_no_file() -> None:
    there, whole = timed(HttpResponse(b"page"))
    assert there >= 0 and whole == 0.0
    assert "file" not in Measured("/", "admin", 3, p95_ms=301).line()
