"""Arrays in NumPy's files: headers read strictly, never unpickled; rewritten with rounded numbers."""

from __future__ import annotations

import ast
import io
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from egress_review.screening import names, text
from egress_review.screening.carriers import signatures, zips
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.kinds import ARRAY, ARRAYS
from egress_review.screening.limits import Limits
from egress_review.screening.parts import Array, Part, Text
from egress_review.screening.verdict import Finding, Unscreenable, note, refuse

MANTISSA_BITS = 13  # about four significant digits
HEADER_BYTES = 16 * 1024
AGAIN = "Save the array again with numpy.save or numpy.savez, with numbers or text in it."
OBJECTS = "The array holds Python objects (a pickle), which can run code and hold anything."


def open(data: bytes, limits: Limits) -> Opened:
    """Return the arrays of a .npy or .npz file; raises Unscreenable for pickles, gaps and broken headers."""
    if signatures.content(data) != "zip":
        values = read(data, limits.array_bytes)
        clean, changed = cleaned(values)
        return Opened(tuple(parts_of("", values)), written(clean), ARRAY, tuple(changes(changed)))
    named = _members(data, limits)
    return packed(named)


def packed(named: dict[str, NDArray[np.generic]]) -> Opened:
    """Return arrays with their names as what a .npz file holds, and that file written anew.

    `named` holds arrays of any shape by their names; raises Unscreenable for values of another type than
    numbers, times and text.
    """
    parts: list[Part] = [Text("\n".join(named), "names of arrays")]
    members: list[tuple[str, bytes]] = []
    total = 0
    taken: set[str] = set()
    for name, values in sorted(named.items()):
        parts += parts_of(name, values)
        clean, changed = cleaned(values)
        total += changed
        members.append((f"{name_of(name, taken)}.npy", written(clean)))
    findings = (*changes(total), *names.check_together({name: name for name in named}))
    return Opened(tuple(parts), zips.written(sorted(members)), ARRAYS, findings)


def name_of(name: str, taken: set[str]) -> str:
    """Return the name an array leaves under: plain, short, used once."""
    stem = text.plain(name, multiline=False).strip("/").replace("/", ".")[:120] or "array"
    candidate, number = stem, 2
    while candidate.casefold() in taken:
        candidate, number = f"{stem}-{number}", number + 1
    taken.add(candidate.casefold())
    return candidate


def changes(changed: int) -> Iterator[Finding]:
    """Yield a note where numbers were rounded."""
    if changed:
        yield note("numbers", f"{changed:,} numbers were rounded to {MANTISSA_BITS} bits, about four digits.")


def _members(data: bytes, limits: Limits) -> dict[str, NDArray[np.generic]]:
    archive = zips.read(data, limits)
    if len(archive.entries) > limits.arrays:
        raise refuse("arrays", f"The file holds over {limits.arrays} arrays.", "Hand in fewer.")
    left = limits.array_bytes
    found: dict[str, NDArray[np.generic]] = {}
    for entry in archive.entries:
        if not entry.name.endswith(".npy") or entry.name in found:
            raise broken("a member is no array, or stands twice")
        content = archive.read(entry, left, limits)
        left -= len(content)
        found[entry.name.removesuffix(".npy")] = read(content, limits.array_bytes)
    if not found:
        raise broken("it is empty")
    return found


def broken(why: str) -> Unscreenable:
    """Return the error for arrays that break their format."""
    return refuse("array", f"The arrays can't be read: {why}.", AGAIN)


def read(data: bytes, most: int) -> NDArray[np.generic]:
    """Return the array in a .npy file of at most `most` bytes, whose every byte must be accounted for.

    The array has the shape its header says. Raises Unscreenable where anything else is in the file.
    """
    if data[:6] != b"\x93NUMPY" or len(data) < 12 or data[6] not in (1, 2, 3) or data[7]:
        raise broken("this is no .npy file")
    width = 2 if data[6] == 1 else 4
    length = int.from_bytes(data[8 : 8 + width], "little")
    begins = 8 + width + length
    if length > HEADER_BYTES or begins > len(data):
        raise broken("its header is damaged")
    dtype, shape, by_column = _header(data[8 + width : begins])
    count = math.prod(shape)
    if count * dtype.itemsize != len(data) - begins or len(data) > most:
        raise broken("it is longer or shorter than its header says")
    values = np.frombuffer(data, dtype, count, begins)
    return values.reshape(shape, order="F" if by_column else "C")


def _header(raw: bytes) -> tuple[np.dtype[np.generic], tuple[int, ...], bool]:
    try:
        header = ast.literal_eval(raw.decode("utf-8").strip())
        descr, by_column, shape = header["descr"], header["fortran_order"], header["shape"]
        if set(header) != {"descr", "fortran_order", "shape"} or not isinstance(descr, str):
            raise broken("it is a table of records, or its header says more than it needs")
        dtype = np.dtype(descr)
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise broken("its header is damaged") from error
    if dtype.hasobject:
        raise refuse("pickle", OBJECTS, AGAIN)
    whole = isinstance(shape, tuple) and all(type(side) is int and 0 <= side < 2**40 for side in shape)
    if not whole or len(shape) > 16 or not isinstance(by_column, bool) or not dtype.itemsize:
        raise broken("its header is damaged")
    return dtype, shape, by_column


def parts_of(name: str, values: NDArray[np.generic], where: str = "") -> Iterator[Part]:
    """Yield an array as what the checks know: numbers, or text where it holds text.

    `values` may have any shape. Raises Unscreenable for values that are neither numbers, times nor text.
    """
    where = where or name
    if values.dtype.kind in "US":
        yield Text("\n".join(_words(values)), where)
    elif values.dtype.kind in "biufcmM":
        yield Array(values, where, name)
    else:
        raise broken(f"it holds values of type {values.dtype.kind!r}")


def _words(values: NDArray[np.generic]) -> list[str]:
    """Return the text in an array of text or of bytes."""
    return [
        value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for value in values.ravel().tolist()
    ]


def cleaned(values: NDArray[np.generic]) -> tuple[NDArray[np.generic], int]:
    """Return an array as it may leave, rounded, in this machine's byte order, and how many values changed.

    The shape stays; times become whole numbers of their own unit.
    """
    kind = values.dtype.kind
    if kind in "US":
        plain = np.array([text.plain(value, multiline=False) for value in _words(values)], dtype="U")
        return plain.reshape(values.shape), 0
    if kind == "c":
        wide = np.ascontiguousarray(values, dtype=np.complex128)
        parts, changed = rounded(wide.view(np.float64))
        return parts.view(np.complex128).astype(values.dtype.newbyteorder("=")), changed
    if kind == "f":
        return rounded(values)
    if kind in "mM":
        return values.astype(np.int64), 0
    return values.astype(values.dtype.newbyteorder("=")), 0


def rounded(values: NDArray[np.generic]) -> tuple[NDArray[np.generic], int]:
    """Return floats with at most 13 bits of mantissa, one kind of zero and of NaN, and how many changed.

    Rounds half up in magnitude; a second rounding changes nothing. Half floats have 10 bits and stay.
    """
    native = values.astype(values.dtype.newbyteorder("="))
    if native.dtype.itemsize > 8:
        native = native.astype(np.float64)
    native = np.where(np.isnan(native), np.nan, native + 0.0).astype(native.dtype)
    if native.dtype.itemsize < 4:
        return native, 0
    double = native.dtype.itemsize == 8
    whole: type[np.unsignedinteger[Any]] = np.uint64 if double else np.uint32
    drop = (52 if double else 23) - MANTISSA_BITS
    raw: NDArray[Any] = np.ascontiguousarray(native).view(whole)
    half = whole(1 << (drop - 1))
    mask = whole(((1 << (8 * native.dtype.itemsize)) - 1) ^ ((1 << drop) - 1))
    short = np.where(np.isfinite(native), (raw + half) & mask, raw).astype(whole).view(native.dtype)
    # The largest floats would round to infinity; they are cut instead.
    short = np.where(np.isfinite(native) & ~np.isfinite(short), (raw & mask).view(native.dtype), short)
    return short, int(np.count_nonzero((short != native) & np.isfinite(native)))


def written(values: NDArray[np.generic]) -> bytes:
    """Return an array as .npy bytes. `values` may have any shape."""
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
    return out.getvalue()
