"""Letters in pictures are read however the picture stands, whatever the other checks of its file take."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image

from egress_review.screening import Index, Limits, Recording
from egress_review.screening.carriers import reading, skew
from egress_review.screening.examine import examine
from egress_review.screening.parts import Picture, Text
from egress_review.screening.sound import patience
from egress_review.screening.sound import pictures as sound_pictures
from tests.leaks import pictures

IDS = [f"rec-{1_234_567 * (number + 3) % 10**7:07d}" for number in range(14)]
ROWS = [f"{name} the harbour was painted near the old mill {number}" for number, name in enumerate(IDS)]
INDEX = Index.of(Recording(name, f"voice-{number}", "") for number, name in enumerate(IDS))


def shown(*, dark: bool = False) -> Image.Image:
    return pictures.text(ROWS, size=16, dark=dark)


def turned(picture: Image.Image, degrees: float) -> Image.Image:
    return picture.rotate(
        degrees,
        expand=True,
        fillcolor=picture.getpixel((0, 0)),
        resample=Image.Resampling.BICUBIC,
    )


def ids_in(picture: Image.Image) -> int:
    """Return how many of the ids are read in a picture."""
    parts, _ = reading.read(Picture(picture, ""), Limits())
    said = "\n".join(part.content for part in parts if isinstance(part, Text))
    return sum(name in said for name in IDS)


@pytest.mark.parametrize(
    ("degrees", "dark"), [(0.0, False), (1.2, True), (-7.0, False), (40.0, True), (91.5, False)]
)
def test_rows_in_a_picture_that_stands_askew_are_read(degrees: float, dark: bool) -> None:
    assert ids_in(turned(shown(dark=dark), degrees)) >= 7


@pytest.mark.parametrize("colour", [(200, 200, 0), (0, 0, 20), (28, 0, 28)])
def test_letters_a_shade_from_their_ground_are_read(colour: tuple[int, int, int]) -> None:
    ink = np.asarray(shown().convert("L"))[..., None] < 128
    faint = np.where(ink, np.array([225, 225, 225]) - colour, 225).clip(0, 255).astype(np.uint8)
    assert ids_in(Image.fromarray(faint)) >= 7


def test_lines_that_each_rise_are_read_where_their_beginnings_stand_in_a_column() -> None:
    picture = Image.new("RGB", (1100, 620), "white")
    for number, row in enumerate(ROWS[:7]):
        line = pictures.text([row], size=16)
        picture.paste(line.rotate(5.0, expand=True, fillcolor="white"), (20, 80 * number))
    assert ids_in(picture) >= 4


def test_what_a_reading_may_be_besides_is_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    unsure = reading.Letters("surest", 5.0, "turned round"), reading.Letters("straight", 4.0, "and back")
    views = iter(unsure)
    monkeypatch.setattr(reading, "_views", lambda image: [(image, 9, 0), (image, 8, 0)])
    monkeypatch.setattr(reading, "_best", lambda *_: next(views))
    parts, _ = reading.read(Picture(shown(), ""), Limits())
    said = [part.content for part in parts if isinstance(part, Text)]
    # What stands apart is read beside it.
    assert said[:2] == ["surest", "straight\n\nturned round\n\nand back"]


@pytest.mark.parametrize("degrees", [-30.0, -2.5, 0.75, 12.0, 44.0])
def test_a_picture_is_put_straight(degrees: float) -> None:
    straight = skew.straightened(turned(shown(), degrees))
    assert straight is not None
    assert len(reading.lines(straight)) >= len(ROWS) - 1


@pytest.mark.parametrize(
    "picture", [shown(), Image.new("RGB", (300, 200), "white"), Image.new("RGB", (1, 1))]
)
def test_what_stands_straight_is_left_as_it_is(picture: Image.Image) -> None:
    assert skew.straightened(picture) is None


def test_what_other_checks_of_a_file_take_is_not_taken_from_reading() -> None:
    with reading.bounded(3.0):
        ends_at = time.process_time() + 3.1
        while time.process_time() < ends_at:
            pass
        assert ids_in(shown()) >= 7


def test_reading_ends_with_its_time_over_all_pictures_of_a_file() -> None:
    picture = shown()
    with reading.bounded(1.5):
        assert any(ids_in(picture) == 0 for _ in range(50))


def test_what_reading_takes_is_taken_from_comparing() -> None:
    limits = Limits()
    with patience.bounded(limits):
        before = patience.seconds(limits, 1.0)
        used = time.process_time()
        ids_in(shown())
        assert before - patience.seconds(limits, 1.0) > time.process_time() - used + 0.1


def test_what_is_blocked_for_its_words_is_not_compared_with_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Image.Image] = []
    monkeypatch.setattr(sound_pictures, "look", lambda picture, *_: compared.append(picture) or [])

    def look(picture: Image.Image) -> list[str]:
        found = examine([Picture(picture, "")], INDEX, Limits(), unpack=lambda _: [])
        return [finding.check for finding in found]

    assert "identifiers" in look(shown())
    assert compared == []
    look(Image.new("RGB", (300, 200), "white"))
    assert len(compared) == 1
