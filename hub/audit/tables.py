"""CSV that a spreadsheet shows and never runs: what could be a formula gets an apostrophe before it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """Takes what the writer writes, one line at a time."""

    def write(self, text: str) -> str:
        return text


def cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield the rows as lines of CSV."""
    writer = csv.writer(_Line())
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def download(name: str, rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """Answer with a CSV file, sent as it is made."""
    response = StreamingHttpResponse(lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
