"""Supervisor: started with the enclave's configuration, asked over its own socket, waited for."""

from __future__ import annotations

import http.client
import os
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub import beside
from hub.cli import asking, environment, programs
from hub.cli.running import Step, StepFailed, last_lines
from hub.places import Places

HEALTHY_SECONDS = 90.0
START_SECONDS = 10.0


@dataclass(frozen=True)
class Process:
    """What supervisor says of one process."""

    name: str
    state: str
    pid: int
    since: int
    why: str


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.socket_path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        made = asking.UnixConnection(self.socket_path, timeout=30)
        # The base class closes what it remembers; one that it does not know of would stay open.
        self._connection = host, made
        return made


class Supervisor:
    """The supervisor of one enclave."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.folder = places.run / "supervisor"
        self.socket = self.folder / "supervisor.sock"

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = _Transport(self.socket)
        with xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport) as proxy:
            return getattr(proxy.supervisor, method)(*arguments)

    def runs(self) -> bool:
        """Say whether supervisor answers and is not on its way out."""
        try:
            return str(self._call("getState")["statename"]) == "RUNNING"
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def processes(self) -> list[Process]:
        """Return the processes, in the order of the table; none when supervisor does not answer."""
        try:
            found = self._call("getAllProcessInfo")
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return []
        order = {name: place for place, name in enumerate(programs.NAMES)}
        made = [
            Process(
                name=info["name"],
                state=info["statename"],
                pid=info["pid"],
                since=info["start"],
                why=info["spawnerr"],
            )
            for info in found
        ]
        return sorted(made, key=lambda process: order.get(process.name, len(order)))

    def pid(self) -> int | None:
        """Return supervisor's process id, if it runs."""
        try:
            pid = int((self.folder / "supervisord.pid").read_text(encoding="utf-8"))
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        return pid if b"supervisord" in line else None

    def configuration(self) -> str:
        """Return the configuration that it was started with; it holds tokens."""
        return (self.folder / "supervisord.conf").read_text(encoding="utf-8")

    def start(self, configuration: str) -> subprocess.Popen[bytes]:
        """Start supervisor in a session of its own, so that a terminal's Ctrl-C reaches only us."""
        file = self.folder / "supervisord.conf"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(configuration)
        here = programs.checkout(self.places)
        log = self.places.state / "log" / "supervisor-start.log"
        command = [str(environment.python(here)), "-m", "supervisor.supervisord", "-c", str(file)]
        with log.open("wb") as out_log:
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out_log,
                stderr=subprocess.STDOUT,
                env={"PATH": programs.PATH, "LANG": "C.UTF-8", "HOME": "/root"},
                cwd="/",
                start_new_session=True,
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.runs():
                return started
            if started.poll() is not None:
                break
            time.sleep(0.05)
        raise StepFailed("supervisor did not start", command=command, log=log, lines=last_lines(log, 12))

    def shutdown(self) -> None:
        """Ask supervisor to stop every process, at once instead of one after the other, and itself."""
        try:
            self._call("stopAllProcesses", False)
            self._call("shutdown")
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return


def wait_until_healthy(places: Places, step: Step) -> None:
    """Wait until every process runs and every part answers; a part that does not is named with its log."""
    supervisor = Supervisor(places)
    checks = health_checks(places)
    waiting = dict(checks)
    until = time.monotonic() + HEALTHY_SECONDS
    why: dict[str, str] = {}
    while waiting or _not_running(supervisor):
        for name, check in list(waiting.items()):
            why[name] = check()
            if not why[name]:
                del waiting[name]
        given_up = [process for process in supervisor.processes() if process.state == "FATAL"]
        if given_up or time.monotonic() > until or not supervisor.runs():
            late = [process.name for process in given_up or _not_running(supervisor)] + list(waiting)
            raise _unhealthy(places, late[0] if late else "supervisor", why)
        step.doing = f"waiting for {', '.join(waiting) or 'the last process'}"
        time.sleep(0.2)
    step.note = f"{len(supervisor.processes())} processes, {len(checks)} of them asked"


def _not_running(supervisor: Supervisor) -> list[Process]:
    return [process for process in supervisor.processes() if process.state != "RUNNING"]


def _unhealthy(places: Places, name: str, why: dict[str, str]) -> StepFailed:
    log = places.state / "log" / f"{name}.log"
    said = why.get(name)
    return StepFailed(
        f"the process `{name}` did not get ready" + (f": {said}" if said else ""),
        log=log,
        lines=last_lines(log, 15),
        fix="read its log; `python3 -m hub down` stops what runs, then run `up` again",
    )


def health_checks(places: Places) -> dict[str, Callable[[], str]]:
    """Return, for each part that answers questions, a function that says what is wrong, or nothing."""
    lab, portal = {"Host": places.lab_host}, {"Host": places.inside_host}
    token = {"Authorization": f"Bearer {places.secret('opa', 'opa')}"}
    proxy = {"Authorization": f"token {places.secret('proxy', 'proxy')}"}
    return {
        "engine": lambda: _wrong(asking.ask(places.engine_socket, "/health")),
        "opa": lambda: _wrong(asking.ask(places.port("opa"), "/health?bundles", headers=token)),
        "proxy": lambda: _wrong(asking.ask(places.port("proxy-api"), "/api/routes", headers=proxy)),
        "portal": lambda: _wrong(asking.ask(places.port("portal"), "/health/portal/", headers=portal)),
        "hub": lambda: _wrong(asking.ask(places.port("lab"), "/hub/api/", headers=lab)),
        # The gate has no page of its own: under its own host name a clear "not found" is its sign of life.
        "gate": lambda: _wrong(asking.ask(places.port("gate"), "/health", headers=lab), also=404),
        # These answer nobody here: they write down how they are.
        "worker": lambda: _not_said(lambda: beside.all_begun(places)),
        "door": lambda: _not_said(lambda: beside.said(beside.door_file(places), by="the door")),
    }


def _not_said(read: Callable[[], object]) -> str:
    try:
        return "" if read() else "not all of it has begun"
    except beside.Unknown as error:
        return str(error)


def _wrong(answer: asking.Answer, *, also: int = 200) -> str:
    if answer.status in (200, also):
        return ""
    return f"it answered {answer.status}" if answer.status else f"no answer ({answer.text})"
