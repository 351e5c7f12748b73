"""Tables in markup whose cells don't stand side by side are read as tables."""

from __future__ import annotations

import time

import pytest

from egress_review.screening import Index, Limits, embedded, markup
from egress_review.screening.inspection import look

HEADER, ROWS = ("region", "yes", "no"), (("north", "5", "4"), ("south", "16", "3"))
WRITTEN = {
    "list-table": ".. list-table:: T\n   :header-rows: 1\n\n   * - region\n     - yes\n     - no\n"
    "   * - north\n     - 5\n     - 4\n   * - south\n     - 16\n     - 3\n\nAfter it.",
    "asciidoc": "|===\n|region |yes |no\n\n|north\n|5\n|4\n\n|south |16 |3\n|===\n",
    "asciidoc without a blank": "|===\n|region |yes |no\n|north |5 |4\n|south |16 |3\n|===\n",
    "docbook": "<tgroup><thead><row><entry>region</entry><entry>yes</entry><entry>no</entry></row></thead>"
    "<row><entry>north</entry><entry>5</entry><entry>4</entry></row>"
    "<row><entry>south</entry><entry><emphasis>16</emphasis></entry><entry>3</entry></row></tgroup>",
    "bbcode": "[table][tr][th]region[/th][th]yes[/th][th]no[/th][/tr]"
    "[tr][td]north[/td][td]5[/td][td]4[/td][/tr][tr][td]south[/td][td]16[/td][td]3[/td][/tr][/table]",
    "tbl": ".TS\ntab(:);\nl n n.\nregion:yes:no\nnorth:5:4\nsouth:16:3\n.TE\n",
    "typst": "#table(columns: 3, [region], [yes], [no],\n [north], [5], [4],\n [south], [*16*], [3])",
    "typst with widths": "#table(columns: (1fr, auto, auto), [region], [yes], [no],"
    " [north], [5], [4],\n[south], [16], [3])",
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_table_is_read(way: str) -> None:
    found = [(table.header, table.rows) for table in markup.tables(WRITTEN[way], "t")]
    assert (HEADER, ROWS) in found


@pytest.mark.parametrize(
    "text",
    [
        "* a list - of one\n* and - another\n",
        "a | b\nc | d\n",
        "|===\n",
        "<row>",
        "[td]",
        ".TS\n.TE\n",
        "#table(columns: 2)",
    ],
)
def test_what_is_no_such_table_is_none(text: str) -> None:
    assert not list(markup.tables(text, "t"))


COUNTED = "|===\n|kind |speakers\n\n|one\n|{}\n\n|two\n|{}\n|===\n"


def test_a_table_in_markup_is_judged_as_any_other() -> None:
    assert any(table.header == HEADER for table in embedded.tables(WRITTEN["asciidoc"], "t", Limits()))
    for counts, expected in (((4, 31), True), ((40, 31), False)):
        found = look(COUNTED.format(*counts).encode(), "a.adoc.txt", Index.of([]), Limits()).findings
        assert ("small_cells" in {one.check for one in found}) is expected


def test_what_is_begun_again_and_again_takes_no_longer_than_its_length() -> None:
    begun = time.process_time()
    for sign in ("<tr>", "[tr][td]", "|===\n|a |b\n", ".TS\n", "table(columns: 3, [", "* - a\n"):
        assert not [table for table in markup.tables(sign * (200_000 // len(sign)), "t") if table.rows[5:]]
    assert time.process_time() - begun < 10
