"""A backup's inside: a tar stream of files, the manifest and its signature last."""

from __future__ import annotations

import grp
import hashlib
import io
import os
import pwd
import stat
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Protocol, Self, TypedDict

from hub.backup import manifest, sparse
from hub.backup.failure import BackupFailed, BackupRefused
from hub.backup.manifest import File, Folder

BUFFER_BYTES = 1024 * 1024


class Writer:
    """Puts files into a stream and remembers their hashes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(  # noqa: SIM115  # closed where this is left
            fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BUFFER_BYTES
        )
        self.files: list[File] = []
        self.folders: list[Folder] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *about: object) -> None:
        self._tar.__exit__(*about)  # type: ignore[arg-type]  # passed on as they came

    def add_folder(self, name: str, path: Path) -> None:
        """Put a folder in, without what it holds."""
        facts = path.lstat()
        if not stat.S_ISDIR(facts.st_mode):
            raise BackupFailed(f"{path} is not a plain folder; a backup follows no links")
        self._tar.addfile(_info(name, facts, tarfile.DIRTYPE))
        self.folders.append(Folder(name=name, **_owner(facts)))

    def add(self, name: str, path: Path, *, like: Path | None = None) -> None:
        """Put a file in, its holes left out; owner and mode are those of `like` where the file is a copy."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise BackupFailed(f"{path} is not a plain file; a backup holds nothing else")
            self._add_open(name, descriptor, like.lstat() if like else facts, facts.st_size)
        finally:
            os.close(descriptor)

    def end(self, text: bytes, signature: str) -> None:
        """Put the manifest and its signature in."""
        for name, content in ((manifest.NAME, text), (manifest.SIGNATURE, signature.encode())):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o400
            self._tar.addfile(info, io.BytesIO(content))

    def _add_open(self, name: str, descriptor: int, owner: os.stat_result, size: int) -> None:
        pieces = sparse.extents(descriptor)
        digest = digest_of(size, pieces)
        info = _info(name, owner, tarfile.REGTYPE)
        source = _Source(sparse.chunks(descriptor, pieces), digest)
        whole = pieces == ([(0, size)] if size else [])
        if not whole:
            # GNU's sparse format 1.0, which tar reads as well: the list of pieces stands before them.
            table = _table(size, pieces)
            info.pax_headers = {
                "GNU.sparse.major": "1",
                "GNU.sparse.minor": "0",
                "GNU.sparse.name": name,
                "GNU.sparse.realsize": str(size),
            }
            info.name = f"GNUSparseFile.0/{name}"
            source.first = table
        info.size = len(source.first) + sum(length for _start, length in pieces)
        self._tar.addfile(info, source)
        self.files.append(File(name=name, size=size, sha256=digest.hexdigest(), **_owner(owner)))


class _Source(io.RawIOBase):
    """Reads a table and then pieces, hashing the pieces on the way."""

    def __init__(self, pieces: Iterator[bytes], digest: hashlib._Hash) -> None:
        self.first = b""
        self._pieces, self._digest, self._held = pieces, digest, b""

    def read(self, size: int = -1) -> bytes:
        """Return as many bytes as asked for, unless there are no more."""
        parts = [self.first[:size]]
        self.first = self.first[size:]
        missing = size - len(parts[0])
        while missing > 0:
            if not self._held:
                self._held = next(self._pieces, b"")
                self._digest.update(self._held)
            if not self._held:
                break
            parts.append(self._held[:missing])
            self._held = self._held[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)


class Reader(Protocol):
    """Where a file's bytes come from, one after the other."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes."""


def members(stream: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, Reader | None]]:
    """Yield each member with the stream that stands at its bytes; all but files and folders is refused."""
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=BUFFER_BYTES) as tar:
            for info in tar:
                if not (info.isreg() or info.isdir()):
                    raise BackupRefused(
                        f"{info.name} in the backup is neither file nor folder; it is not ours"
                    )
                # Tar's own reader of one member looks for holes by going back, which a stream can't.
                yield info, tar.fileobj if info.isreg() else None
        while rest := stream.read(BUFFER_BYTES):
            if rest.strip(b"\0"):
                raise BackupRefused("something follows after the backup's end; it is not ours")
    except tarfile.TarError as error:
        raise BackupRefused(f"the file is damaged or no backup: {error}") from error


def unpack(info: tarfile.TarInfo, content: Reader, target: Path) -> str:
    """Write a file, its holes as holes, for root alone; return the hash over its pieces."""
    pieces = pieces_of(info)
    digest = digest_of(info.size, pieces)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    try:
        os.ftruncate(descriptor, info.size)
        for start, length in pieces:
            at = start
            for data in take(content, length):
                digest.update(data)
                sparse.write(descriptor, data, at)
                at += len(data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def take(content: Reader, length: int) -> Iterator[bytes]:
    """Yield exactly so many bytes; fewer are refused."""
    while length:
        data = content.read(min(BUFFER_BYTES, length))
        if not data:
            raise BackupRefused("the file ends in the middle of what it holds; it is damaged")
        yield data
        length -= len(data)


def pieces_of(info: tarfile.TarInfo) -> list[sparse.Extent]:
    """Return the pieces of a file in the stream; overlapping or endless ones are refused."""
    table: list[sparse.Extent] | None = info.sparse  # type: ignore[assignment]  # its stub says: a flag
    if table is None:
        return [(0, info.size)] if info.size else []
    pieces = [(start, length) for start, length in table if length]
    end = 0
    for start, length in pieces:
        if start < end or length < 0:
            raise BackupRefused(f"the pieces of {info.name} overlap; the file is damaged")
        end = start + length
    if end > info.size:
        raise BackupRefused(f"the pieces of {info.name} go past its end; the file is damaged")
    return pieces


def digest_of(size: int, pieces: Iterable[sparse.Extent]) -> hashlib._Hash:
    """Return the hash of a file's shape, to which what its pieces hold is then added."""
    shape = "".join(f"{start} {length}\n" for start, length in pieces)
    return hashlib.sha256(f"{size}\n{shape}\n".encode())


def _table(size: int, pieces: list[sparse.Extent]) -> bytes:
    # The end of the file is a piece of no length, as GNU tar writes it.
    numbers = [len(pieces) + 1, *(number for piece in pieces for number in piece), size, 0]
    text = "".join(f"{number}\n" for number in numbers).encode()
    return text + b"\0" * (-len(text) % tarfile.BLOCKSIZE)


def _info(name: str, facts: os.stat_result, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    owner = _owner(facts)
    info.type, info.mode, info.mtime = kind, owner["mode"], int(facts.st_mtime)
    info.uname, info.gname = owner["user"], owner["group"]
    return info


class _Owner(TypedDict):
    mode: int
    user: str
    group: str


def _owner(facts: os.stat_result) -> _Owner:
    try:
        user, group = pwd.getpwuid(facts.st_uid).pw_name, grp.getgrgid(facts.st_gid).gr_name
    except KeyError as error:
        raise BackupFailed(f"a file belongs to a number that no user has: {error}") from error
    return {"mode": stat.S_IMODE(facts.st_mode), "user": user, "group": group}
