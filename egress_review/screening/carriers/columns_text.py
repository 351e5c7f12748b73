"""The words in the cells of a table, as a text that the checks can read."""

from __future__ import annotations

from egress_review.screening.numbers import NUMBER


def words_of(header: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    """Return the cells of a table that are no numbers, a line each, once each."""
    cells = dict.fromkeys(item for row in (header, *rows) for item in row)
    return "\n".join(item for item in cells if item.strip() and not NUMBER.fullmatch(item.strip()))
