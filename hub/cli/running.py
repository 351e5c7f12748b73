"""Run commands and steps: visible, timed, logged; a failure says what, what was tried and what to do."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HEARTBEAT_SECONDS = 10.0
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_children: set[subprocess.Popen[bytes]] = set()


class StepFailed(Exception):
    """A step could not be done."""

    def __init__(
        self,
        what: str,
        *,
        command: Sequence[str] = (),
        log: Path | None = None,
        lines: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(what)
        self.what, self.command, self.log, self.lines, self.fix = what, command, log, lines, fix

    def report(self) -> str:
        """Return the message for the person at the terminal."""
        parts = [f"error: {self.what}"]
        if self.command:
            parts.append(f"  tried: {shlex.join(self.command)}")
        if self.lines:
            parts += ["  last lines:", *(f"    | {line}" for line in self.lines.splitlines())]
        if self.log:
            parts.append(f"  full log: {self.log}")
        if self.fix:
            parts.append(f"  what to do: {self.fix}")
        return "\n".join(parts)


class Step:
    """One step of bringing an enclave up; its commands write to one log."""

    def __init__(self, title: str, log: Path) -> None:
        self.title, self.log, self.note = title, log, "already there"
        # What is waited for; shown in the heartbeat instead of the log's last line.
        self.doing = ""
        self._began = False

    def say(self, line: str) -> None:
        """Show one line of progress and remember that something was done."""
        self.note = "done"
        print(f"  ..   {self.title}: {line}", flush=True)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        fix: str = "read the log, mend the cause and run the command again",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        umask: int = 0o022,
        user: str | None = None,
        group: str | None = None,
        extra_groups: Sequence[str] | None = None,
    ) -> None:
        """Run a command to its end, its output in the step's log; a failure stops the step."""
        line = [str(word) for word in command]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # One step's log holds the last run of that step only, so it never grows.
        with self.log.open("ab" if self._began else "wb") as log:
            self._began = True
            log.write(f"$ {shlex.join(line)}\n".encode())
            log.flush()
            status = _wait(
                subprocess.Popen(
                    line,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=dict(os.environ if env is None else env),
                    cwd=cwd,
                    umask=umask,
                    user=user,
                    group=group,
                    extra_groups=extra_groups,
                )
            )
        if status:
            failed = f"{self.title}: a command ended with status {status}"
            raise StepFailed(failed, command=line, log=self.log, lines=last_lines(self.log, 12), fix=fix)


@contextmanager
def step(title: str, slug: str, logs: Path) -> Iterator[Step]:
    """Time a step, show a heartbeat while it lasts and its outcome at its end."""
    log = logs / f"up-{slug}.log"
    current = Step(title, log)
    began = time.monotonic()
    done = threading.Event()
    beat = threading.Thread(target=_heartbeat, args=(current, began, done), daemon=True)
    beat.start()
    try:
        yield current
    except BaseException:
        print(f"  FAIL {title:<28} {time.monotonic() - began:6.1f} s", flush=True)
        raise
    finally:
        done.set()
        beat.join()
    print(f"  ok   {title:<28} {time.monotonic() - began:6.1f} s  {current.note}", flush=True)


def last_lines(path: Path, count: int) -> str:
    """Return the last lines of a log, without reading all of it."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 65536))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    plain = COLOURS.sub("", text.replace("\r", "\n"))
    return "\n".join(line[:300] for line in plain.splitlines()[-count:])


def output(
    command: Sequence[str | Path], *, timeout: float = 30, env: Mapping[str, str] | None = None
) -> str:
    """Return what a command prints, or an empty text when it cannot be run or fails."""
    try:
        result = subprocess.run(
            [str(word) for word in command],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=None if env is None else dict(env),
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout if result.returncode == 0 else ""


def end_children() -> None:
    """End the commands that are still running, when a person interrupts."""
    for child in list(_children):
        child.terminate()


def _wait(child: subprocess.Popen[bytes]) -> int:
    _children.add(child)
    try:
        return child.wait()
    finally:
        _children.discard(child)


def _heartbeat(current: Step, began: float, done: threading.Event) -> None:
    while not done.wait(HEARTBEAT_SECONDS):
        line = current.doing or (last_lines(current.log, 1)[:90] if current._began else "")
        print(f"  ..   {current.title}: {time.monotonic() - began:.0f} s  {line}", flush=True)
