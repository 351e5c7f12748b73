"""Files that no reader knows: their letters are read, their bytes heard; the rest is a human's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import OPAQUE
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array, Part, Text
from egress_review.screening.sound import decode
from egress_review.screening.unpacking import is_random
from egress_review.screening.verdict import refuse

LETTERS = re.compile(rb"[\x20-\x7e\xc2-\xf4\x80-\xbf]{6,}")
WIDE = re.compile(rb"(?:[\x20-\x7e]\x00){6,}")
LINE = 10_000  # characters; longer runs are broken


def open(data: bytes, limits: Limits) -> Opened:
    """Return the readable runs of unknown bytes, and the bytes as samples of 16 bits; their own copy.

    Raises Unscreenable where there are too many of them, or they are as even as chance makes them.
    """
    if len(data) > limits.opaque_bytes:
        raise refuse(
            "size",
            f"The file has {len(data):,} bytes that no check understands.",
            "Hand in a summary in a known format.",
        )
    if is_random(data):
        raise refuse(
            "encrypted",
            "These bytes are even as chance makes them: encrypted or packed. Nobody sees what they hold.",
            "Hand in the content itself, in a known format.",
        )
    # libsndfile knows more formats than have a name here.
    return Opened((*decode.channels(data, limits), *_parts(data)), data, OPAQUE)


def _parts(data: bytes) -> Iterator[Part]:
    runs = [run.decode("utf-8", "ignore") for run in LETTERS.findall(data)]
    runs += [run.decode("utf-16-le") for run in WIDE.findall(data)]
    lines = [run[start : start + LINE] for run in runs for start in range(0, len(run), LINE)]
    if lines:
        yield Text("\n".join(lines), "readable bytes")
    whole = data[: len(data) // 2 * 2]
    if whole:
        # Raw samples carry no header: the array check asks whether these numbers are sound.
        yield Array(np.frombuffer(whole, dtype="<i2"), "bytes read as samples", "raw")
