"""Bits drawn as squares are told from heat maps, single codes and flat pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from egress_review.screening import squares

CHANCE = np.random.default_rng(5)


def drawn(cells: np.ndarray, side: int, margin: int = 0) -> Image.Image:
    """Return cells of 0 to 255 as squares on white."""
    pixels = np.kron(cells, np.ones((side, side))).astype(np.uint8)
    return Image.fromarray(np.pad(pixels, margin, constant_values=255))


@pytest.mark.parametrize("side", [2, 3, 7])
@pytest.mark.parametrize("levels", [2, 4])
@pytest.mark.parametrize("margin", [0, 20])
def test_bits_drawn_as_squares_are_blocked(side: int, levels: int, margin: int) -> None:
    cells = CHANCE.integers(0, levels, (80, 90)) * (255 // (levels - 1))
    assert [found.severity for found in squares.check(drawn(cells, side, margin))] == ["block"]


def test_axes_around_them_and_squares_of_uneven_pixels_hide_nothing() -> None:
    cells = CHANCE.integers(0, 2, (90, 90)) * 255
    picture = drawn(cells, 8, 90).resize((700, 700), Image.Resampling.NEAREST)
    ImageDraw.Draw(picture).text((9, 9), "attention by head", fill=0)
    assert squares.check(picture)


def smooth() -> np.ndarray:
    """Return a map whose neighbours are alike, as of attention or time."""
    return np.add.outer(np.sin(np.arange(80) / 9), np.cos(np.arange(90) / 7)) * 60 + 128


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(drawn(CHANCE.integers(0, 2, (57, 57)) * 255, 4), id="a code of the usual size"),
        pytest.param(drawn(smooth(), 4), id="a map of something smooth"),
        pytest.param(drawn(np.eye(80) * 255, 4), id="a confusion matrix"),
        pytest.param(drawn(CHANCE.integers(0, 256, (80, 90)), 4), id="a map of measured values"),
        pytest.param(Image.new("RGB", (300, 300), "white"), id="nothing"),
        pytest.param(drawn(np.arange(80)[None] % 2 * 255, 4), id="stripes"),
        pytest.param(Image.new("RGB", (1, 1)), id="a pixel"),
    ],
)
def test_other_pictures_are_not(picture: Image.Image) -> None:
    assert squares.check(picture) == []
