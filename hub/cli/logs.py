"""`logs`: what the processes wrote; one of them or all, followed with -f."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from hub.cli.running import StepFailed, last_lines
from hub.places import places

FOLLOW_SECONDS = 0.3


def run(arguments: list[str]) -> int:
    """Print the last lines of the logs, and new ones as they come with -f."""
    parser = argparse.ArgumentParser(prog="python3 -m hub logs", description=__doc__)
    parser.add_argument("process", nargs="*", help="a process, or a step such as up-images (default: all)")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with new lines")
    parser.add_argument("-n", "--lines", type=int, help="how many lines (default: 100 of one, 15 of each)")
    options = parser.parse_args(arguments)
    files = chosen(places.state / "log", options.process)
    count = options.lines or (100 if len(files) == 1 else 15)
    ends = {file: file.stat().st_size for file in files}
    for file in files:
        show(file, last_lines(file, count), named=len(files) > 1)
    while options.follow:
        for file in files:
            ends[file] = follow(file, ends[file], named=len(files) > 1)
        time.sleep(FOLLOW_SECONDS)
    return 0


def chosen(folder: Path, names: list[str]) -> list[Path]:
    """Return the logs of these names; of all processes when none is named."""
    there = sorted(folder.glob("*.log")) if folder.is_dir() else []
    if not names:
        names = [file.stem for file in there if not file.stem.startswith(("up-", "supervisor-"))]
    unknown = [name for name in names if folder / f"{name}.log" not in there]
    if unknown or not names:
        known = ", ".join(file.stem for file in there) or "none yet"
        raise StepFailed(
            f"there is no log of {', '.join(unknown) or 'any process'}", fix=f"logs there are: {known}"
        )
    return [folder / f"{name}.log" for name in names]


def show(file: Path, text: str, *, named: bool) -> None:
    """Print lines, with the process's name before each when several are shown."""
    for line in map(readable, text.splitlines()):
        print(f"{file.stem:<10} {line}" if named else line)


def readable(line: str) -> str:
    """Return a line for people: an event's time, level, name, fields and request; any other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        said = json.loads(line)
        fields = " ".join(f"{name}={value}" for name, value in said.get("fields", {}).items())
        words = [said["at"][11:23], said["level"], said["event"], said.get("message", ""), fields]
    except (ValueError, KeyError, TypeError, AttributeError):
        return line
    request = f"[{said['request']}]" if said.get("request") else ""
    trace = f"\n{said['trace']}" if said.get("trace") else ""
    return " ".join(word for word in (*words, request) if word) + trace


def follow(file: Path, end: int, *, named: bool) -> int:
    """Print what was added since `end` and return the new end; a rotated log starts again."""
    try:
        size = file.stat().st_size
        if size == end:
            return end
        with file.open("rb") as opened:
            opened.seek(end if size > end else 0)
            added = opened.read()
    except FileNotFoundError:
        return 0
    show(file, added.decode(errors="replace"), named=named)
    return (end if size > end else 0) + len(added)
