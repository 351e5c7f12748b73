"""QR codes and bar codes: what they carry is looked through; many of them are a way to carry data."""

from __future__ import annotations

from collections.abc import Iterator

import zxingcpp
from PIL import Image

from egress_review.screening.carriers import signatures
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Packed, Part, Picture, Text
from egress_review.screening.verdict import Finding, block, flag

MOST_BYTES = 600  # in the codes of one picture; an address needs less
SIDE = 2400  # pixels; larger pictures are read smaller
FIX = "Remove the codes; hand in what they say as text."
# Squares of modules that nothing but a code draws; bar codes of few lines are found in any plot with bars.
SQUARES = {"QRCode", "MicroQRCode", "RMQRCode", "Aztec", "DataMatrix", "PDF417", "MaxiCode"}


def read(picture: Picture, limits: Limits) -> tuple[list[Part], list[Finding]]:
    """Return what the codes in a picture carry, and whether they are more than anyone needs."""
    found = _found(picture.image)
    parts: list[Part] = []
    for number, (_, payload) in enumerate(found, start=1):
        place = f"code {number}"
        where = f"{picture.where}, {place}" if picture.where else place
        if signatures.looks_like_text(payload):
            parts.append(Text(payload.decode("utf-8", "replace"), where))
        else:
            parts.append(Packed(payload, "", where))
    return parts, list(_counted(found, picture.where, limits))


def _counted(found: list[tuple[str, bytes]], where: str, limits: Limits) -> Iterator[Finding]:
    squares = [name for name, _ in found if name in SQUARES]
    if len(squares) >= limits.picture_codes or sum(len(payload) for _, payload in found) > MOST_BYTES:
        what = f"The picture holds {len(found)} QR or bar codes, which carry data."
        yield block("codes", what, FIX, where)
    elif found:
        yield flag(
            "codes", "The picture holds a QR or bar code; a human has to see what it is for.", FIX, where
        )


def _found(image: Image.Image) -> list[tuple[str, bytes]]:
    """Return the name and the bytes of each code in a picture."""
    grey = image.convert("L")
    if max(grey.size) > SIDE:
        grey.thumbnail((SIDE, SIDE))
    return [(_name(code), bytes(code.bytes)) for code in zxingcpp.read_barcodes(grey) if code.valid]


def _name(code: zxingcpp.Barcode) -> str:
    return str(code.format).removeprefix("BarcodeFormat.").replace(" ", "")
