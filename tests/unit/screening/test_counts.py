"""Counts of people in other shapes: groups within groups, names, pyramids, matrices; one person's figures."""

from __future__ import annotations

import json
import random
import statistics

import pytest

from egress_review.screening import Index, tables
from egress_review.screening.disclosure import captions, single
from tests.unit.screening.crowd import (
    CROWD,
    INDEX,
    LIMITS,
    Row,
    checks,
    csv,
    found_in,
    mean,
    of,
    people,
    recordings,
)

PEOPLE = INDEX.people
GROUPS = {
    "_".join(key): people(rows)
    for by in (("region", "sex"), ("region",), ("sex",))
    for key, rows in of(lambda row, by=by: tuple(row[name] for name in by)).items()  # type: ignore[misc]  # of a default
}


def blocked(name: str, content: str) -> set[str]:
    """Return the names of the checks that block a file."""
    return checks(finding for finding in found_in(name, content) if finding.severity == "block")


def nested(few: int) -> str:
    """Return a crosstab in LaTeX as pandas writes it, a group that is the same as above left out."""
    lines = [r"\begin{tabular}{llrr}", " &  & yes & no \\\\", "region & sex &  &  \\\\", r"\midrule"]
    for region in ("north", "south", "west"):
        lines.append(rf"\multirow[t]{{2}}{{*}}{{{region}}} & F & {few} & 21 \\")
        lines += [rf" & M & 30 & {few + 1} \\", r"\cline{1-4}"]
    return "\n".join([*lines, r"\end{tabular}"])


def test_groups_within_groups_are_a_crosstab() -> None:
    assert "crosstab" in blocked("t.tex", nested(3))
    assert not blocked("t.tex", nested(14))


def test_a_pyramid_of_ages_counts_to_both_sides() -> None:
    ages, men, women = [15, 25, 35, 45], [-2, -16, -9, -30], [0, 17, 4, 40]
    assert "crosstab" in blocked("t.json", json.dumps({"bins": ages, "male": men, "female": women}))
    assert not blocked("t.json", json.dumps({"bins": ages, "low": men, "high": women}))
    assert "crosstab" in blocked(
        "t.csv", csv(["age", "F", "M"], zip(["18-29", "30+"], [-3, -40], [22, 33], strict=True))
    )


@pytest.mark.parametrize("sign", ["☺", "☺ "])
def test_a_sign_a_person_is_a_count(sign: str) -> None:
    said = "\n".join(f"{name} {sign * count}" for name, count in GROUPS.items())
    assert [finding.check for finding in captions.check(said, PEOPLE, LIMITS)] == ["few_people"]


def test_names_that_end_in_a_count_count_people() -> None:
    names = {f"wer_{name}_n{count}": 0.2 for name, count in GROUPS.items()}
    assert "few_people" in blocked("t.json", json.dumps(names))
    assert "few_people" in blocked("t.csv", csv(names, [names.values()]))
    others = {f"wer_{name}_n{count + 3}": 0.2 for name, count in GROUPS.items()}
    assert "few_people" not in blocked("t.json", json.dumps(others))


def matrix(total: int) -> str:
    """Return a matrix of small numbers that add up to `total`."""
    pick = random.Random(3)
    cells = [1] * 36
    for _ in range(total - sum(cells)):
        cells[pick.randrange(36)] += 1
    return csv([f"b{n}" for n in range(6)], [cells[at : at + 6] for at in range(0, 36, 6)])


def test_small_numbers_that_add_up_to_all_people_reach_a_human() -> None:
    assert "small_cells" in checks(found_in("t.csv", matrix(PEOPLE.speaker_count)))
    assert "small_cells" not in checks(found_in("t.csv", matrix(PEOPLE.speaker_count + 1)))


def test_a_vocabulary_that_adds_up_to_all_people_counts_nobody() -> None:
    counted_on = dict(zip("abcdefgh", range(4, 12), strict=True))
    assert sum(counted_on.values()) == PEOPLE.speaker_count
    assert "small_cells" not in blocked("t.json", json.dumps({"vocab": counted_on}))
    shuffled = {"a": 5, "b": 25, "c": 30}
    assert "small_cells" in blocked("t.json", json.dumps({"vocab": shuffled}))


def figures(rows: list[Row]) -> list[str]:
    """Return how many recordings rows are, their mean pitch, and its deviation."""
    pitch = [float(row["f0_hz"]) for row in rows]
    return [str(len(rows)), f"{mean(rows, 'f0_hz'):.2f}", f"{statistics.pstdev(pitch):.3f}"]


ONE = [row for row in CROWD if row["speaker"] == "p007x"]
MANY = [row for row in CROWD if row["region"] == "east"]


def test_figures_of_one_person_are_known_beside_each_other() -> None:
    header = ["group", "recordings", "f0", "sd"]
    leak = csv(header, [["top", *figures(ONE)], ["others", *figures(MANY)]])
    assert "one_person" in blocked("t.csv", leak)
    assert "one_person" not in blocked("t.csv", csv(header, [["east", *figures(MANY)]]))
    said = "The most recorded of them has a mean of {1} Hz, with a deviation of {2} Hz."
    assert single.in_text(said.format(*figures(ONE)), PEOPLE)
    assert not single.in_text(said.format(*figures(MANY)), PEOPLE)
    # A single figure, or two that tell each other, is one by chance.
    assert not single.in_text(f"They have a mean of {figures(ONE)[1]} Hz, and 12.25 % errors.", PEOPLE)


def test_numbers_by_chance_are_nobodys_figures() -> None:
    pick = random.Random(9)
    for _ in range(200):
        row = [
            pick.randrange(10, 90),
            f"{pick.gauss(160, 40):.1f}",
            f"{pick.uniform(3, 9):.2f}",
            f"{pick.gauss(30, 3):.2f}",
        ]
        assert not single.in_text(" and ".join(map(str, row)), PEOPLE)


def paired(rows: list[Row], each: int) -> str:
    """Return means of groups of a few of the rows that are said to be of 24 recordings."""
    groups = [rows[at : at + each] for at in range(0, 6 * each, each)]
    body = [
        [chr(97 + n), 24, f"{mean(g, 'f0_hz'):.2f}", f"{mean(g, 'seconds'):.3f}"]
        for n, g in enumerate(groups)
    ]
    return csv(["group", "n", "f0", "seconds"], body)


def test_means_of_two_recordings_are_known_however_often_they_were_counted() -> None:
    few = random.Random(8).sample(CROWD, 300)
    index = Index.of(recordings(few), ("few",))
    table = tables.parse(paired(few[40:], 2), ",", LIMITS)
    assert [finding.check for finding in single.in_table(table, index.people)] == ["few_people"]
    for each in (5, 24):
        assert not single.in_table(tables.parse(paired(few[40:], each), ",", LIMITS), index.people)
    # Beside more recordings each two of them are too many to look for.
    assert not single.in_table(table, PEOPLE)


@pytest.mark.parametrize(
    ("cell", "header"), [("{} ({}%)", "F"), ("{} ({}.0 %)", "F"), ("{} ({}.5)", "F n (%)")]
)
def test_counts_with_their_shares_in_brackets_are_counts(cell: str, header: str) -> None:
    few = csv(
        ["region", header, "M"], [["north", cell.format(4, 20), "26"], ["south", cell.format(30, 50), "31"]]
    )
    assert "crosstab" in blocked("t.csv", few)
    many = csv(
        ["region", header, "M"], [["north", cell.format(14, 40), "26"], ["south", cell.format(30, 50), "31"]]
    )
    assert not blocked("t.csv", many)
    spread = csv(["region", "F", "M"], [["north", "4.1 (20.3)", "26"], ["south", "30.2 (50.1)", "31"]])
    assert not blocked("t.csv", spread)


def test_what_is_counted_may_be_said_beside_the_counts() -> None:
    sets = {"A": 44, "AB": 3, "B": 21}
    assert "small_cells" in blocked("t.json", json.dumps({"unit": "speakers", "sets": sets}))
    assert "small_cells" not in blocked("t.json", json.dumps({"unit": "layers", "sets": sets}))
