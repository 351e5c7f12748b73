"""What an image is made of: its folder, the further paths it declares, and their hash."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

LEFT_OUT = {"README.md", "inputs.txt", "__pycache__", ".ipynb_checkpoints"}
HASH_LENGTH = 16


class UnknownImage(Exception):
    """There is no image of that name, or its folder declares something that does not exist."""


def names(checkout: Path) -> list[str]:
    """Return the images of this checkout, the base first."""
    folders = sorted(path.parent.name for path in (checkout / "images").glob("*/Dockerfile"))
    return ["base", *folders]


def files(checkout: Path, name: str) -> list[tuple[str, Path]]:
    """Return (name in the build context, path) of every file that goes into an image, sorted."""
    folder = checkout / "images" / name
    if not folder.is_dir():
        raise UnknownImage(f"there is no image {name!r}; this checkout has {', '.join(names(checkout))}")
    found = dict(_walk(folder, folder))
    for declared in _declared(folder / "inputs.txt"):
        path = checkout / declared
        if not path.exists():
            raise UnknownImage(f"images/{name}/inputs.txt lists {declared}, which does not exist")
        found.update(_walk(path, checkout))
    return sorted(found.items())


def digest(checkout: Path, name: str, *, base: str) -> str:
    """Return the hash of everything that goes into an image, the tag of its base included."""
    total = hashlib.sha256(base.encode())
    for inside, path in files(checkout, name):
        content = path.read_bytes()
        total.update(f"\n{inside}\0{_mode(path):o}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:HASH_LENGTH]


def context(checkout: Path, name: str) -> bytes:
    """Return the build context as a tar whose bytes depend on names, modes and contents alone."""
    parts = [(inside, path.read_bytes(), _mode(path)) for inside, path in files(checkout, name)]
    return pack(parts)


def pack(parts: list[tuple[str, bytes, int]]) -> bytes:
    """Return a tar of (name, content, mode)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for inside, content, mode in parts:
            entry = tarfile.TarInfo(inside)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _mode(path: Path) -> int:
    # Only the executable bit counts: two checkouts with different umasks are the same image.
    return 0o755 if path.stat().st_mode & 0o100 else 0o644


def _declared(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _walk(path: Path, root: Path) -> Iterator[tuple[str, Path]]:
    found = [path] if path.is_file() else sorted(path.rglob("*"))
    for item in found:
        inside = item.relative_to(root)
        if item.is_file() and not LEFT_OUT.intersection(inside.parts) and item.suffix != ".pyc":
            yield inside.as_posix(), item
