"""Printed pages: what their letters say is what somebody sees, however they were put there."""

from __future__ import annotations

from io import BytesIO

import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from egress_review.screening.carriers import pdf
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Picture, Text
from tests.unit.screening.cases import checks

PI = "3141592653589793238462643383279502884197"
YEARS = [str(year) for year in range(1960, 1970)]


@pytest.mark.parametrize(
    ("drawn", "width", "long"),
    [(YEARS, 4, False), ([PI], 40, True), (list(PI), 1, True)],
    ids=["years close by", "one number", "digit by digit"],
)
def test_a_long_number_is_found_and_years_below_an_axis_are_none(
    drawn: list[str], width: int, long: bool
) -> None:
    page = Figure(figsize=(4, 2))
    for place, digits in enumerate(drawn):
        # Letters of one width, as close as letters are.
        page.text(0.05 + 0.0209 * width * place, 0.5, digits, family="monospace", fontsize=10)
    out = BytesIO()
    page.savefig(out, format="pdf")
    assert ("digits" in checks("axis.pdf", out.getvalue())) is long


@pytest.mark.parametrize("drawn", [False, True])
def test_a_page_of_words_alone_is_no_picture(drawn: bool) -> None:
    page = Figure(figsize=(4, 2))
    page.text(0.1, 0.5, "Errors by region")
    if drawn:
        page.add_artist(Line2D([0.1, 0.9], [0.3, 0.4]))
    out = BytesIO()
    page.savefig(out, format="pdf")
    parts = pdf.open(out.getvalue(), Limits()).parts
    assert any(isinstance(part, Picture) for part in parts) is drawn
    assert "Errors by region" in {part.content.strip() for part in parts if isinstance(part, Text)}
