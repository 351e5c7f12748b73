"""HDF5: its arrays without attributes, links to elsewhere or hidden bytes; they leave as .npz."""

from __future__ import annotations

import io

import h5py
import numpy as np
from numpy.typing import NDArray

from egress_review.screening.carriers import arrays
from egress_review.screening.carriers.opened import Opened
from egress_review.screening.limits import Limits
from egress_review.screening.verdict import Unscreenable, note, refuse

AGAIN = "Save the arrays with numpy.savez instead."
# Filters that come with the library; any other could be one that runs a program.
FILTERS = {"gzip", "lzf", None}


def open(data: bytes, limits: Limits) -> Opened:
    """Return the arrays of an HDF5 file; raises Unscreenable for links, objects and broken files."""
    try:
        with h5py.File(io.BytesIO(data), "r") as opened:
            reader = _Reader(limits)
            reader.attributes += len(opened.attrs)
            reader.group(opened, "", 0)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, OverflowError, UnicodeError) as error:
        raise _broken(f"it is damaged ({type(error).__name__})") from error
    if not reader.found:
        raise _broken("it holds no array")
    packed = arrays.packed(reader.found)
    left = (
        [note("hdf_attributes", f"{reader.attributes} attributes were left out.")]
        if reader.attributes
        else []
    )
    said = note("hdf_rebuilt", "The arrays leave as a .npz file.")
    return Opened(packed.parts, packed.canonical, packed.kind, (*packed.findings, *left, said))


def _broken(why: str) -> Unscreenable:
    return refuse("hdf", f"The HDF5 file can't be read: {why}.", AGAIN)


class _Reader:
    """Collects the arrays of a file, under bounds on their number, depth and size."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.array_bytes
        self.attributes = 0
        self.found: dict[str, NDArray[np.generic]] = {}
        self.seen = 0

    def group(self, group: h5py.Group, path: str, depth: int) -> None:
        """Read the arrays of a group and of those inside it."""
        if depth > 16:
            raise _broken("its groups are nested too deep, or in a circle")
        for name in group:
            self.seen += 1
            if self.seen > self.limits.arrays:
                raise _broken(f"it holds over {self.limits.arrays} arrays")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise refuse("hdf_link", "The HDF5 file links to elsewhere.", AGAIN)
            inner = group[name]
            self.attributes += len(inner.attrs)
            inside = f"{path}/{name}" if path else str(name)
            if isinstance(inner, h5py.Group):
                self.group(inner, inside, depth + 1)
            elif isinstance(inner, h5py.Dataset):
                self.found[inside] = self.array(inner)
            else:
                self.attributes += 1

    def array(self, stored: h5py.Dataset) -> NDArray[np.generic]:
        """Return one array as numpy knows it."""
        if stored.external or stored.is_virtual or stored.compression not in FILTERS:
            raise refuse(
                "hdf_link", "An array of the HDF5 file is kept elsewhere or packed unusually.", AGAIN
            )
        size = int(stored.size or 0) * stored.dtype.itemsize
        self.left -= size
        if self.left < 0:
            raise refuse("size", "The arrays are larger than is looked through.", "Hand in fewer numbers.")
        if h5py.check_string_dtype(stored.dtype) is not None:
            return self.words(stored)
        if stored.dtype.hasobject or stored.dtype.kind not in "biufc":
            raise _broken("it holds records or objects, not numbers")
        return np.asarray(stored[()])

    def words(self, stored: h5py.Dataset) -> NDArray[np.generic]:
        """Return an array of text."""
        if int(stored.size or 0) > self.limits.table_cells:
            raise refuse("size", "The text is longer than is looked through.", "Hand in less text.")
        values = np.asarray(stored.asstr(errors="replace")[()], dtype=object)
        total = sum(len(str(value)) for value in values.ravel())
        if total > self.limits.text_bytes:
            raise refuse("size", "The text is longer than is looked through.", "Hand in less text.")
        return values.astype("U")
