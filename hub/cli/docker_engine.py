"""Docker's engine: asked over its socket; started where none answers, never touched where one does."""

from __future__ import annotations

import grp
import json
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hub.cli import asking
from hub.cli.running import Step, StepFailed, last_lines
from hub.places import Places

SOCKET = Path("/var/run/docker.sock")
START_SECONDS = 60


PING_SECONDS = 5.0


def answers() -> bool:
    """Say whether an engine answers on the socket."""
    return asking.ask(SOCKET, "/_ping", timeout=PING_SECONDS).status == 200


def hangs() -> bool:
    """Say whether an engine takes a question on the socket and leaves it unanswered."""
    return asking.ask(SOCKET, "/_ping", timeout=PING_SECONDS).text.startswith("TimeoutError")


def ensure(places: Places, step: Step) -> None:
    """Start an engine if none answers: through systemd where it runs, else by ourselves."""
    if answers():
        step.note = "answers already"
        return
    if hangs():
        raise StepFailed(
            "Docker's engine hangs: it takes a question on its socket and does not answer",
            fix="`ps -C dockerd -o pid,stat` shows it; `kill -CONT PID` or restart it, then run this again",
        )
    step.say("starting it")
    if Path("/run/systemd/system").is_dir():
        step.run(["systemctl", "start", "docker"], fix="read `journalctl -u docker`")
        _wait(None, Path("journalctl -u docker"))
        return
    # The engine outlives the enclave and its state, and serves every enclave of this machine.
    folder = places.tools / "docker"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "dockerd.log"
    with log.open("wb") as out:
        engine = subprocess.Popen(
            ["dockerd", "--live-restore", "--log-level", "warn"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
        )
    (folder / "dockerd.pid").write_text(f"{engine.pid}\n", encoding="utf-8")
    _wait(engine, log)
    step.note = f"started, pid {engine.pid}; it keeps running after `down`"


def _wait(engine: subprocess.Popen[bytes] | None, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if answers():
            return
        if engine is not None and engine.poll() is not None:
            break
        time.sleep(0.2)
    raise StepFailed(
        "Docker's engine did not start",
        command=["dockerd", "--live-restore", "--log-level", "warn"],
        log=log,
        lines=last_lines(log, 12),
        fix="the engine needs a privileged machine (control groups, mounts, iptables); read its log",
    )


def get(path: str) -> Any:
    """Return Docker's answer to a question, or None."""
    answer = asking.ask(SOCKET, path, timeout=20)
    return answer.json if answer.status == 200 else None


def _filters(**values: str) -> str:
    return quote(json.dumps({name: [value] for name, value in values.items()}))


def containers(enclave: str) -> list[dict[str, Any]]:
    """Return the enclave's containers, running or not."""
    return get(f"/containers/json?all=1&filters={_filters(label=f'parlatory.enclave={enclave}')}") or []


def inspect(container: str) -> dict[str, Any]:
    """Return all that Docker knows of a container."""
    return get(f"/containers/{container}/json") or {}


def remove_container(container: str) -> bool:
    """Stop and remove a container."""
    path = f"/containers/{container}?force=1&v=1"
    return asking.ask(SOCKET, path, method="DELETE", timeout=60).status in (204, 404)


def images() -> list[str]:
    """Return the tags of the enclave's images on this machine."""
    found = get(f"/images/json?filters={_filters(reference='parlatory/*')}") or []
    return sorted(tag for image in found for tag in image.get("RepoTags") or [])


def remove_image(tag: str) -> bool:
    """Remove an image; another enclave's running container keeps its own."""
    path = f"/images/{quote(tag, safe='')}"
    return asking.ask(SOCKET, path, method="DELETE", timeout=120).status in (200, 404)


def socket_is_roots_own() -> tuple[bool, str]:
    """Say whether only root and members of an empty group reach the socket."""
    found = SOCKET.stat()
    members = grp.getgrgid(found.st_gid).gr_mem if found.st_gid else []
    open_to_all = bool(found.st_mode & 0o007)
    detail = (
        f"{SOCKET} has mode {found.st_mode & 0o777:04o}; members of its group: {', '.join(members) or 'none'}"
    )
    return not open_to_all and found.st_uid == 0 and not members, detail
