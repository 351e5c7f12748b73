"""Printed pages: what their letters say is what somebody sees, however they were put there."""

from __future__ import annotations

from collections.abc import Sequence
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


def saying(shown: Sequence[str], said: Sequence[str]) -> bytes:
    """Return a PDF that shows lines and says others: a font a line, whose codes are named as one likes."""
    drawn: list[str] = []
    fonts: list[str] = []
    for line, (seen, told) in enumerate(zip(shown, said, strict=True)):
        glyphs = " ".join("/space" if letter == " " else f"/{letter}" for letter in seen)
        named = f"/Encoding << /Differences [1 {glyphs}] >> /ToUnicode {6 + 2 * line} 0 R"
        letters = "".join(f"<{code:02x}> <{ord(letter):04x}>\n" for code, letter in enumerate(told, start=1))
        table = (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00> <ff> "
            f"endcodespacerange {len(told)} beginbfchar\n{letters}endbfchar endcmap end end"
        )
        fonts += [f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica {named} >>", stream(table)]
        codes = "".join(f"{code:02x}" for code in range(1, len(seen) + 1))
        drawn.append(f"/F{line} 11 Tf 1 0 0 1 50 {760 - 16 * line} Tm <{codes}> Tj")
    used = " ".join(f"/F{line} {5 + 2 * line} 0 R" for line in range(len(shown)))
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        f"/Resources << /Font << {used} >> >> >>",
        stream(f"BT {' '.join(drawn)} ET"),
        *fonts,
    ]
    written = "".join(f"{number} 0 obj\n{part}\nendobj\n" for number, part in enumerate(parts, start=1))
    return f"%PDF-1.4\n{written}trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\n%%EOF\n".encode()


def stream(content: str) -> str:
    return f"<< /Length {len(content)} >>\nstream\n{content}\nendstream"


SHOWN = [
    "darrel has a look at how we clean up some of the code",
    "and types what you want to erase now and then so that",
    "you can store text either compressed or uncompressed",
]
SAID = [
    "we trained three systems and compared their errors in",
    "noise but the loss went up again after a week or so a",
    "then somebody found that half of it was never read w",
]


@pytest.mark.parametrize("said", [SAID, SHOWN], ids=["others", "the same"])
def test_letters_that_a_font_calls_otherwise_are_not_believed(said: Sequence[str]) -> None:
    assert ("pdf_letters" in checks("paper.pdf", saying(SHOWN, said))) is (said != SHOWN)
