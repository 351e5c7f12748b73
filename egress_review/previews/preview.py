"""Which preview a type gets, and where it is made: text here, everything else in a process of its own."""

from __future__ import annotations

from egress_review.previews import archives, opened, written
from egress_review.previews.shown import Reader

READ_BYTES = 20 * 1024**2

HERE: dict[str, Reader] = {
    "text/csv": written.commas,
    "text/tab-separated-values": written.tabs,
    "text/plain": written.text,
    "text/markdown": written.text,
    "application/json": written.pretty_json,
    "application/x-ndjson": written.text,
    "application/x-ipynb+json": written.notebook,
    "image/png": written.picture,
}
APART: dict[str, Reader] = {
    "application/pdf": opened.pdf,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": opened.workbook,
    "application/vnd.apache.parquet": opened.columns,
    "application/x-npy": opened.arrays,
    "application/x-npz": opened.arrays,
    "application/x-safetensors": opened.tensors,
    "application/zip": archives.archive,
    "audio/wav": opened.sound,
    "application/octet-stream": opened.opaque,
}
