"""The few things asked of Docker, each with its errors turned into the engine's own."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.errors import NotFound as NoContainer

from hub.cli import asking
from hub.engine.container import STOP_SECONDS, Body
from hub.errors import Unavailable, WrongState

log = logging.getLogger("parlatory.engine")

SOCKET = "unix:///var/run/docker.sock"
ANSWER_SECONDS = 60
# What only looks is answered in milliseconds. Docker may hang once it has shown that it lives, and who looks
# has to notice.
LOOK_SECONDS = 15
# One that hangs takes a question and never answers: before each one it shows within so long that it lives.
PING_SECONDS = 5
# Once it did not, everybody is refused at once for so long: who waits for a silent one holds up all others.
SILENT_SECONDS = 3
CONFLICT = 409
# The person who asks for a session reads this too; what exactly failed is in the engine's log.
AWAY = (
    "Docker's engine does not answer, so this could not be done; try again in a minute. "
    "An admin finds out why with `systemctl status docker`"
)


@dataclass(frozen=True)
class Container:
    """A container as Docker sees it."""

    id: str
    state: str
    exit_code: int | None
    started_at: str | None
    out_of_memory: bool
    labels: dict[str, str]

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.state in {"running", "restarting", "paused"}

    @property
    def is_over(self) -> bool:
        """Whether its process lived and ended."""
        return self.state in {"exited", "dead"}


@dataclass(frozen=True)
class Sample:
    """What a container had used at one moment."""

    at: datetime
    memory_bytes: int
    cpu_nanoseconds: int


class Docker:
    """Docker's API, a connection for each thread that asks."""

    def __init__(self, socket: str = SOCKET) -> None:
        self._socket = socket
        self._own = threading.local()
        self._silent_until = 0.0

    def version(self) -> str:
        """Return the engine's version."""
        with _translated():
            return str(self._client(LOOK_SECONDS).version()["Version"])

    def hands_gpus_in(self) -> bool:
        """Say whether the engine has the runtime that puts GPUs into containers."""
        with _translated():
            return "nvidia" in (self._client(LOOK_SECONDS).info().get("Runtimes") or {})

    def has_image(self, tag: str) -> bool:
        """Say whether an image of that tag is here."""
        with _translated():
            try:
                self._client(LOOK_SECONDS).inspect_image(tag)
            except ImageNotFound:
                return False
            return True

    def run(self, body: Body, name: str) -> str:
        """Create and start a container of this body and return its id; a second of a name is refused."""
        with _translated():
            client = self._client()
            try:
                made = str(client.create_container_from_config(body, name)["Id"])
            except APIError as error:
                if error.status_code == CONFLICT:
                    raise WrongState(
                        f"there is a container {name}; a container is never used twice"
                    ) from error
                raise
            try:
                client.start(made)
            except APIError:
                client.remove_container(made, force=True, v=True)
                raise
            return made

    def list(self, enclave: str, label: str) -> list[Container]:
        """Return every container of an enclave that carries the label, stopped ones too."""
        with _translated():
            wanted = {"label": [f"parlatory.enclave={enclave}", label]}
            found = self._client(LOOK_SECONDS).containers(all=True, filters=wanted)
        seen = [self.find(item["Id"]) for item in found]
        return [container for container in seen if container is not None]

    def find(self, name: str) -> Container | None:
        """Return a container by name or id, or None where Docker has none."""
        with _translated():
            try:
                seen = self._client(LOOK_SECONDS).inspect_container(name)
            except NoContainer:
                return None
        return _container(seen)

    def stop(self, container: str) -> None:
        """Stop a container within seconds: asked first, killed then."""
        with _translated(), _absent_is_fine():
            self._client().stop(container, timeout=STOP_SECONDS)

    def kill(self, container: str) -> None:
        """Kill a container at once."""
        with _translated(), _absent_is_fine():
            try:
                self._client().kill(container)
            except APIError as error:
                # It ended by itself between the question and the signal.
                if error.status_code != CONFLICT:
                    raise

    def remove(self, container: str) -> None:
        """Remove a container and whatever volumes its image asked for."""
        with _translated(), _absent_is_fine():
            self._client().remove_container(container, force=True, v=True)

    def wait(self, container: str, seconds: float) -> bool:
        """Wait for a container to end; say whether it did in time."""
        with _translated():
            try:
                self._client().wait(container, timeout=seconds)
            except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError):
                return not self._client().inspect_container(container)["State"]["Running"]
        return True

    def log(self, container: str, cap_bytes: int) -> bytes:
        """Return the end of a container's output, at most this much."""
        with _translated():
            try:
                said: bytes = self._client().logs(container, timestamps=True)
            except NoContainer:
                return b""
        return said[-cap_bytes:]

    def sample(self, container: str) -> Sample:
        """Return what a container has used up to now, without waiting."""
        with _translated():
            stats = self._client(LOOK_SECONDS).stats(container, stream=False, one_shot=True)
        memory = stats.get("memory_stats", {})
        details = memory.get("stats", {})
        # File pages the kernel would drop at once count for nobody; the name differs between cgroup 1 and 2.
        droppable = details.get("total_inactive_file", details.get("inactive_file", 0))
        return Sample(
            at=datetime.now(UTC),
            memory_bytes=max(0, memory.get("usage", 0) - droppable),
            cpu_nanoseconds=stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage", 0),
        )

    def _client(self, seconds: int = ANSWER_SECONDS) -> Any:
        self._require_life()
        if not hasattr(self._own, "client"):
            self._own.client = docker.APIClient(base_url=self._socket, version="auto", timeout=seconds)
        self._own.client.timeout = seconds
        return self._own.client

    def _require_life(self) -> None:
        if time.monotonic() < self._silent_until:
            raise Unavailable(AWAY)
        answer = asking.ask(Path(self._socket.removeprefix("unix://")), "/_ping", timeout=PING_SECONDS)
        if answer.status != HTTPStatus.OK:
            self._silent_until = time.monotonic() + SILENT_SECONDS
            log.warning("docker_silent said=%s", answer.text)
            raise Unavailable(AWAY)


def _container(seen: dict[str, Any]) -> Container:
    state = seen["State"]
    running = state["Status"] == "running"
    began = state.get("StartedAt") or ""
    return Container(
        id=seen["Id"],
        state=state["Status"],
        exit_code=None if running or state["Status"] == "created" else state.get("ExitCode"),
        # Docker's zero time means never; its nanoseconds are more than a reader needs.
        started_at=None if began.startswith("0001") or not began else began[:19] + "+00:00",
        out_of_memory=bool(state.get("OOMKilled")),
        labels=seen["Config"].get("Labels") or {},
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise Unavailable(f"Docker refused: {error.explanation or error}") from error
    except (DockerException, requests.exceptions.RequestException) as error:
        log.warning("docker_unanswered error=%s", error)
        raise Unavailable(AWAY) from error


@contextmanager
def _absent_is_fine() -> Iterator[None]:
    try:
        yield
    except NoContainer:
        return
