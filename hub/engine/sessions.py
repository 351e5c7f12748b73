"""Sessions: started by a grant, watched while they run, and gone without a trace but home and log."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub import beside
from hub.engine import container, gpus, grants, homes, mounts
from hub.engine.dock import Container, Docker, Sample
from hub.engine.locks import Locks
from hub.engine.owners import Owners
from hub.engine.records import Record, Records
from hub.errors import NotFound, Refused, Unavailable, WrongState
from hub.grant import Grant
from hub.places import Places

log = logging.getLogger("parlatory.engine")

IN_BYTES = 1 << 20
IN_INODES = 64
WHILE_AWAY = (
    "The session ended while Docker's engine was away; what was saved in its home is kept. Start it again."
)
NOT_WHOLE = "The session lost a part that it needs and was ended; what was saved is kept. Start it again."


class Sessions:
    """The running sessions of one enclave."""

    def __init__(self, docker: Docker, places: Places, owners: Owners) -> None:
        self._docker = docker
        self._places = places
        self._owners = owners
        self._records = Records(places, owners)
        self._locks = Locks()
        self._lending = threading.Lock()
        self._samples: dict[str, Sample] = {}
        # Whether Docker was away when it was looked for last; only a look writes this, and never two at once.
        self._away = False
        self._said: bool | None = None

    def start(self, text: object) -> dict[str, Any]:
        """Start the session of a signed grant; whatever is not exactly right is refused."""
        grant = grants.read(text, self._places)
        body = self._body(grant, gpus.here(self._docker)[: grant.gpus] if grant.gpus else ())
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
            if self._of_workspace(grant.workspace):
                raise WrongState(
                    f"the home of workspace {grant.workspace} is in use by another session; stop that first"
                )
            # Which GPUs are free is true only until somebody else takes them.
            with self._lending if grant.gpus else nullcontext():
                if grant.gpus:
                    body = self._body(grant, gpus.free(grant.gpus, self._docker, self._places))
                self._prepare_and_run(grant, body)
        log.info("session_started session=%s image=%s", grant.session, grant.image)
        return {"session": grant.session, "state": "running"}

    def _body(self, grant: Grant, lent: Sequence[str]) -> container.Body:
        try:
            return container.spec(grant, self._places, host_cpus=os.cpu_count() or 1, gpus=lent)
        except container.Unfit as error:
            raise Refused([f"The grant does not fit: {error}."]) from error

    def list(self) -> list[dict[str, Any]]:
        """Return every session that runs, or ended and was not cleared since."""
        live = self._docker.list(self._places.enclave, container.LABEL_SESSION)
        seen = {item.labels[container.LABEL_SESSION]: self._view(item) for item in live}
        return [*seen.values(), *(r.view() for r in self._records.all() if r.session not in seen)]

    def show(self, session: str) -> dict[str, Any]:
        """Return one session."""
        found = self._find(session)
        if found:
            return self._view(found)
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

    def look(self) -> Sequence[Container]:
        """Clear away what ended by itself or is not whole, end what is past its time; return what stays."""
        live = self._live()
        mounted = set(mounts.mounted())
        over = [found for found in live if self._why_over(found, mounted)]
        for found in over:
            self._end_in_its_turn(found.labels[container.LABEL_SESSION])
        self._is_back(live)
        self._clear_leftovers(live)
        return [found for found in live if found not in over]

    def _live(self) -> Sequence[Container]:
        """Return the sessions' containers; remember that Docker is away where it does not say them."""
        try:
            return self._docker.list(self._places.enclave, container.LABEL_SESSION)
        except Unavailable:
            if not self._away:
                log.warning("docker_away sessions=%s", "looked after when it is back")
            self._say(away=True)
            raise

    def _is_back(self, live: Sequence[Container]) -> None:
        """Forget that Docker was away; only once all that ended meanwhile has that for its reason."""
        if self._away:
            log.warning("docker_back sessions=%s", len(live))
        self._say(away=False)

    def _say(self, *, away: bool) -> None:
        """Remember whether Docker is away, and say so to whoever asks how the promises stand."""
        self._away = away
        if self._said is not away:
            self._said = away
            beside.say(beside.docker_file(self._places), away=away)

    def _why_over(self, found: Container, mounted: Collection[Path]) -> str:
        """Return why a container may not stay as it is; nothing when it may."""
        if found.is_over:
            return self._reason(found)
        ends_at = datetime.fromisoformat(found.labels[container.LABEL_ENDS_AT])
        if found.is_running and ends_at <= datetime.now(UTC):
            return "The session reached its time limit."
        # Created and never started is not whole either: what is being started now is held meanwhile.
        return "" if found.is_running and self._is_whole(found, mounted) else NOT_WHOLE

    def _end_in_its_turn(self, session: str) -> None:
        """End a session and say so; one that can't be ended now keeps no other from its end."""
        with self._locks.session_if_free(session) as free:
            # It may have been started, or be gone, since it was looked at.
            found = self._find(session) if free else None
            if found and (reason := self._why_over(found, mounts.mounted())):
                try:
                    self._end_and_remember(session, found, reason)
                except (Unavailable, OSError) as error:
                    log.warning("session_not_ended session=%s error=%s", session, error)

    def _clear_leftovers(self, live: Sequence[Container]) -> None:
        """Take away folders and homes of no container: a start or an end that Docker cut off left them."""
        sessions = {found.labels[container.LABEL_SESSION] for found in live}
        for folder in (self._places.run / "sessions").glob("*"):
            if folder.name not in sessions:
                with self._locks.session_if_free(folder.name) as free:
                    if free and folder.exists() and not self._find(folder.name):
                        mounts.remove(folder)
                        log.warning("leftover_cleared session=%s", folder.name)
        workspaces = {found.labels[container.LABEL_WORKSPACE] for found in live}
        for target in (self._places.run / "homes").glob("*"):
            if target.name not in workspaces:
                with self._locks.home_if_free(target.name) as free:
                    if free and target.exists() and not self._of_workspace(target.name):
                        homes.unmount(self._places, target.name)
                        log.warning("leftover_cleared home=%s", target.name)

    def adopt(self) -> None:
        """Take over after a restart: keep what is whole, clear away the rest."""
        for found in self.look():
            log.info("session_adopted session=%s", found.labels[container.LABEL_SESSION])
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

    def _end_and_remember(self, session: str, found: Container, reason: str) -> None:
        # First, so that an end which is cut off is not without its reason; the first one stays.
        over = self._records.find(session) or self._records.remember(
            Record(session, "exited", found.exit_code, found.started_at, reason, datetime.now(UTC))
        )
        self._end(session, found)
        log.info("session_ended session=%s exit_code=%s reason=%s", session, over.exit_code, over.reason)

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

    def _view(self, found: Container) -> dict[str, Any]:
        session = found.labels[container.LABEL_SESSION]
        # One that is being ended has its reason already; what its container shows meanwhile is not why.
        if not found.is_running and (over := self._records.find(session)):
            return over.view()
        seen = {
            "session": session,
            "state": "exited" if found.is_over else found.state,
            "exit_code": found.exit_code,
            "started_at": found.started_at,
        }
        return seen | ({"reason": self._reason(found)} if found.is_over else {})

    def _reason(self, found: Container) -> str:
        if self._away:
            return WHILE_AWAY
        if found.out_of_memory:
            return "A process of the session used more memory than the session may."
        return f"The session's server ended with status {found.exit_code}."

    def _of_workspace(self, workspace: str) -> Sequence[Container]:
        return self._docker.list(self._places.enclave, f"{container.LABEL_WORKSPACE}={workspace}")

    def _is_whole(self, found: Container, mounted: Collection[Path]) -> bool:
        inside = self._places.session(found.labels[container.LABEL_SESSION]) / "in"
        home = homes.point(self._places, found.labels[container.LABEL_WORKSPACE])
        return inside in mounted and home in mounted


def _cpu_percent(before: Sample | None, now: Sample) -> float | None:
    if before is None or (now.at - before.at).total_seconds() <= 0:
        return None
    busy = (now.cpu_nanoseconds - before.cpu_nanoseconds) / 1e9
    return round(max(0.0, 100 * busy / (now.at - before.at).total_seconds()), 1)
