"""Words that stand apart in a picture are read: small tables, legends, ticks, bars with their counts."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from egress_review.screening import Index, Limits, Recording
from egress_review.screening.carriers import lettering, reading
from egress_review.screening.inspection import look
from egress_review.screening.parts import Picture, Text
from egress_review.screening.verdict import outcome_of
from tests.leaks import pictures
from tests.unit.screening.test_crossed import REGIONS, ROWS, SEXES, Cells

INDEX = Index.of(ROWS)
LETTERED = {"f": "women", "m": "men"}
SMALL: Cells = {(region, LETTERED[sex]): count for (region, sex), count in SEXES.items()}
NAMED = dict(zip(REGIONS, ("alpha", "bravo", "delta"), strict=True))
LARGE: Cells = {
    (NAMED[region], {"women": "yes", "men": "no"}[name]): 7 * count + 23
    for (region, name), count in SMALL.items()
}
NAMES = [f"spk-{number * 7919 % 10**6:06d}" for number in range(30, 60)]
ACCOUNTS = Index.of(Recording(f"take-{n}", name, "some words") for n, name in enumerate(NAMES))


def picture(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=100)
    return out.getvalue()


def drawn(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def rows(cells: Cells) -> list[list[str]]:
    """Return counts as rows, the names of columns first."""
    across = list(dict.fromkeys(name for _, name in cells))
    down = list(dict.fromkeys(name for name, _ in cells))
    return [["region", *across], *([one, *(str(cells[one, name]) for name in across)] for one in down)]


def shot(cells: Cells) -> Image.Image:
    return pictures.text(["".join(f"{cell:>9s}" for cell in row) for row in rows(cells)], size=16)


def table(cells: Cells) -> bytes:
    figure = Figure()
    axes = figure.subplots()
    axes.axis("off")
    header, *told = rows(cells)
    axes.table(cellText=told, colLabels=header, loc="center")
    return picture(figure)


def bars(cells: Cells) -> bytes:
    figure = Figure(figsize=(9, 5))
    axes = figure.subplots()
    axes.bar_label(axes.bar([" ".join(key) for key in cells], list(cells.values())))
    axes.set_ylabel("speakers")
    return picture(figure)


def pie(cells: Cells) -> bytes:
    figure = Figure()
    labels = [f"{region} {sex} ({count})" for (region, sex), count in cells.items()]
    figure.subplots().pie(list(cells.values()), labels=labels)
    return picture(figure)


PICTURES: dict[str, Callable[[Cells], bytes]] = {
    "a small table": lambda cells: drawn(shot(cells)),
    "light on dark": lambda cells: drawn(Image.fromarray(255 - np.asarray(shot(cells)))),
    "turned": lambda cells: drawn(shot(cells).transpose(Image.Transpose.ROTATE_90)),
    "a ruled table": table,
    "bars with counts": bars,
    "a pie with counts": pie,
}


@pytest.mark.parametrize("way", PICTURES)
def test_counts_of_few_people_are_read_in_a_picture_of_few_words(way: str) -> None:
    assert outcome_of(look(PICTURES[way](SMALL), "a.png", INDEX, Limits()).findings) == "block"
    assert outcome_of(look(PICTURES[way](LARGE), "a.png", INDEX, Limits()).findings) != "block"


def test_ids_in_a_legend_are_read() -> None:
    for names, expected in ((NAMES[:6], True), ([f"model {n}" for n in range(6)], False)):
        figure = Figure()
        axes = figure.subplots()
        for name in names:
            axes.plot(range(9), label=name)
        axes.legend()
        found = look(picture(figure), "a.png", ACCOUNTS, Limits()).findings
        assert (outcome_of(found) == "block") is expected


def test_an_axis_of_few_people_reaches_a_human() -> None:
    for counts, expected in ((SMALL, True), (LARGE, False)):
        figure = Figure()
        axes = figure.subplots()
        axes.bar([" ".join(key) for key in counts], list(counts.values()))
        axes.set_ylabel("number of speakers")
        axes.set_yticks(range(0, 11 if expected else 80, 1 if expected else 10))
        checks = {one.check for one in look(picture(figure), "a.png", INDEX, Limits()).findings}
        assert ("small_labels" in checks) is expected


def test_what_runs_upwards_is_read_beside_what_runs_across() -> None:
    figure = Figure()
    axes = figure.subplots()
    axes.set_ylabel("harbour level")
    axes.set_xlabel("minutes")
    with Image.open(io.BytesIO(picture(figure))) as image:
        parts, _ = reading.read(Picture(image.convert("RGB"), ""), Limits())
    said = " ".join(part.content for part in parts if isinstance(part, Text))
    assert "harbour" in said and "minutes" in said


def test_signs_too_wide_or_too_many_to_be_letters_take_nothing_down() -> None:
    wide = np.full((80, 1_300), 255, dtype=np.uint8)
    for left in (30, 264, 498, 732):
        wide[20:25, left : left + 230] = 0
    many = np.full((700, 900), 255, dtype=np.uint8)
    many[::12, ::12] = 0
    dotted = np.kron(many[:350, :450], np.ones((2, 2), dtype=np.uint8))
    for pixels in (wide, many, dotted):
        look(drawn(Image.fromarray(pixels)), "a.png", INDEX, Limits())
        assert len(list(lettering.sheets(Image.fromarray(pixels)))) <= 2


def test_a_picture_without_letters_is_not_read() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3)).astype(np.uint8)
    for image in (Image.new("RGB", (300, 200), "white"), Image.fromarray(noise)):
        assert not list(reading._apart(image, Limits()))
    assert not list(lettering.sheets(Image.new("L", (50, 50), 200)))
