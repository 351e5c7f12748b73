"""Takes the pixels of a picture for bytes of sound, where they hang together as no picture's do."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.limits import Limits
from egress_review.screening.sound import decode, numbers, patience
from egress_review.screening.sound.fingerprints import Sounds
from egress_review.screening.sound.matching import Looked
from egress_review.screening.verdict import Finding, flag

SHARE = 0.15  # of the time for a file that comparing pixels may take
LEAST = 4_000  # pixels
PICTURE = 0.5  # correlation of neighbours, across and down, that every drawing and photo has
NOISE = 0.3  # the same, under which a picture shows numbers, if any thing
FLAT = 1.0  # of squared brightness by which a picture varies that shows nothing
GREY = 8  # of 255 by which channels of a grey picture differ at most


def heard(pictures: Sequence[Image.Image], sounds: Sequence[Sounds], limits: Limits) -> Looked:
    """Return what the pixels of any picture match as samples, line after line or column after column."""
    found = []
    for picture in pictures:
        pixels = np.asarray(picture.convert("RGB"))
        if min(_alike(pixels)) < PICTURE:
            found += [one for data in _written(pixels) for one in decode.candidates_from_bytes(data)]
    ends_at = time.process_time() + patience.seconds(limits, SHARE)
    complete = True
    # All as they are first: that costs little.
    for look in (numbers.as_recorded, numbers.as_changed):
        for number, one in enumerate(found):
            left = (ends_at - time.process_time()) / (len(found) - number)
            looked = look(sounds, one.samples, left)
            if looked.matches:
                return looked
            complete = complete and looked.complete
    return Looked((), complete)


def odd(pictures: Sequence[Image.Image], where: str = "") -> list[Finding]:
    """Return the flag for a picture whose pixels have nothing to do with the next line's or column's."""
    if all(min(_alike(np.asarray(one.convert("RGB")))) >= NOISE for one in pictures):
        return []
    return [
        flag(
            "picture_numbers",
            "The picture's neighbouring pixels have little to do with each other, as where bytes are drawn.",
            "Draw a plot, with each value larger than a pixel.",
            where,
        )
    ]


def _alike(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Return how alike neighbours across and neighbours down are: the correlation of their brightness."""
    grey = pixels.astype(np.float32).mean(axis=2)
    grey -= grey.mean()
    power = float((grey**2).mean())
    if power <= FLAT or min(grey.shape) < 2 or grey.size < LEAST:
        return 1.0, 1.0
    across = float((grey[:, 1:] * grey[:, :-1]).mean()) / power
    down = float((grey[1:] * grey[:-1]).mean()) / power
    return across, down


def _written(pixels: NDArray[np.uint8]) -> Iterator[bytes]:
    whole = pixels.astype(np.int16)
    grey = int(np.abs(whole - whole[..., :1]).max()) <= GREY
    kept = pixels[..., 0] if grey else pixels
    yield np.ascontiguousarray(kept).tobytes()
    yield np.ascontiguousarray(kept.swapaxes(0, 1)).tobytes()
