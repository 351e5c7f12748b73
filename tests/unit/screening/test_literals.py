"""Values written in text are read as values, whatever language wrote them, and plots of letters as values."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import time

import pytest

from egress_review.screening import embedded, literals
from egress_review.screening.disclosure import objects, plots
from egress_review.screening.values import Json
from tests.unit.screening.crowd import LIMITS, checks, found_in

COUNTS = {"coast": 4, "valley": 2}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("coast: 4\nvalley: 2\n", COUNTS),
        ("# said\n---\ncoast: 4\nvalley: 2\n", COUNTS),
        ("As counted:\n\n```yaml\ncoast: 4\nvalley: 2\n```\n| a | b |\n", COUNTS),
        ("coast = 4\nvalley = 2\n", COUNTS),
        ("x = {'coast': 4, 'valley': 2}", COUNTS),
        ("INFO Counter({'coast': 4, 'valley': np.int64(2)})", COUNTS),
        ("p <- list(coast = 4, valley = 2)", COUNTS),
        ("{:coast => 4, 'valley' => 2}", COUNTS),
        ("local t = {coast = 4, valley = 2,}", COUNTS),
        ("(not closed {\"coast\": 4, \"valley\": 2}", COUNTS),
        ("{coast: 4, valley: 2]", COUNTS),
        ("{('a', 'f'): 4, ('b', 'm'): 2}", {"a, f": 4, "b, m": 2}),
        ("[s]\ncoast: 4\nand more = x\n", {"coast": 4, "and more": "x"}),
        ("a: &n {coast: 4, valley: 2}\nb: *n\n", COUNTS),
        ("coast: 4\ncoast: 5\n", {"coast": 4, "coast #1": 5}),
        ("got {'coast': 4, 'n': 1}\ngot {'coast': 5, 'n': 2}\n", [{"coast": 4, "n": 1}, {"coast": 5, "n": 2}]),
        ("f{coast: '\\u0034', valley: \"2\"}", {"coast": "4", "valley": "2"}),
    ],
)  # fmt: skip
def test_a_value_is_read_in_whatever_language_it_is_written(written: str, value: Json) -> None:
    assert value in list(inner(literals.read(written, LIMITS).named))


@pytest.mark.parametrize(
    ("callee", "data"),
    [("sns.relplot", False), ("n_speakers", True), ("Group", True), ("dict", True), ("data.frame", True)],
)
def test_what_a_function_is_handed_by_name_is_a_setting(callee: str, data: bool) -> None:
    found = inner(literals.read(f"x = {callee}(coast=4, valley=2)\n", LIMITS).named)
    assert (COUNTS in found) is data


def inner(found: object) -> list[object]:
    """Return everything in a nesting."""
    parts = found.values() if isinstance(found, dict) else found if isinstance(found, list | tuple) else ()
    return [found, *(one for part in parts for one in inner(part))]


@pytest.mark.parametrize(
    "written",
    [
        "a: &a [1]\n" + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
        "(" * 20_000,
        "{" * 300 + "}" * 300,
        "a:\n" + "".join(" " * n + "a:\n" for n in range(300)),
        "x = " + "[1, " * 5_000,
        "'" * 30_000,
        "(a " * 10_000,
        ") ] }" * 10_000,
        "- " * 10_000,
        "1 | " * 10_000,
    ],
)  # fmt: skip
def test_what_is_too_deep_or_grows_ends_soon(written: str) -> None:
    begun = time.process_time()
    list(embedded.tables(written, "", LIMITS))
    plots.check(written, LIMITS)
    assert time.process_time() - begun < 4


STEMS = "Age\n\n  1 | 889\n  2 | 0122334\n  3 | 00112\n  4 | 0012\n"
RISK = "Time 0 6 12\nNumber at risk\nread 60 34 {}\n"
LEAF = {"feature": "age", "threshold": 3.5}


@pytest.mark.parametrize(
    ("check", "name", "leak", "harmless"),
    [
        ("row_level", "a.txt", STEMS, STEMS.replace("2334", "4323").replace("889", "898")),
        ("row_level", "a.md", "9 8 8 5 | 1 | 5 8 8 9\n7 3 2 1 | 2 | 0 1 2 2 6\n 5 4 4 | 3 | 1 1 2 2\n", "| 1 | 89 |\n| 2 | 35 |\n| 3 | 57 |\n"),
        ("small_cells", "a.txt", RISK.format(4), RISK.format(14)),
        ("small_cells", "a.csv", "time,n.risk,survival\n0,60,1\n6,4,0.9\n", "time,n.risk,survival\n0,60,1\n6,40,0.9\n"),
        ("small_leaves", "a.log", str([{**LEAF, "samples": n} for n in (1, 2, 3, 4)]), str([{**LEAF, "samples": 10 * n} for n in (1, 2, 3, 4)])),
        ("small_cells", "a.yaml", "speakers:\n  - {region: a, speakers: 4}\n  - {region: b, speakers: 40}\n", "layers:\n  - {name: a, heads: 4}\n  - {name: b, heads: 8}\n"),
        ("small_cells", "a.log", "a speakers={'f': 8, 'm': 17}\nb speakers={'f': 18, 'm': 17}\n", "a speaker={'f': 8, 'm': 17}\nb speaker={'f': 18, 'm': 17}\n"),
        ("small_cells", "a.json", '{"participants_by_region": {"coast": {"f": 8, "m": 17}}}', '{"participants_by_region": {"sessions": 8, "level": 17}}'),
    ],
)  # fmt: skip
def test_few_people_are_found_where_no_table_is(check: str, name: str, leak: str, harmless: str) -> None:
    assert check in checks(found_in(name, leak))
    assert check not in checks(found_in(name, harmless))


def test_more_values_than_are_looked_through_reach_a_human() -> None:
    many = "".join(f"call_{n}(a = {n}, b = [1, 2])\n" for n in range(literals.MOST))
    assert [one.check for one in literals.check(many, LIMITS)] == ["values_many"]
    assert [one.check for one in literals.check("word " * literals.READ, LIMITS)] == ["values_many"]
    assert literals.check("".join(many.splitlines(keepends=True)[:100]), LIMITS) == []


def test_a_tree_of_lists_is_a_tree() -> None:
    fitted: Json = {"threshold": [3.5, -2, -2, -2], "n_node_samples": [60, 4, 3, 2]}
    assert [one.check for one in objects.check(fitted, LIMITS)] == ["small_leaves"]
