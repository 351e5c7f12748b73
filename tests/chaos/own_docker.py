"""A Docker engine of a test's own, with data, socket and one tiny image of its own: it may be killed."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import docker

from hub.cli import asking
from hub.engine import mounts
from tests.enclave import until
from tests.engine_room import Room, prepared

IMAGE = "parlatory/workspace:own-docker"
# What a session does: it remembers its starts in its home, and shows that it lives.
WORK = b"""#!/bin/sh
echo started >> notes
while :; do echo beat >> beats; sleep 0.2; done
"""
FOLDERS = (
    "home/researcher",
    "data",
    "bring-ins",
    "run/parlatory-in",
    "run/parlatory-out",
    "tmp",
    "proc",
    "sys",
    "dev",
)
ENGINE = """
import sys
from hub.engine import __main__ as process, dock, peers
from tests.engine_room import CALLERS
process.Docker = lambda: dock.Docker(sys.argv[1])
process.LOOK_SECONDS = 0.2
peers.known = lambda: CALLERS
sys.exit(process.main())
"""
STARTED_SECONDS, ENDED_SECONDS = 60, 60
# Whoever asks while Docker is away is answered long before giving up: portal and gate do after 30 s.
PATIENCE_SECONDS = 30


def image() -> bytes:
    """Return a root of a shell, a clock and their libraries, from this machine's own, as a tar file."""
    programs = ("/bin/sh", "/bin/sleep")
    told = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    needed = {word for word in told.split() if word.startswith("/") and not word.endswith(":")}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name in sorted({*programs, *needed}):
            content = Path(name).read_bytes()
            tar.addfile(_entry(name, size=len(content), mode=0o755), io.BytesIO(content))
        tar.addfile(_entry("/work", size=len(WORK), mode=0o755), io.BytesIO(WORK))
        for name in FOLDERS:
            tar.addfile(_entry(name, kind=tarfile.DIRTYPE, mode=0o755))
    return made.getvalue()


def _entry(name: str, *, mode: int, size: int = 0, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name.lstrip("/"))
    entry.size, entry.mode, entry.type = size, mode, kind
    return entry


@dataclass
class OwnDocker:
    """A `dockerd` apart from the machine's: data, sockets and network are its own."""

    data: Path
    run: Path
    live_restore: bool
    process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where it answers."""
        return self.run / "docker.sock"

    @property
    def address(self) -> str:
        """Where it answers, as a client is told."""
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            # In a network of its own: started with no bridge, it would take the machine's docker0 away.
            "unshare", "--net", "dockerd", "--data-root", self.data, "--exec-root", self.run / "exec",
            "--pidfile", self.run / "pid",
            "--host", self.address, "--bridge", "none", "--iptables=false", "--ip6tables=false",
            "--config-file", self.run / "none.json", "--log-level", "warn",
            *(["--live-restore"] if self.live_restore else []),
        ]  # fmt: skip
        (self.run / "none.json").write_text("{}")
        with (self.run / "dockerd.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        until(self._answers, seconds=STARTED_SECONDS, what=f"dockerd answers: {self.log()}")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"dockerd ended: {self.log()}"
        return asking.ask(self.socket, "/_ping", timeout=5).status == 200

    def end(self, number: signal.Signals) -> None:
        """Send it a signal and wait until it and its containerd are gone."""
        assert self.process is not None
        containerd = self.run / "exec" / "containerd" / "containerd.pid"
        own = Path("/proc") / containerd.read_text().strip()
        self.process.send_signal(number)
        self.process.wait(ENDED_SECONDS)
        self.process = None
        # The next one takes a containerd that has died and was not collected yet for one that runs.
        until(lambda: not own.exists(), seconds=ENDED_SECONDS, what="containerd ended with it")

    def hang(self) -> None:
        """Let it take questions and answer none."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on where it hung."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """Return the end of what it said."""
        path = self.run / "dockerd.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""

    def remove(self) -> None:
        """End its containers, then itself."""
        if self.process is None or self.process.poll() is not None:
            self.start()
        self.go_on()
        client = docker.APIClient(base_url=self.address, version="auto")
        try:
            for one in client.containers(all=True):
                client.remove_container(one["Id"], force=True, v=True)
        finally:
            client.close()
            self.end(signal.SIGTERM)


@dataclass
class Ward:
    """An engine on a Docker that may be killed."""

    room: Room = field(repr=False)
    docker: OwnDocker
    engine: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the engine says."""
        return self.room.places.state / "engine.log"

    def start_engine(self) -> None:
        """Start the engine's process."""
        places = self.room.places
        here = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "PARLATORY_STATE": str(places.state),
            "PARLATORY_RUN": str(places.run),
            "PARLATORY_ENCLAVE": places.enclave,
        }
        words = [sys.executable, "-c", ENGINE, self.docker.address]
        with self.log.open("ab") as log:
            self.engine = subprocess.Popen(words, cwd=places.checkout, env=here, stdout=log, stderr=log)

    def kill_engine(self) -> None:
        """Kill the engine's process."""
        assert self.engine is not None
        self.engine.kill()
        self.engine.wait()

    def said(self, event: str) -> list[dict[str, object]]:
        """Return what the engine said of one kind of event."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")]
        return [line["fields"] for line in lines if line["event"] == event]

    def says(self, event: str, *, times: int) -> None:
        """Wait until the engine has said something so often."""
        what = f"the engine says {event} for the {times}. time"
        until(lambda: len(self.said(event)) >= times, seconds=STARTED_SECONDS, what=what)

    def home(self, workspace: str) -> Path:
        """Return where the home of a running session lies on the host."""
        return self.room.places.run / "homes" / workspace

    def beats(self, workspace: str) -> None:
        """Wait until a session shows that it lives."""
        path = self.home(workspace) / "beats"

        def size() -> int:
            return path.stat().st_size if path.exists() else 0

        before = size()
        until(lambda: size() > before, seconds=30, what="the session's server goes on")

    def refuses_to_start(self) -> None:
        """A start while Docker is away is refused in a sentence, and leaves nothing."""
        grant = self.room.grant()
        status, said = self.room.post(grant, seconds=PATIENCE_SECONDS)
        assert status == 503
        assert said["error"].startswith(
            "Docker's engine does not answer, so this could not be done; try again"
        )
        assert not self.home(grant.workspace).exists()
        assert not self.room.places.session(grant.session).exists()

    def left(self) -> list[Path]:
        """Return what is mounted for sessions."""
        run = self.room.places.run
        return [
            one for one in mounts.mounted() if run / "homes" in one.parents or run / "sessions" in one.parents
        ]


@contextmanager
def opened(*, live_restore: bool) -> Iterator[Ward]:
    """Yield an engine on a Docker of its own, and remove both."""
    places, key = prepared()
    own = OwnDocker(data=places.state / "docker", run=places.run / "docker", live_restore=live_restore)
    own.run.mkdir()
    ward = Ward(room=Room(places=replace(places), key=key, image=IMAGE), docker=own)
    try:
        own.start()
        client = docker.APIClient(base_url=own.address, version="auto")
        name, _, tag = IMAGE.partition(":")
        client.import_image_from_data(image(), repository=name, tag=tag, changes=['ENTRYPOINT ["/work"]'])
        client.close()
        ward.start_engine()
        ward.says("engine_ready", times=1)
        yield ward
    finally:
        if ward.engine is not None:
            ward.kill_engine()
        own.remove()
        mounts.remove(places.run)
        mounts.remove(places.state)
