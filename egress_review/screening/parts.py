"""What a file holds once its carrier is opened: text, tables, arrays, sounds, pictures, further files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from egress_review.screening.tables import Table


@dataclass(frozen=True)
class Text:
    """Written words; `where` names their place in the file, "" for all of it."""

    content: str
    where: str = ""


@dataclass(frozen=True)
class Array:
    """Numbers in one to many dimensions, as they were stored; `name` is what the file calls them."""

    values: NDArray[np.generic]
    where: str = ""
    name: str = ""


@dataclass(frozen=True)
class Sound:
    """Decoded sound: float32 mono in -1 to 1, `rate` samples a second; 0 where the rate is not known."""

    samples: NDArray[np.float32]
    rate: int
    where: str = ""


@dataclass(frozen=True)
class Picture:
    """Decoded pixels, as RGB."""

    image: Image.Image
    where: str = ""


@dataclass(frozen=True)
class Packed:
    """A file inside a file, still to be identified; `name` is what the outer one calls it."""

    data: bytes
    name: str
    where: str = ""


Part: TypeAlias = "Text | Table | Array | Sound | Picture | Packed"
