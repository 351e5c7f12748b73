"""Tiles: written bit by bit or at once they are the same tree, and a changed byte is noticed."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest

from hub.ledger import tree
from hub.ledger.tiles import WIDTH, Tiles, TilesBroken, bundle, path_of, unbundle, write


def leaves(count: int) -> list[bytes]:
    """Return leaves of different lengths."""
    return [f"leaf {index}".encode() * (index % 5 + 1) for index in range(count)]


def grow(tiles: Tiles, sizes: list[int]) -> None:
    """Write a log that had these sizes one after the other."""
    everything, old = leaves(sizes[-1]), 0
    for size in sizes:
        first = old - old % WIDTH
        tiles.extend(old=old, first=first, leaves=everything[first:size])
        tiles.forget_partials(old=old, size=size)
        old = size


def root_of(count: int) -> bytes:
    """Return the root that the standard's definition gives."""
    return tree.root([tree.leaf_hash(leaf) for leaf in leaves(count)])


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 700])
def test_the_root_of_the_tiles_is_the_root_of_the_leaves(tmp_path: Path, size: int) -> None:
    tiles = Tiles(tmp_path)
    grow(tiles, [size])
    assert tiles.root(size) == root_of(size) == tiles.check(size)
    assert list(tiles.leaves(size)) == leaves(size)


@pytest.mark.parametrize("seed", range(8))
def test_growing_in_any_steps_gives_the_same_tree(tmp_path: Path, seed: int) -> None:
    pick = random.Random(seed)
    sizes = sorted(pick.sample(range(1, 1400), pick.randrange(1, 12)))
    tiles = Tiles(tmp_path)
    grow(tiles, sizes)
    assert tiles.root(sizes[-1]) == root_of(sizes[-1]) == tiles.check(sizes[-1])


def test_a_tree_of_three_levels_has_the_right_root(tmp_path: Path) -> None:
    size = WIDTH * WIDTH + 3 * WIDTH + 5
    tiles = Tiles(tmp_path)
    many = [index.to_bytes(4, "big") for index in range(size)]
    cut = WIDTH * 255 + 17
    tiles.extend(old=0, first=0, leaves=many[:cut])
    tiles.extend(old=cut, first=cut - cut % WIDTH, leaves=many[cut - cut % WIDTH :])
    assert tiles.root(size) == tree.root([tree.leaf_hash(leaf) for leaf in many])


def test_every_flipped_byte_is_noticed(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path)
    grow(tiles, [600])
    good = root_of(600)
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        data = path.read_bytes()
        for at in (0, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            with contextlib.suppress(TilesBroken):
                assert tiles.check(600) != good, f"{path} byte {at}"
        path.write_bytes(data)
    assert tiles.check(600) == good


def test_a_missing_tile_is_noticed(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path)
    grow(tiles, [300])
    (tmp_path / "tile" / "0" / "000").unlink()
    with pytest.raises(TilesBroken, match="is missing"):
        tiles.check(300)


def test_old_partial_tiles_are_swept_and_the_last_two_stay(tmp_path: Path) -> None:
    grow(Tiles(tmp_path), list(range(1, 20)))
    assert sorted(path.name for path in (tmp_path / "tile/0/000.p").iterdir()) == ["18", "19"]


def test_a_torn_entry_tile_is_refused() -> None:
    data = bundle(leaves(3))
    assert unbundle(data) == leaves(3)
    for cut in (1, len(data) - 1):
        with pytest.raises(TilesBroken):
            unbundle(data[:cut])


def test_numbers_become_paths_as_the_standard_says() -> None:
    assert [path_of(n) for n in (0, 999, 1000, 1234067)] == ["000", "999", "x001/000", "x001/x234/067"]


def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "checkpoint", b"old")

    def crash(self: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", crash)
    with pytest.raises(OSError, match="no space"):
        write(tmp_path / "checkpoint", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_published_files_can_be_read_by_everyone(tmp_path: Path) -> None:
    write(tmp_path / "tile" / "0" / "000", b"x")
    assert (tmp_path / "tile" / "0" / "000").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "tile" / "0").stat().st_mode & 0o7777 == 0o2775


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 700, 1023])
def test_a_proof_from_tiles_is_the_proof_from_all_leaves(tmp_path: Path, size: int) -> None:
    tiles = Tiles(tmp_path)
    grow(tiles, [size])
    hashes = [tree.leaf_hash(leaf) for leaf in leaves(size)]
    for index in sorted({0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size))):
        assert tiles.inclusion_proof(index, size) == tree.inclusion_proof(hashes, index)
    with pytest.raises(IndexError):
        tiles.inclusion_proof(size, size)


def test_a_proof_for_an_older_tree_comes_from_a_tile_that_has_grown(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path)
    grow(tiles, [300, 310])
    (tmp_path / "tile/0" / f"{path_of(1)}.p" / "44").unlink(missing_ok=True)
    hashes = [tree.leaf_hash(leaf) for leaf in leaves(300)]
    assert tiles.inclusion_proof(299, 300) == tree.inclusion_proof(hashes, 299)


def test_a_missing_tile_gives_no_proof(tmp_path: Path) -> None:
    tiles = Tiles(tmp_path)
    grow(tiles, [300])
    (tmp_path / "tile/0" / path_of(0)).unlink()
    with pytest.raises(TilesBroken):
        tiles.inclusion_proof(4, 300)
