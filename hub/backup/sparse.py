"""Files with holes: only what was written is read, and the holes come back as holes."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator

CHUNK_BYTES = 1024 * 1024
# ioctl(2): share the blocks of another file, where the file system can.
_FICLONE = 0x40049409

Extent = tuple[int, int]


def extents(descriptor: int) -> list[Extent]:
    """Return (offset, length) of each piece that holds data; everything else reads as zeros."""
    size = os.fstat(descriptor).st_size
    found: list[Extent] = []
    at = 0
    while at < size:
        try:
            start = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                break
            raise
        at = os.lseek(descriptor, start, os.SEEK_HOLE)
        found.append((start, at - start))
    return found


def chunks(descriptor: int, pieces: list[Extent]) -> Iterator[bytes]:
    """Yield the bytes of the pieces, in order; a file that is shorter than they say raises."""
    for start, length in pieces:
        end = start + length
        while start < end:
            data = os.pread(descriptor, min(CHUNK_BYTES, end - start), start)
            if not data:
                raise OSError(errno.EIO, "the file became shorter while it was read")
            yield data
            start += len(data)


def copy(source: int, target: int) -> None:
    """Make an empty file the same as another, sharing its blocks where the file system can."""
    try:
        fcntl.ioctl(target, _FICLONE, source)
        return
    except OSError:
        # No file system for this: the bytes are copied.
        os.ftruncate(target, os.fstat(source).st_size)
    for start, length in extents(source):
        at = start
        for data in chunks(source, [(start, length)]):
            write(target, data, at)
            at += len(data)


def write(descriptor: int, data: bytes, at: int) -> None:
    """Write all of the bytes at an offset."""
    view = memoryview(data)
    while view:
        done = os.pwrite(descriptor, view, at)
        view, at = view[done:], at + done
