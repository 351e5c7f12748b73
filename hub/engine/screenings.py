"""Screenings: one submission in, one verdict out, in a container that is gone before anyone reads."""

from __future__ import annotations

import logging
import os
from enum import StrEnum
from pathlib import Path
from typing import Any

from hub.engine import container, mounts
from hub.engine.dock import Container, Docker
from hub.engine.locks import Locks
from hub.engine.owners import Owners
from hub.errors import Invalid, Refused, Unavailable, WrongState
from hub.places import DATA_GROUP, Places

log = logging.getLogger("parlatory.engine")

LIMIT_SECONDS = 120
OUT_BYTES = 640 << 20
OUT_INODES = 256
# A project with more dataset versions than this is no project; the limit bounds what a caller can mount.
MOST_INDEXES = 64


class Outcome(StrEnum):
    """How a screening's container ended; only `finished` can hold a verdict."""

    FINISHED = "finished"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"


class Screenings:
    """The screenings of one enclave."""

    def __init__(
        self, docker: Docker, places: Places, owners: Owners, *, limit_seconds: float = LIMIT_SECONDS
    ) -> None:
        self._docker = docker
        self._places = places
        self._owners = owners
        self._limit = limit_seconds
        self._locks = Locks()
        # Ids are added before their containers are made, and leave when those are gone.
        self._under_way: set[str] = set()

    def run(self, screening: object, indexes: object = ()) -> dict[str, Any]:
        """Screen one submission beside leak indexes, [dataset, version] each, until its container is gone."""
        image = self._image()
        try:
            folders = self._index_folders(indexes)
            body = container.screening_spec(
                str(screening),
                image,
                self._places,
                indexes=len(folders),
                host_cpus=os.cpu_count() or 1,
            )
        except container.Unfit as error:
            raise Refused([f"This cannot be screened: {error}."]) from error
        with self._locks.held(str(screening)):
            self._under_way.add(str(screening))
            try:
                return self._run(str(screening), body, folders)
            finally:
                self._under_way.discard(str(screening))

    def clear(self, screening: str) -> None:
        """Remove a screening's container and what it wrote; it is fine if there is none."""
        with self._locks.held(screening):
            self._docker.remove(container.screening_name(self._places, screening))
            mounts.remove(self._places.run / "screenings" / screening)

    def look(self) -> None:
        """Remove the containers of screenings that Docker cut off: nobody waits for them any more."""
        for found in self._docker.list(self._places.enclave, container.LABEL_SCREENING):
            screening = found.labels[container.LABEL_SCREENING]
            if screening not in self._under_way:
                self._docker.remove(found.id)
                log.warning("screening_forgotten screening=%s", screening)

    def adopt(self) -> None:
        """Clear away every screening that a restart of the engine cut off; its worker asks again."""
        for found in self._docker.list(self._places.enclave, container.LABEL_SCREENING):
            self._docker.remove(found.id)
        for folder in (self._places.run / "screenings").glob("*"):
            mounts.remove(folder)

    def _index_folders(self, indexes: object) -> list[Path]:
        if not isinstance(indexes, list | tuple) or len(indexes) > MOST_INDEXES:
            raise Invalid(f'"indexes" is a list of at most {MOST_INDEXES} pairs of dataset and version')
        for pair in indexes:
            if not isinstance(pair, list | tuple) or len(pair) != 2:
                raise Invalid('each of "indexes" is a pair of dataset and version')
        return [container.index_folder(dataset, version, self._places) for dataset, version in indexes]

    def _run(self, screening: str, body: container.Body, indexes: list[Path]) -> dict[str, Any]:
        folder = self._places.run / "screenings" / screening
        if folder.exists():
            raise WrongState(f"screening {screening} was run before; clear it first")
        vault = self._places.state / "vault"
        try:
            mounts.make(folder, 0o711)
            source = vault / "screening" / screening / "in"
            # The vault's writers could swap a folder for a link while Docker looks,
            # so the engine binds what it opened itself.
            mounts.bind_without_links(source, vault, mounts.make(folder / "in", 0o700))
            mounts.make(folder / "index", 0o755)
            for number, index in enumerate(indexes):
                target = mounts.make(folder / "index" / str(number), 0o700)
                mounts.bind_without_links(index, self._places.state / "indexes", target)
            out = mounts.make(folder / "out", 0o700)
            group = self._owners.gid(DATA_GROUP)
            mounts.tmpfs(out, size_bytes=OUT_BYTES, inodes=OUT_INODES, uid=container.SCREENER_UID, gid=group)
            outcome, exit_code = self._contain(screening, body)
            mounts.unmount(folder / "in")
            for number in range(len(indexes)):
                mounts.unmount(folder / "index" / str(number))
        except BaseException:
            mounts.remove(folder)
            raise
        log.info("screening_ended screening=%s outcome=%s exit_code=%s", screening, outcome, exit_code)
        return {"outcome": outcome.value, "exit_code": exit_code, "out": str(out)}

    def _contain(self, screening: str, body: container.Body) -> tuple[Outcome, int | None]:
        name = container.screening_name(self._places, screening)
        made = self._docker.run(body, name)
        try:
            in_time = self._docker.wait(made, self._limit)
            if not in_time:
                self._docker.kill(made)
            return _outcome(self._docker.find(made), in_time=in_time)
        finally:
            self._docker.remove(made)

    def _image(self) -> str:
        stamp = self._places.state / "images" / "screener"
        try:
            return stamp.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Unavailable("there is no screener image; `python3 -m hub up` builds it") from error


def _outcome(found: Container | None, *, in_time: bool) -> tuple[Outcome, int | None]:
    if found is None:
        return Outcome.CRASHED, None
    if not in_time:
        return Outcome.TIMED_OUT, found.exit_code
    if found.out_of_memory:
        return Outcome.OUT_OF_MEMORY, found.exit_code
    if found.exit_code != 0:
        return Outcome.CRASHED, found.exit_code
    return Outcome.FINISHED, 0
