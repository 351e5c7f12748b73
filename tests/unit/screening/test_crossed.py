"""Crosstabs of few people are known by their numbers, in layouts that no reader of tables knows."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from egress_review.screening import Index, Limits, Recording, disclosure, structured
from egress_review.screening.disclosure import crossed
from egress_review.screening.people import People
from egress_review.screening.tables import Table

PICK = random.Random(5)
WHO = [
    (
        PICK.choices(["north", "south", "coast"], [5, 3, 2])[0],
        PICK.choices("fm", [3, 2])[0],
        PICK.randrange(20, 80),
    )
    for _ in range(26)
]
ROWS = [
    Recording(
        f"r{n}-{take}", f"v{n}", "some words", fields=(("region", region), ("sex", sex), ("age", str(age)))
    )
    for n, (region, sex, age) in enumerate(WHO)
    for take in range(3)
]
PEOPLE = People.of(ROWS)
REGIONS, BANDS = ("north", "south", "coast"), ("20-39", "40-59", "60-79")
Cells = dict[tuple[str, str], int]


def counted(names: tuple[str, ...], of: Callable[[str, int], str]) -> Cells:
    counts = Counter((region, of(sex, age)) for region, sex, age in WHO)
    return {(region, name): counts[region, name] for region in REGIONS for name in names}


SEXES = counted(("f", "m"), lambda sex, _: sex)
AGES = counted(BANDS, lambda _, age: next(band for band in BANDS if int(band[:2]) <= age <= int(band[3:])))


def sql(cells: Cells) -> str:
    rows = ",\n".join(f"('{region}','{name}',{count})" for (region, name), count in cells.items())
    return f"INSERT INTO t (a, b, c) VALUES\n{rows};"


def lisp(cells: Cells) -> str:
    inner = {one: " ".join(f"({n} {c})" for (r, n), c in cells.items() if r == one) for one in REGIONS}
    return "(tally " + " ".join(f"({region} {rows})" for region, rows in inner.items()) + ")"


def asciidoc(cells: Cells) -> str:
    names = list(dict.fromkeys(name for _, name in cells))
    rows = ["\n".join(f"|{c}" for (r, _), c in cells.items() if r == one) for one in REGIONS]
    return (
        "|===\n|region "
        + " ".join(f"|{name}" for name in names)
        + "\n\n"
        + "\n\n".join(f"|{region}\n{row}" for region, row in zip(REGIONS, rows, strict=True))
    )


def pc_axis(cells: Cells) -> str:
    names = list(dict.fromkeys(name for _, name in cells))
    rows = [" ".join(str(c) for (r, _), c in cells.items() if r == one) for one in REGIONS]
    return f"VALUES('region')={REGIONS};\nVALUES('age or sex')={names};\nDATA=\n" + "\n".join(rows) + ";"


def ahead(cells: Cells) -> str:
    return "; ".join(f"{count} of {name} in the {region}" for (region, name), count in cells.items())


def frequencies(cells: Cells) -> str:
    rows = {one: [c for (r, _), c in cells.items() if r == one] for one in REGIONS}
    total = sum(cells.values())
    lines = [
        f"{region:8s} | " + " | ".join(f"{c:6d}" for c in row) + f" | {sum(row):6d}\n"
        "         | " + " | ".join(f"{100 * c / total:6.2f}" for c in row)
        for region, row in rows.items()
    ]
    return "Frequency|\nPercent  |" + "|".join(dict.fromkeys(n for _, n in cells)) + "\n" + "\n".join(lines)


def pictures(cells: Cells) -> str:
    signs = dict(
        zip(dict.fromkeys(name for _, name in cells), "\U0001f469\U0001f468\U0001f476", strict=False)
    )
    rows = {one: "".join(signs[n] * c for (r, n), c in cells.items() if r == one) for one in REGIONS}
    return "\n".join(f"{region}: {row}" for region, row in rows.items())


LAYOUTS = (sql, lisp, asciidoc, pc_axis, ahead, frequencies)


@pytest.mark.parametrize("cells", [SEXES, AGES], ids=["sexes", "ages"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_small_cells_are_known_in_any_layout(layout: Callable[[Cells], str], cells: Cells) -> None:
    assert crossed.check(layout(cells), PEOPLE, Limits())
    # Other numbers among the same names, as errors counted by region, are no counts of these people.
    for seed in range(5):
        pick = random.Random(seed)
        others = {key: pick.randrange(1, 20) for key in cells}
        assert not crossed.check(layout(others), PEOPLE, Limits())


def test_a_sign_a_person_is_counted() -> None:
    assert crossed.check(pictures(SEXES), PEOPLE, Limits())
    assert not crossed.check(pictures({key: count + 3 for key, count in SEXES.items()}), PEOPLE, Limits())


def test_words_for_sexes_stand_for_the_data_s_letters() -> None:
    counts = [(one, SEXES[one, "f"], SEXES[one, "m"]) for one in REGIONS]
    said = "In the {}: {} women and {} men.\n"
    assert crossed.check("".join(said.format(*one) for one in counts), PEOPLE, Limits())
    moved = [(one, men + 4, women + 2) for one, women, men in counts]
    assert not crossed.check("".join(said.format(*one) for one in moved), PEOPLE, Limits())


def test_counts_are_known_in_tables_and_json_of_odd_shapes() -> None:
    rows = tuple((f"{region}, {sex}: {count}",) for (region, sex), count in SEXES.items())
    assert crossed.in_table(Table(("who",), rows), PEOPLE, Limits())
    index = Index.of(ROWS)
    leak = json.dumps([f"{count} x {region} x {sex}" for (region, sex), count in SEXES.items()])
    other = json.dumps([f"{9 - count} x {region} x {sex}" for (region, sex), count in SEXES.items()])
    for content, expected in ((leak, True), (other, False)):
        found = structured.check(structured.parse(content, Limits()), index, Limits())
        assert ("few_people" in {one.check for one in found}) is expected


def test_a_table_of_one_row_counts_the_groups_of_its_header() -> None:
    header = tuple(f"n_{region}_{sex}" for region, sex in SEXES)
    assert crossed.in_table(Table(header, (tuple(map(str, SEXES.values())),)), PEOPLE, Limits())
    others = tuple(str(3 * count + 1) for count in SEXES.values())
    assert not crossed.in_table(Table(header, (others,)), PEOPLE, Limits())


def test_groups_of_enough_people_may_leave() -> None:
    large = People.of(
        Recording(
            f"r{n}", f"v{n}", "some words", fields=(("region", REGIONS[n * n % 3]), ("sex", "fm"[n % 5 < 2]))
        )
        for n in range(400)
    )
    counts = Counter((REGIONS[n * n % 3], "fm"[n % 5 < 2]) for n in range(400))
    assert not crossed.check(sql(dict(counts)), large, Limits())


def test_scores_beside_names_of_groups_are_no_counts() -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        scores = {region: [round(float(x), 3) for x in rng.uniform(0, 1, 4)] for region in REGIONS}
        ranks = {region: int(rng.integers(1, 12)) for region in REGIONS}
        text = json.dumps({"wer": scores, "rank of n": ranks, "folds": 5, "layers": 12})
        assert not crossed.check(text, PEOPLE, Limits())


def of_people(ages: list[int]) -> dict[str, str]:
    """Return texts that say an age a person: in words, as bars, glued to the first letters of groups."""
    tens = dict(enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy"], start=2))
    ones = dict(enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], start=1))
    words = [tens[age // 10] + (f"-{ones[age % 10]}" if age % 10 else "") for age in ages]
    groups = [f"{region[0]}{sex}" for region, sex, _ in WHO]
    return {
        "words": ", ".join(words),
        "bars": "\n".join("*" * age for age in ages),
        "glued": " ".join(f"{group}{age}".upper() for group, age in zip(groups, ages, strict=True)),
    }


@pytest.mark.parametrize("way", ["words", "bars", "glued"])
def test_a_value_a_person_is_known_in_words_as_bars_and_glued(way: str) -> None:
    index = Index.of(ROWS)
    ages = [age for *_, age in WHO]
    others = [20 + (7 * age + 3 * place) % 60 for place, age in enumerate(ages)]
    for told, expected in ((ages, True), (others, False)):
        found = disclosure.in_text(of_people(told)[way], index, Limits())
        assert ("row_level" in {one.check for one in found}) is expected


def test_texts_and_tables_are_asked_for_crosstabs() -> None:
    index = Index.of(ROWS)
    others = {key: 3 * count + 11 for key, count in SEXES.items()}
    header = tuple(f"n_{region}_{sex}" for region, sex in SEXES)
    for cells, expected in ((SEXES, True), (others, False)):
        table = Table(header, (tuple(map(str, cells.values())),))
        for found in (
            disclosure.in_text(lisp(cells), index, Limits()),
            disclosure.check(table, index, Limits()),
        ):
            assert any(one.message.endswith("people of the data.") for one in found) is expected


def test_a_test_of_few_people_reaches_a_human() -> None:
    for said, expected in (
        ("They differed, t(5) = 2.1.", True),
        ("They differed, F(2, 7) = 3.4.", True),
        ("They differed, t(58) = 2.1 and F(2, 57) = 3.4; see f(3) = 9.", False),
    ):
        found = disclosure.in_text(said, Index.of(ROWS), Limits())
        assert ("small_counts" in {one.check for one in found}) is expected
