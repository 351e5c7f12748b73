"""What the trials of both doors share: faults are heard, raw bytes are exchanged in batches."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ANSWER_BYTES = 4 << 20
# An incomplete request gets no answer: this long is waited before the sending side is closed.
SILENT_SECONDS = 0.2
HANGS_SECONDS = 20.0
BATCH = 20
Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@dataclass
class Report:
    """What became of a trial: how many cases, which answers, and every fault with the cases it lies in."""

    cases: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def answered(self, raw: bytes) -> None:
        """Count an answer by its status, or as none."""
        word = raw[9:12].decode("ascii", "replace") if raw.startswith(b"HTTP/1.1 ") else "none"
        self.answers[word] = self.answers.get(word, 0) + 1

    def line(self) -> str:
        """Return the report as a line."""
        counted = ", ".join(f"{count} × {word}" for word, count in sorted(self.answers.items()))
        return f"{self.cases} cases ({counted}): {len(self.faults)} faults"


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record)[-3000:])


@contextmanager
def listening() -> Iterator[Callable[[], list[str]]]:
    """Yield a function that returns the errors logged since it was last asked: a crash is one of them."""
    heard = _Heard()
    root = logging.getLogger()
    root.addHandler(heard)

    def since() -> list[str]:
        # A task that died unheard says so when it is collected.
        gc.collect()
        said, heard.lines = heard.lines, []
        return said

    try:
        yield since
    finally:
        root.removeHandler(heard)


def picks(seed: int, start: int, count: int) -> Iterator[list[tuple[int, random.Random]]]:
    """Yield batches of numbered cases; a number's chance is its own, so that it can be replayed."""
    for first in range(start, start + count, BATCH):
        numbers = range(first, min(first + BATCH, start + count))
        yield [(number, random.Random(f"{seed}:{number}")) for number in numbers]


async def exchange(connect: Connect, data: bytes, *, silent_seconds: float = SILENT_SECONDS) -> bytes:
    """Send raw bytes and return all that comes back until the other side closes or has answered whole."""
    reader, writer = await connect()
    with suppress(ConnectionError):
        try:
            writer.write(data)
            with suppress(TimeoutError):
                await asyncio.wait_for(writer.drain(), HANGS_SECONDS)
            return await asyncio.wait_for(_answer(reader, writer, silent_seconds), HANGS_SECONDS)
        except TimeoutError:
            return b"hung"
        finally:
            writer.close()
    return b""


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, silent_seconds: float) -> bytes:
    came = bytearray()
    ended = False
    while len(came) < ANSWER_BYTES:
        try:
            more = await asyncio.wait_for(reader.read(1 << 16), HANGS_SECONDS if ended else silent_seconds)
        except TimeoutError:
            if whole(bytes(came)):
                break
            with suppress(OSError):
                writer.write_eof()
            ended = True
            continue
        if not more:
            break
        came += more
    return bytes(came)


def whole(raw: bytes) -> bool:
    """Say whether an answer with a length has come whole."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(gap) and len(lengths) == 1 and lengths[0].strip().isdigit() and len(body) >= int(lengths[0])


async def answer(connect: Connect, data: bytes) -> bytes:
    """Send a whole request and return its answer, however long a busy machine takes for it."""
    return await exchange(connect, data, silent_seconds=HANGS_SECONDS)


async def together(connect: Connect, cases: Sequence[bytes]) -> list[bytes]:
    """Send the cases of a batch on connections of their own, at once."""
    return list(await asyncio.gather(*(exchange(connect, one) for one in cases)))
