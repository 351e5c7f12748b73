"""What a ZIP holds: the list of its files, then each by itself, read by its suffix."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import PurePosixPath

from egress_review.previews import opened, written
from egress_review.previews.shown import Reader, Shown, Table, cell, label

MEMBER_BYTES = 20 * 1024**2

BY_SUFFIX: dict[str, Reader] = {
    ".csv": written.commas,
    ".tsv": written.tabs,
    ".json": written.pretty_json,
    ".ipynb": written.notebook,
    ".png": written.picture,
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


def archive(data: bytes, page: int) -> Shown:
    """Return what a ZIP holds: the list, then one member a page."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = [member for member in packed.infolist() if not member.is_dir()][: opened.LISTED]
        pages = len(members) + 1
        page = min(page, pages)
        if page == 1:
            rows = tuple((cell(one.filename), cell(one.file_size)) for one in members)
            listed = Table(("file in the archive", "bytes"), rows, what="file")
            return Shown(tables=(listed,), pages=pages, cut="Each file has its own page.")
        member = members[page - 2]
        if member.file_size > MEMBER_BYTES:
            why = f"{label(member.filename)} unpacks to more than {MEMBER_BYTES // 1024**2} MiB."
            return Shown(page=page, pages=pages, why_not=f"No preview: {why}")
        inner = _first_page(member.filename, packed.read(member))
        cut = f"{label(member.filename)}. {inner.cut}".strip()
        return replace(inner, page=page, pages=pages, cut=cut)


def _first_page(name: str, data: bytes) -> Shown:
    return BY_SUFFIX.get(PurePosixPath(name).suffix.lower(), written.text)(data, 1)
