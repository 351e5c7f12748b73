"""Bytes drawn as pixels are told from pictures, and heard where they are sound of the data."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from egress_review.screening.sound import pixels
from tests.unit.screening.voices import spoken


def samples(width: int = 200) -> NDArray[np.uint8]:
    """Return a voice as lines of bytes."""
    data = np.asarray(np.clip(spoken(3, 2.0), -1, 1) * 127 + 128, np.uint8)
    return np.resize(data, (len(data) // width, width))


def drawing() -> Image.Image:
    """Return a plot: ground, axes, a line, letters."""
    image = Image.new("RGB", (300, 200), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 10, 280, 180), outline="black")
    draw.line([(20 + n, 180 - (n * n) // 500) for n in range(260)], fill="navy", width=2)
    draw.text((100, 185), "epoch", fill="black")
    return image


@pytest.mark.parametrize(
    "picture",
    [
        Image.fromarray(samples()),
        Image.fromarray(np.ascontiguousarray(samples().T)),
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 90, 3)).astype(np.uint8)),
        Image.fromarray(np.resize((spoken(4, 2.0) * 30_000).astype("<i2").view(np.uint8), (160, 200))),
    ],
    ids=["lines", "columns", "noise", "two pixels a sample"],
)
def test_bytes_drawn_as_pixels_reach_a_human(picture: Image.Image) -> None:
    assert [finding.check for finding in pixels.odd([picture])] == ["picture_numbers"]


def test_drawings_photos_and_small_pictures_are_pictures() -> None:
    smooth = np.cumsum(np.cumsum(np.random.default_rng(2).normal(size=(90, 90)), 0), 1)
    photo = Image.fromarray(np.uint8(255 * (smooth - smooth.min()) / np.ptp(smooth)))
    cells = Image.fromarray(np.random.default_rng(3).integers(0, 256, (8, 8)).astype(np.uint8)).resize(
        (240, 240), Image.Resampling.NEAREST
    )
    small = Image.fromarray(samples()[:15, :50])
    for picture in (drawing(), photo, cells, small, Image.new("RGB", (300, 300), "red")):
        assert pixels.odd([picture]) == []
