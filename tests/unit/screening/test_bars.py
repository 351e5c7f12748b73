"""A bar for each speaker or recording is told from groups, letters and bins that touch."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from egress_review.screening import bars
from tests.unit.screening.crowd import INDEX

PEOPLE = INDEX.people


def chart(count: int, *, wide: int = 6, gap: int = 2, dark: bool = False) -> Image.Image:
    """Return a chart of bars in a frame, with ticks below."""
    heights = np.random.default_rng(count).integers(30, 180, count)
    pixels = np.full((260, 60 + count * (wide + gap), 3), 255, dtype=np.uint8)
    for number, height in enumerate(heights):
        left = 30 + number * (wide + gap)
        pixels[220 - height : 220, left : left + wide] = (31, 119, 180)
    pixels[20:221, [20, -20]] = pixels[[20, 220], 20:-20] = 0
    pixels[221:226, 30:-20:50] = 0
    return Image.fromarray(255 - pixels if dark else pixels)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("wide", "gap"), [(6, 2), (3, 1), (4, 4)])
def test_a_bar_a_speaker_reaches_a_human(wide: int, gap: int, dark: bool) -> None:
    picture = chart(PEOPLE.speaker_count, wide=wide, gap=gap, dark=dark)
    assert [finding.check for finding in bars.check(picture, PEOPLE)] == ["bars"]
    assert bars.check(picture.transpose(Image.Transpose.ROTATE_90), PEOPLE)


@pytest.mark.parametrize("picture", [chart(40), chart(6), chart(PEOPLE.speaker_count, gap=0)])
def test_other_bars_are_groups_or_bins(picture: Image.Image) -> None:
    assert bars.check(picture, PEOPLE) == []
