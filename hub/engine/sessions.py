"""Sessions: started by a grant, watched while they run, and gone without a trace but home and log."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.engine import container, grants, homes, mounts
from hub.engine.dock import Container, Docker, Sample
from hub.engine.locks import Locks
from hub.engine.owners import Owners
from hub.engine.records import Record, Records
from hub.errors import NotFound, Refused, WrongState
from hub.grant import Grant
from hub.places import Places

log = logging.getLogger("parlatory.engine")

IN_BYTES = 1 << 20
IN_INODES = 64


class Sessions:
    """The running sessions of one enclave."""

    def __init__(self, docker: Docker, places: Places, owners: Owners) -> None:
        self._docker = docker
        self._places = places
        self._owners = owners
        self._records = Records(places, owners)
        self._locks = Locks()
        self._samples: dict[str, Sample] = {}

    def start(self, text: object) -> dict[str, Any]:
        """Start the session of a signed grant; whatever is not exactly right is refused."""
        grant = grants.read(text, self._places)
        try:
            body = container.spec(grant, self._places, host_cpus=os.cpu_count() or 1)
        except container.Unfit as error:
            raise Refused([f"The grant does not fit: {error}."]) from error
        if grant.ends_at <= datetime.now(UTC):
            raise Refused([f"Session {grant.session} had to end at {grant.ends_at.isoformat()}."])
        grants.use(grant, self._places)
        if not self._docker.has_image(grant.image):
            raise Refused([f"There is no image {grant.image} here; `python3 -m hub up` builds it."])
        for mount in grant.mounts:
            mounts.require_real(Path(mount.source), self._places.state / "datasets")
        with self._locks.held(grant.session, grant.workspace):
            if self._records.find(grant.session) or self._find(grant.session):
                raise WrongState(f"session {grant.session} was started before; ask for a new one")
            self._prepare_and_run(grant, body)
        log.info("session_started session=%s image=%s", grant.session, grant.image)
        return {"session": grant.session, "state": "running"}

    def list(self) -> list[dict[str, Any]]:
        """Return every session that runs, or ended and was not cleared since."""
        live = self._docker.list(self._places.enclave, container.LABEL_SESSION)
        seen = {item.labels[container.LABEL_SESSION]: _view(item) for item in live}
        return [*seen.values(), *(r.view() for r in self._records.all() if r.session not in seen)]

    def show(self, session: str) -> dict[str, Any]:
        """Return one session."""
        found = self._find(session)
        if found:
            return _view(found)
        record = self._records.find(session)
        if record:
            return record.view()
        raise NotFound(f"there is no session {session}")

    def stop(self, session: str) -> None:
        """Stop a session and clear it away; it is fine if there is none."""
        with self._locks.held(session):
            found = self._find(session)
            if found:
                self._end(session, found)
            else:
                mounts.remove(self._places.session(session))
            self._records.forget(session)

    def log(self, session: str) -> bytes:
        """Return the end of what a session's server printed."""
        found = self._find(session)
        if found:
            return self._docker.log(found.id, container.LOG_BYTES)
        kept = self._records.log(session)
        if kept is None:
            raise NotFound(f"there is no log of session {session}")
        return kept

    def usage(self, session: str) -> dict[str, Any]:
        """Return what a running session uses: memory, processor since the last question, home."""
        found = self._find(session)
        if not found or not found.is_running:
            raise NotFound(f"session {session} is not running")
        sample = self._docker.sample(found.id)
        before, self._samples[session] = self._samples.get(session), sample
        used, there = homes.usage(self._places, found.labels[container.LABEL_WORKSPACE])
        return {
            "memory_bytes": sample.memory_bytes,
            "cpu_percent": _cpu_percent(before, sample),
            "home_used_bytes": used,
            "home_bytes": there,
        }

    def look(self) -> None:
        """Clear away what ended by itself, and end what is past its time."""
        now = datetime.now(UTC)
        for found in self._docker.list(self._places.enclave, container.LABEL_SESSION):
            ends_at = datetime.fromisoformat(found.labels[container.LABEL_ENDS_AT])
            if found.is_over or (found.is_running and ends_at <= now):
                reason = _reason(found) if found.is_over else "The session reached its time limit."
                self._end_and_remember(found.labels[container.LABEL_SESSION], reason)

    def adopt(self) -> None:
        """Take over after a restart: keep what is whole, clear away the rest."""
        live = set()
        homes_in_use = set()
        for found in self._docker.list(self._places.enclave, container.LABEL_SESSION):
            session, workspace = (
                found.labels[container.LABEL_SESSION],
                found.labels[container.LABEL_WORKSPACE],
            )
            if found.is_running and self._is_whole(session, workspace):
                log.info("session_adopted session=%s", session)
                live.add(session)
                homes_in_use.add(workspace)
            else:
                self._end_and_remember(session, "The session was not whole after a restart of the engine.")
        for folder in (self._places.run / "sessions").glob("*"):
            if folder.name not in live:
                mounts.remove(folder)
        for target in (self._places.run / "homes").glob("*"):
            if target.name not in homes_in_use:
                homes.unmount(self._places, target.name)
        grants.forget_expired(self._places)
        self._records.forget_old()

    def _prepare_and_run(self, grant: Grant, body: container.Body) -> None:
        folder = self._places.session(grant.session)
        homes.mount(self._places, grant.workspace, uid=grant.uid, size_bytes=grant.home_bytes)
        try:
            mounts.make(folder, 0o711)
            inside = mounts.make(folder / "in", 0o700)
            gate = self._owners.gid("parlatory-gate")
            mounts.tmpfs(inside, size_bytes=IN_BYTES, inodes=IN_INODES, uid=grant.uid, gid=gate)
            mounts.make(folder / "out", 0o755, uid=self._owners.uid("parlatory-door"))
            self._show_bring_ins(grant, folder)
            self._docker.run(body, container.session_name(self._places, grant.session))
        except BaseException:
            # Whatever went wrong: half a session must not stay, least of all with a home mounted.
            mounts.remove(folder)
            homes.unmount(self._places, grant.workspace)
            raise

    def _show_bring_ins(self, grant: Grant, folder: Path) -> None:
        """Bind what was let into the project; without a folder of the portal's, an empty one."""
        target = mounts.make(folder / "bring-ins", 0o755)
        source = self._places.bring_ins(grant.project)
        # A link is there as well, and is refused.
        if os.path.lexists(source):
            mounts.bind_without_links(source, self._places.state / "bring-ins", target)

    def _end_and_remember(self, session: str, reason: str) -> None:
        with self._locks.held(session):
            found = self._find(session)
            if not found:
                return
            self._end(session, found)
            over = self._records.remember(
                Record(session, "exited", found.exit_code, found.started_at, reason, datetime.now(UTC))
            )
        log.info("session_ended session=%s exit_code=%s reason=%s", session, over.exit_code, reason)

    def _end(self, session: str, found: Container) -> None:
        self._docker.stop(found.id)
        self._records.keep_log(session, self._docker.log(found.id, container.LOG_BYTES))
        self._docker.remove(found.id)
        self._samples.pop(session, None)
        with self._locks.home(found.labels[container.LABEL_WORKSPACE]):
            mounts.remove(self._places.session(session))
            homes.unmount(self._places, found.labels[container.LABEL_WORKSPACE])

    def _find(self, session: str) -> Container | None:
        found = self._docker.find(container.session_name(self._places, session))
        if found and found.labels.get(container.LABEL_ENCLAVE) != self._places.enclave:
            raise WrongState(f"the container named for session {session} is not this enclave's")
        return found

    def _is_whole(self, session: str, workspace: str) -> bool:
        return self._places.session(session) / "in" in mounts.mounted() and homes.is_mounted(
            self._places, workspace
        )


def _view(found: Container) -> dict[str, Any]:
    return {
        "session": found.labels[container.LABEL_SESSION],
        "state": "exited" if found.is_over else found.state,
        "exit_code": found.exit_code,
        "started_at": found.started_at,
    }


def _reason(found: Container) -> str:
    if found.out_of_memory:
        return "A process of the session used more memory than the session may."
    return f"The session's server ended with status {found.exit_code}."


def _cpu_percent(before: Sample | None, now: Sample) -> float | None:
    if before is None or (now.at - before.at).total_seconds() <= 0:
        return None
    busy = (now.cpu_nanoseconds - before.cpu_nanoseconds) / 1e9
    return round(max(0.0, 100 * busy / (now.at - before.at).total_seconds()), 1)
