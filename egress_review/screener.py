"""The engine's screener, asked over its socket: one container for one submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from hub import trace
from hub.errors import Unavailable

# Dataset and version of each leak index, in the order that the request counts them.
Indexes = Sequence[tuple[str, str]]


class End(StrEnum):
    """How a screening container ended."""

    FINISHED = "finished"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True)
class Ran:
    """A screening that is over: how it ended and where its answer lies."""

    end: End
    exit_code: int | None
    out: Path


class Screener(Protocol):
    """Runs the screening of laid-out files where they can do no harm."""

    def run(self, submission: str, indexes: Indexes) -> Ran:
        """Screen beside leak indexes and wait; raises Unavailable when nothing was run."""

    def clear(self, submission: str) -> None:
        """Remove what a screening left, running or not."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    outcome: End
    exit_code: int | None = None
    out: Path


class EngineScreener:
    """Asks the engine, the one process that may use Docker."""

    def __init__(self, socket: Path, *, longest_seconds: float) -> None:
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket)),
            base_url="http://engine",
            timeout=httpx.Timeout(longest_seconds, connect=5.0),
        )

    def run(self, submission: str, indexes: Indexes) -> Ran:
        """Screen beside leak indexes and wait; raises Unavailable when nothing was run."""
        try:
            asked = {"id": submission, "indexes": list(indexes)}
            response = self._client.post("/screenings", json=asked, headers=trace.headers())
            response.raise_for_status()
            answer = _Answer.model_validate_json(response.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise Unavailable(f"The engine did not screen {submission}: {_why(error)}") from error
        return Ran(end=answer.outcome, exit_code=answer.exit_code, out=answer.out)

    def clear(self, submission: str) -> None:
        """Remove what a screening left, running or not."""
        try:
            response = self._client.delete(f"/screenings/{submission}", headers=trace.headers())
        except httpx.HTTPError as error:
            raise Unavailable(f"The engine did not clear {submission}: {error}") from error
        if response.status_code >= 500:
            raise Unavailable(f"The engine did not clear {submission}: {response.status_code}")


def _why(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.text[:300]
    return str(error)[:300]
