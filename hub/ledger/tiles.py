"""The ledger's files: static C2SP tlog-tiles, from which anybody can verify it without us. No Django."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.ledger import tree

WIDTH = 256
_HEIGHT = 8
Encode = Callable[[Sequence[bytes]], bytes]


class TilesBroken(Exception):
    """The published files are not those of the log they claim to be."""


@dataclass(frozen=True)
class Tiles:
    """A folder of tiles."""

    folder: Path

    def extend(self, *, old: int, first: int, leaves: Sequence[bytes]) -> None:
        """Write the tiles for `leaves`, which begin at entry `first`, the start of the tile that holds `old`.

        The files below `old` must be good: check `root(old)` before.
        """
        for start in range(0, len(leaves), WIDTH):
            self._write_tile("entries", (first + start) // WIDTH, leaves[start : start + WIDTH], bundle)
        hashes = [tree.leaf_hash(leaf) for leaf in leaves]
        level = 0
        while hashes:
            for start in range(0, len(hashes), WIDTH):
                tile = hashes[start : start + WIDTH]
                self._write_tile(str(level), (first + start) // WIDTH, tile, b"".join)
            whole = len(hashes) - len(hashes) % WIDTH
            above = [tree.root(hashes[start : start + WIDTH]) for start in range(0, whole, WIDTH)]
            level, place = level + 1, first // WIDTH
            first = place - place % WIDTH
            # The tile above may hold hashes of whole tiles that were published before.
            kept = self.hashes(level, first // WIDTH, place % WIDTH) if above else []
            hashes = kept + above

    def root(self, size: int) -> bytes:
        """Return the root over the first `size` entries, computed from the hash tiles."""
        subtrees: list[tuple[int, bytes]] = []
        for level in range(self._top(size), -1, -1):
            count = size >> (_HEIGHT * level)
            width = count % WIDTH
            subtrees += [(_HEIGHT * level, node) for node in self.hashes(level, count // WIDTH, width)]
        return tree.root_of_subtrees(subtrees)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Return the nodes that prove entry `index` to be in the tree over `size`, from a few tiles only."""
        if not 0 <= index < size:
            raise IndexError(f"a tree of {size} leaves has no leaf {index}")
        nodes, start, end = [], 0, size
        while end - start > 1:
            middle = start + (1 << ((end - start - 1).bit_length() - 1))
            if index < middle:
                nodes.append(self._root_between(middle, end))
                end = middle
            else:
                nodes.append(self._root_between(start, middle))
                start = middle
        return nodes[::-1]

    def _root_between(self, start: int, end: int) -> bytes:
        """Return the root over the leaves of one node of the tree, from whole subtrees, each in a tile."""
        subtrees = []
        while start < end:
            height = (end - start).bit_length() - 1
            if start:
                height = min(height, (start & -start).bit_length() - 1)
            subtrees.append((height, self._node(height, start >> height)))
            start += 1 << height
        return tree.root_of_subtrees(subtrees)

    def _node(self, height: int, place: int) -> bytes:
        """Return the hash of a whole subtree by its height and its place at that height."""
        level, within = divmod(height, _HEIGHT)
        first = place << within
        hashes = self.hashes(level, first // WIDTH, first % WIDTH + (1 << within))
        return tree.root(hashes[first % WIDTH :])

    def hashes(self, level: int, index: int, width: int) -> list[bytes]:
        """Return the first `width` hashes of a tile."""
        if width == 0:
            return []
        data = self._read(str(level), index, width)[: 32 * width]
        if len(data) != 32 * width:
            raise TilesBroken(f"tile {level}/{index} holds less than {width} hashes")
        return [data[start : start + 32] for start in range(0, len(data), 32)]

    def leaves(self, size: int) -> Iterator[bytes]:
        """Yield the leaves of the first `size` entries."""
        for index in range((size + WIDTH - 1) // WIDTH):
            width = min(WIDTH, size - index * WIDTH)
            found = unbundle(self._read("entries", index, width))
            if len(found) < width:
                raise TilesBroken(f"entry tile {index} holds {len(found)} entries, not {width}")
            yield from found[:width]

    def files(self, size: int) -> Iterator[tuple[str, bytes]]:
        """Yield name and content of each tile of the tree over the first `size` entries, and of no other."""
        for name in ["entries", *(str(level) for level in range(self._top(size) + 1))]:
            count = size >> (0 if name == "entries" else _HEIGHT * int(name))
            for index in range((count + WIDTH - 1) // WIDTH):
                width = min(WIDTH, count - index * WIDTH)
                path = path_of(index) + (f".p/{width}" if width < WIDTH else "")
                # A partial tile may be read from one that has grown since.
                if name == "entries":
                    yield f"{name}/{path}", bundle(unbundle(self._read(name, index, width))[:width])
                else:
                    yield f"{name}/{path}", b"".join(self.hashes(int(name), index, width))

    def check(self, size: int) -> bytes:
        """Return the root over the entry tiles, if every hash tile is the one they make."""
        hashes = [tree.leaf_hash(leaf) for leaf in self.leaves(size)]
        top = tree.root(hashes)
        for level in range(self._top(size) + 1):
            for start in range(0, len(hashes), WIDTH):
                expected = hashes[start : start + WIDTH]
                if self.hashes(level, start // WIDTH, len(expected)) != expected:
                    raise TilesBroken(f"tile {level}/{start // WIDTH} is not the hash of what lies below it")
            whole = len(hashes) - len(hashes) % WIDTH
            hashes = [tree.root(hashes[start : start + WIDTH]) for start in range(0, whole, WIDTH)]
        return top

    def read_checkpoint(self) -> str | None:
        """Return the signed note, or None before the first publication."""
        try:
            return (self.folder / "checkpoint").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def write_checkpoint(self, note: str) -> None:
        """Replace the signed note; whoever reads sees the old one or the new one."""
        write(self.folder / "checkpoint", note.encode())

    def forget_partials(self, *, old: int, size: int) -> None:
        """Delete partial tiles that neither the last checkpoint nor this one needs."""
        for name in ["entries", *(str(level) for level in range(self._top(size) + 1))]:
            height = 0 if name == "entries" else _HEIGHT * int(name)
            for index in range((old >> height) // WIDTH, (size >> height) // WIDTH + 1):
                ends = [at >> height for at in (old, size)]
                wanted = {str(end % WIDTH) for end in ends if end // WIDTH == index}
                for path in (self.folder / "tile" / name).joinpath(f"{path_of(index)}.p").glob("*"):
                    if path.name not in wanted:
                        path.unlink(missing_ok=True)

    def _top(self, size: int) -> int:
        level = 0
        while size >> (_HEIGHT * (level + 1)):
            level += 1
        return level

    def _write_tile(self, name: str, index: int, items: Sequence[bytes], encode: Encode) -> None:
        path = self.folder / "tile" / name / path_of(index)
        if len(items) < WIDTH:
            path = path.with_name(f"{path.name}.p") / str(len(items))
        write(path, encode(items))

    def _read(self, name: str, index: int, width: int) -> bytes:
        path = self.folder / "tile" / name / path_of(index)
        candidates = [path]
        if width < WIDTH:
            partial = path.with_name(f"{path.name}.p")
            wider = sorted((int(one.name) for one in partial.glob("*") if one.name.isdigit()), reverse=True)
            candidates = [partial / str(width), path, *(partial / str(one) for one in wider if one > width)]
        for candidate in candidates:
            try:
                return candidate.read_bytes()
            except FileNotFoundError:
                continue
        raise TilesBroken(f"tile {name}/{index} is missing")


def path_of(index: int) -> str:
    """Return a tile's number as a path of three digits a folder, the inner ones marked with x."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups)


def bundle(leaves: Sequence[bytes]) -> bytes:
    """Return leaves one after the other, each behind its length in two bytes."""
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


def unbundle(data: bytes) -> list[bytes]:
    """Return the leaves of an entry tile; a torn one is refused."""
    leaves, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        leaf = data[at + 2 : at + 2 + length]
        if len(leaf) != length or len(data) - at < 2:
            raise TilesBroken("an entry tile ends in the middle of an entry")
        leaves.append(leaf)
        at += 2 + length
    return leaves


def write(path: Path, data: bytes) -> None:
    """Replace a file in one step; a crash leaves the old one or the new one, readable by everyone."""
    if not path.parent.is_dir():
        _make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _make_folder(folder: Path) -> None:
    # The processes that publish are different users of one group, whatever umask each runs with.
    missing = [parent for parent in [folder, *folder.parents] if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(exist_ok=True)
        parent.chmod(0o2775)
