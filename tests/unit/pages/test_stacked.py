"""Tables that stack on a phone: each cell but the first says which column it is of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.pages.templatetags import pages

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted(
    path
    for top in ("hub", "egress_review")
    for path in (ROOT / top).glob("**/templates/**/*.html")
    if 'class="stack' in path.read_text()
)
# What speaks for itself: a coloured word, a link that says what it does.
SPEAKS = {"State", "You", "Change", "Weight", "Reaches", "Revoke", ""}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_each_cell_names_its_column(path: Path) -> None:
    for table in re.findall(r'<table[^>]*class="stack.*?</table>', path.read_text(), re.DOTALL):
        heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', table, re.DOTALL)
        plain = [re.sub(r"<[^>]+>|{%.*?%}", "", head).strip() for head in heads]
        for row in re.findall(r"<tr[^>]*>.*?</tr>", table.split("</thead>")[1], re.DOTALL):
            cells = re.findall(r'<td(?: data-label="([^"]*)")?[ >]', row)
            if "colspan" in row:
                continue
            assert [cell or None for cell in cells[1:]] == [
                None if head in SPEAKS else head for head in plain[1:]
            ]


def test_a_path_breaks_at_its_slashes_and_code_is_written_as_code() -> None:
    assert pages.at_slashes("/data/<b>/1") == "/<wbr>data/<wbr>&lt;b&gt;/<wbr>1"
    assert pages.coded("run `a <b>` now") == "<span>run </span><code>a &lt;b&gt;</code><span> now</span>"
