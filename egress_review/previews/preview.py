"""Which preview a type gets, and where it is made: text here, everything else in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from egress_review.previews import opened, written
from egress_review.previews.shown import Picture, Shown

Reader = Callable[[bytes, int], Shown]

READ_BYTES = 20 * 1024**2


def _commas(data: bytes, page: int) -> Shown:
    return written.table(data, page, delimiter=",")


def _tabs(data: bytes, page: int) -> Shown:
    return written.table(data, page, delimiter="\t")


def _picture(data: bytes, page: int) -> Shown:
    if not data.startswith(written.PNG):
        return Shown(why_not="This is not a PNG picture, so it is not shown.")
    return Shown(pictures=(Picture(data, "The picture, as it would leave"),))


HERE: dict[str, Reader] = {
    "text/csv": _commas,
    "text/tab-separated-values": _tabs,
    "text/plain": written.text,
    "text/markdown": written.text,
    "application/json": written.pretty_json,
    "application/x-ndjson": written.text,
    "application/x-ipynb+json": written.notebook,
    "image/png": _picture,
}
APART: dict[str, Reader] = {
    "application/pdf": opened.pdf,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": opened.workbook,
    "application/vnd.apache.parquet": opened.columns,
    "application/x-npy": opened.arrays,
    "application/x-npz": opened.arrays,
    "application/x-safetensors": opened.tensors,
    "application/zip": opened.archive,
    "audio/wav": opened.sound,
    "application/octet-stream": opened.opaque,
}
BY_SUFFIX: dict[str, Reader] = {
    ".csv": _commas,
    ".tsv": _tabs,
    ".json": written.pretty_json,
    ".ipynb": written.notebook,
    ".png": _picture,
    ".pdf": opened.pdf,
    ".xlsx": opened.workbook,
    ".parquet": opened.columns,
    ".npy": opened.arrays,
    ".npz": opened.arrays,
    ".safetensors": opened.tensors,
    ".wav": opened.sound,
    ".bin": opened.opaque,
    ".zip": opened.opaque,
}


def by_name(name: str, data: bytes) -> Shown:
    """Return the first page of something that an archive holds."""
    return BY_SUFFIX.get(PurePosixPath(name).suffix.lower(), written.text)(data, 1)
