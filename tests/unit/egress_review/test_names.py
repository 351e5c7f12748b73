"""File names: hostile ones are refused with a sentence, honest ones of any script are taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress_review import names
from hub.errors import Invalid

HOSTILE = [
    "",
    "   ",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "figures/plot.png",
    "a\\b.csv",
    "C:\\x.csv",
    "table.csv\x00.png",
    "line\nbreak.csv",
    "tab\tname.csv",
    "carriage\r\nSet-Cookie: a=b.csv",
    "report\u202egnp.exe",
    "zero\u200bwidth.csv",
    "bom\ufeff.csv",
    "isolate\u2066x\u2069.csv",
    "nbsp\u00a0.csv",
    "lone\ud800.csv",
    "private\ue000.csv",
    'quote".csv',
    "semi;colon.csv",
    "percent%2e.csv",
    "star*.csv",
    "pipe|.csv",
    "<script>.csv",
    "$(id).csv",
    "`id`.csv",
    ".hidden",
    "-rf",
    " leading.csv",
    "trailing. ",
    "trailing.",
    "NUL",
    "con.csv",
    "lpt1.txt",
    "z" * 117 + ".csv",
    "e" + "\u0323\u0331\u0330\u032d\u0325\u0324" + ".csv",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(Invalid, match=r"\.$"):
        names.accepted(name)


@pytest.mark.parametrize(
    "name", ["table.csv", "Abb 3 (final).png", "größe_é=0,1.txt", "表.csv", "a+b@c[1].json"]
)
def test_an_honest_name_is_taken_as_it_is(name: str) -> None:
    assert names.accepted(name) == name


@pytest.mark.parametrize(
    ("first", "second"),
    [("a.csv", "a.csv"), ("A.csv", "a.CSV"), ("ﬁg.png", "fig.png"), ("é.csv", "e\u0301.csv")],
)
def test_two_names_that_read_alike_are_refused(first: str, second: str) -> None:
    with pytest.raises(Invalid):
        names.distinct([first, second])


@given(st.text(max_size=150))
def test_whatever_is_taken_has_no_path_control_or_format_character(name: str) -> None:
    try:
        good = names.accepted(name)
    except Invalid as error:
        assert str(error).isprintable()
        return
    assert good.isprintable()
    assert not set(good) & set('/\\\0"<>|:*?;%\u202e')
    assert 0 < len(good) <= names.LONGEST
