"""Check an export of the ledger with nothing but Python's standard library and the ledger's public key.

    python3 verify.py [EXPORT] [--key PUBKEYFILE] [--since CHECKPOINTFILE]

EXPORT is the .zip or the folder it was unpacked to; without it, the folder this file lies in. The key that
lies in the export proves nothing by itself: give one that you got another way, or compare the two lines.
Who keeps a checkpoint of before is shown by --since that nothing up to there was written anew.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 256, 8
WORDS = frozenset({"README.txt", "verify.py"})
TEXT = "entries.jsonl"
FIELDS = {"index", "by", "subject", "facts", "salt"}
MOST_BYTES = 64 * 1024**2

# Ed25519 after RFC 8032: only public values are computed with, so nothing here needs constant time.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]


class Wrong(Exception):
    """The export is not what the ledger signed; the message says where."""


def add(one: Point, two: Point) -> Point:
    """Return the sum of two points in extended coordinates."""
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """Return a multiple of a point."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def point(data: bytes) -> Point:
    """Return the point that 32 bytes stand for."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if len(data) != 32 or y >= P:
        raise Wrong("a key or signature is no point of the curve")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Wrong("a key or signature is no point of the curve")
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the holder of an Ed25519 key signed a message."""
    if len(signature) != 64:
        return False
    number = int.from_bytes(signature[32:], "little")
    if number >= L:
        return False
    try:
        public, nonce = point(key), point(signature[:32])
    except Wrong:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(number, BASE), add(nonce, times(digest, public))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


def sha256(*parts: bytes) -> bytes:
    """Return the SHA-256 of parts one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def root(hashes: list[bytes]) -> bytes:
    """Return the Merkle root over leaf hashes, after RFC 6962."""
    stack: list[tuple[int, bytes]] = []
    for leaf in hashes:
        height, node = 0, leaf
        while stack and stack[-1][0] == height:
            node, height = sha256(b"\x01", stack.pop()[1], node), height + 1
        stack.append((height, node))
    if not stack:
        return sha256()
    node = stack.pop()[1]
    while stack:
        node = sha256(b"\x01", stack.pop()[1], node)
    return node


class Export:
    """The files of an export, in a .zip or a folder."""

    def __init__(self, path: Path) -> None:
        """Open it; what can't be opened is wrong."""
        self._zip: zipfile.ZipFile | None = None
        self._folder = path
        if not path.is_dir():
            try:
                self._zip = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                raise Wrong(f"{path} is neither a .zip nor a folder that can be read") from error

    def names(self) -> list[str]:
        """Return the names of all its files."""
        if self._zip is not None:
            return [name for name in self._zip.namelist() if not name.endswith("/")]
        found = self._folder.rglob("*")
        return [path.relative_to(self._folder).as_posix() for path in found if path.is_file()]

    def read(self, name: str) -> bytes:
        """Return a small file."""
        with self.open(name) as file:
            data: bytes = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise Wrong(f"{name} is too long")
        return data

    def open(self, name: str) -> Any:
        """Open a file for reading."""
        try:
            return self._zip.open(name) if self._zip is not None else (self._folder / name).open("rb")
        except (KeyError, OSError) as error:
            raise Wrong(f"{name} is missing or can't be read") from error


def key_of(line: str) -> tuple[str, bytes, bytes]:
    """Return the log's name, its key's number and the key in a public key's one line."""
    name, _, rest = line.strip().partition("+")
    number, _, encoded = rest.partition("+")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise Wrong("the public key can't be read") from error
    if key[:1] != b"\x01" or sha256(name.encode(), b"\n", key)[:4].hex() != number:
        raise Wrong("the public key does not fit its own number")
    return name, bytes.fromhex(number), key[1:]


def checkpoint(note: str, line: str) -> tuple[int, bytes]:
    """Return the size and root that the key signed."""
    name, number, key = key_of(line)
    text, _, signature = note.partition("\n\n")
    head = f"\u2014 {name} "
    try:
        blob = base64.b64decode(signature.removeprefix(head).removesuffix("\n"), validate=True)
        said, size, hashed = text.split("\n")
        found = int(size), base64.b64decode(hashed, validate=True)
    except ValueError as error:
        raise Wrong("the checkpoint can't be read") from error
    if signature != f"{head}{base64.b64encode(blob).decode()}\n" or said != name:
        raise Wrong("the checkpoint is not written as the ledger writes it")
    if blob[:4] != number or not signed(key, f"{text}\n".encode(), blob[4:]):
        raise Wrong(f"the checkpoint is not signed by the key of {name}")
    return found


def path_of(level: str, index: int, width: int) -> str:
    """Return a tile's name in the export."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < WIDTH else "")


def unbundled(data: bytes) -> Iterator[bytes]:
    """Yield the leaves of an entry tile, each behind its length in two bytes."""
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if len(data) - at < 2 or end > len(data):
            raise Wrong("an entry tile is torn")
        yield data[at + 2 : end]
        at = end


def leaves(export: Export, size: int, seen: set[str]) -> Iterator[bytes]:
    """Yield the leaves in the entry tiles."""
    for start in range(0, size, WIDTH):
        name = path_of("entries", start // WIDTH, min(WIDTH, size - start))
        found = list(unbundled(export.read(name)))
        if len(found) != min(WIDTH, size - start):
            raise Wrong(f"{name} holds {len(found)} entries")
        seen.add(name)
        yield from found


def check_tree(export: Export, size: int, expected: bytes, seen: set[str]) -> None:
    """Hash every leaf up to the root, comparing each hash tile on the way."""
    hashes = [sha256(b"\x00", leaf) for leaf in leaves(export, size, seen)]
    if root(hashes) != expected:
        raise Wrong("the entries do not make the root that was signed")
    level = 0
    while hashes:
        for start in range(0, len(hashes), WIDTH):
            tile = hashes[start : start + WIDTH]
            name = path_of(str(level), start // WIDTH, len(tile))
            if export.read(name) != b"".join(tile):
                raise Wrong(f"{name} is not the hash of what lies below it")
            seen.add(name)
        whole = len(hashes) - len(hashes) % WIDTH
        hashes = [root(hashes[start : start + WIDTH]) for start in range(0, whole, WIDTH)]
        level += 1


def canonical(document: Any) -> bytes:
    """Return the one byte form of a JSON document."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def check_text(export: Export, size: int) -> int:
    """Compare what the export says in words with what each leaf commits to; return how many are erased."""
    erased = count = 0
    with export.open(TEXT) as file:
        for index, leaf in enumerate(leaves(export, size, set())):
            line = file.readline(MOST_BYTES)
            try:
                said, hashed = json.loads(line), json.loads(leaf)
                if canonical(said) + b"\n" != line or set(said) != FIELDS:
                    raise ValueError
                salt = bytes.fromhex(said["salt"])
                plain = (said["by"].encode(), said["subject"].encode(), canonical(said["facts"]))
            except (ValueError, TypeError, AttributeError, RecursionError) as error:
                raise Wrong(f"line {index + 1} of {TEXT} is not written as the enclave wrote it") from error
            if said["index"] != index:
                raise Wrong(f"line {index + 1} of {TEXT} is of entry {said['index']}")
            if not salt and plain == (b"", b"", b"{}"):
                erased += 1
                continue
            salts = [salt[at : at + 16] for at in (0, 16, 32)]
            made = [sha256(*pair).hex() for pair in zip(salts, plain, strict=True)]
            if len(salt) != 48 or made != [hashed["by"], hashed["subject"], hashed["facts"]]:
                raise Wrong(f"what {TEXT} says of entry {index} is not what its leaf commits to")
            count += 1
        if file.read(1):
            raise Wrong(f"{TEXT} has more lines than the ledger has entries")
    return erased


def check_since(export: Export, size: int, before: tuple[int, bytes]) -> None:
    """Refuse an export that does not begin with the entries of an earlier checkpoint."""
    old, expected = before
    first = islice(leaves(export, size, set()), old)
    if old > size or root([sha256(b"\x00", leaf) for leaf in first]) != expected:
        raise Wrong(f"the export does not continue the checkpoint over {old} entries that you gave")


def check(path: Path, given: str | None, say: Callable[[str], None], since: str | None = None) -> None:
    """Check an export, saying each thing that holds; the first that does not is raised."""
    export = Export(path)
    names = export.names()
    key = export.read("ledger.pub").decode("utf-8", "replace")
    if given is not None and given.strip() != key.strip():
        raise Wrong("the export is signed with another key than the one you gave")
    if key != key.strip() + "\n":
        raise Wrong("ledger.pub is not written as the ledger writes it")
    size, expected = checkpoint(export.read("checkpoint").decode("utf-8", "replace"), key)
    say(f"the checkpoint over {size} entries is signed by {key.strip()}")
    if given is None:
        say("that key came with the export: compare it with one that you got another way")
    seen = {"checkpoint", "ledger.pub", *WORDS}
    check_tree(export, size, expected, seen)
    say(f"the {size} entries make the signed root {expected.hex()}")
    if since is not None:
        before = checkpoint(since, key)
        check_since(export, size, before)
        say(f"its first {before[0]} entries are those of the checkpoint that you gave")
    if TEXT in names:
        seen.add(TEXT)
        erased = check_text(export, size)
        say(f"what is said of {size - erased} entries is what they commit to; {erased} are erased")
    if more := sorted(set(names) - seen) or len(names) != len(set(names)):
        raise Wrong(f"the export holds what is not the ledger's: {more}")


def main(arguments: list[str] | None = None) -> int:
    """Check an export; the exit status is 0 only if all of it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("export", type=Path, nargs="?", default=Path(__file__).resolve().parent)
    parser.add_argument("--key", type=Path, metavar="PUBKEYFILE")
    parser.add_argument("--since", type=Path, metavar="CHECKPOINTFILE")
    given = parser.parse_args(arguments)
    return run(given.export, given.key, given.since)


def run(path: Path, key: Path | None, since: Path | None = None) -> int:
    """Print what was checked, one line each; 0 only if everything holds."""
    out = sys.stdout
    try:
        known, before = (file.read_text(encoding="utf-8") if file else None for file in (key, since))
        check(path, known, lambda text: _line(f"ok    {text}"), before)
    except (Wrong, OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        out.write(f"WRONG {error}\nThe export does NOT hold.\n")
        return 1
    out.write("The export holds.\n")
    return 0


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
