"""Scatter plots are told from other plots, text and tables, whatever is drawn around them."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import pytest
from PIL import Image, ImageDraw

from egress_review.screening import annotated, dots
from egress_review.screening.carriers import reading
from egress_review.screening.limits import Limits
from tests.leaks import pictures


def canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """Return a white picture with axes and a grid, and what draws on it."""
    image = Image.new("RGB", (500, 400), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 20, 480, 360), outline="black")
    for at in range(40, 480, 88):
        draw.line((at, 20, at, 360), fill="#b0b0b0")
    return image, draw


def scattered(count: int, size: int = 6, colour: str = "navy") -> Image.Image:
    """Return a scatter plot."""
    image, draw = canvas()
    pick = random.Random(count)
    for _ in range(count):
        x, y = pick.randrange(50, 470), pick.randrange(30, 350)
        draw.ellipse((x, y, x + size, y + size), fill=colour)
    return image


@pytest.mark.parametrize(
    ("count", "size", "colour"), [(20, 6, "navy"), (60, 8, "red"), (300, 4, "#777777"), (14, 14, "green")]
)
def test_dots_over_both_directions_are_a_scatter_plot(count: int, size: int, colour: str) -> None:
    assert [finding.check for finding in dots.check(scattered(count, size, colour))] == ["scatter"]


def test_it_is_found_on_a_dark_page_and_in_a_large_picture() -> None:
    dark = Image.eval(scattered(30), lambda level: 255 - level)
    assert dots.check(dark)
    assert dots.check(scattered(30, 8).resize((2000, 1600)))


def test_it_is_found_among_more_letters_than_dots() -> None:
    image = scattered(22, 11)
    draw = ImageDraw.Draw(image)
    for n in range(10):
        draw.text((2, 30 + 33 * n), f"{n}.0", fill="black")
        draw.text((50 + 42 * n, 365), f"{n}.5", fill="black")
    draw.text((150, 385), "the first principal component of the embeddings", fill="black")
    assert dots.check(image)


def test_few_dots_lines_bars_and_text_are_none() -> None:
    few = scattered(5)
    line, draw = canvas()
    draw.line([(50 + 10 * n, 300 - n * n // 8) for n in range(40)], fill="navy", width=2)
    bars, draw = canvas()
    for n in range(12):
        draw.rectangle((60 + 30 * n, 350 - 20 * n, 80 + 30 * n, 358), fill="navy")
    page = Image.new("RGB", (500, 400), "white")
    draw = ImageDraw.Draw(page)
    for n in range(24):
        draw.text((10, 10 + 15 * n), "the model was trained for 20 epochs on o.o.o. data " * 2, fill="black")
    ticks, draw = canvas()
    for n in range(20):
        draw.ellipse((50 + 20 * n, 370, 56 + 20 * n, 376), fill="black")
    for picture in (few, line, bars, page, ticks):
        assert dots.check(picture) == []


def test_noise_costs_little_and_is_no_scatter_plot() -> None:
    noise = Image.frombytes("RGB", (600, 600), random.Random(2).randbytes(600 * 600 * 3))
    assert dots.check(noise) == []


def boxes(*, outliers: bool) -> Image.Image:
    """Return boxplots, with or without what lies outside."""
    made = pictures.figure()
    pick = random.Random(4)
    rows = [[pick.gauss(0, 1) for _ in range(40)] + [5.0, -5.5] for _ in range(4)]
    axes = made.subplots()
    axes.boxplot(rows, showfliers=outliers)
    axes.set_title("boxes of 40 on 10 00 00 oo o")
    return pictures.opened(pictures.saved(made))


def test_outliers_of_a_boxplot_are_people() -> None:
    assert [finding.check for finding in dots.check(boxes(outliers=True))] == ["extremes"]
    assert dots.check(boxes(outliers=False)) == []


def heat(labels: Sequence[object], colours: str = "Blues", ink: str = "black") -> Image.Image:
    """Return a heat map with a label in each cell."""
    made = pictures.figure()
    axes = made.subplots()
    axes.imshow([[30 + number for number in range(len(labels))]], cmap=colours, vmin=0, vmax=60)
    for number, label in enumerate(labels):
        axes.text(number, 0, str(label), ha="center", va="center", color=ink)
    return pictures.opened(pictures.saved(made))


def seen(image: Image.Image) -> list[str]:
    """Return the checks that find something in a picture's coloured areas."""
    limits = Limits()
    return [one.check for one in annotated.check(image, limits, lambda sheet: reading.signs(sheet, limits))]


@pytest.mark.parametrize(("colours", "ink"), [("Blues", "black"), ("inferno", "white"), ("viridis", "black")])
def test_small_counts_in_coloured_areas_reach_a_human(colours: str, ink: str) -> None:
    assert seen(heat([4, 17, 3, 5, 12, 2], colours, ink)) == ["small_labels"]
    assert seen(heat([44, 17, 35, 51, 12, 21], colours, ink)) == []
    assert seen(heat([0.44, 0.17, 0.35, 0.51, 0.12, 0.21], colours, ink)) == []
    assert seen(heat(["", "", ""], colours, ink)) == []


def test_a_picture_of_nothing_but_signs_costs_little() -> None:
    image = Image.new("RGB", (1400, 1400), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 1380, 1380), fill="teal")
    for n in range(6_000):
        x, y = 24 + n % 80 * 17, 24 + n // 80 * 17
        draw.line((x, y, x + 5, y + 8), fill="black", width=2)
    begun = time.process_time()
    annotated.labels(image)
    assert time.process_time() - begun < 3


def test_what_cannot_be_read_in_coloured_areas_reaches_a_human() -> None:
    found = annotated.check(heat([44, 17, 35]), Limits(), lambda sheet: None)
    assert "can't be read" in found[0].message
