"""What processes use, read from /proc: processor time and memory, each with those it started."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from hub.bench.tally import Use

HERTZ = os.sysconf("SC_CLK_TCK")
KIB = 1024


def cpu_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """Return the processor seconds of each and of all it started, but for the others that are named."""
    return {
        name: sum(_own_cpu_seconds(one) for one in family(process, apart_from=processes.values()))
        for name, process in processes.items()
    }


def used(processes: Mapping[str, int], before: Mapping[str, float], seconds: float) -> dict[str, Use]:
    """Return what each used since `before`, over so many seconds; memory that two share counts twice."""
    now = cpu_seconds(processes)
    return {
        name: Use(
            100 * (now[name] - before[name]) / seconds,
            sum(_own_memory_mib(one) for one in family(process, apart_from=processes.values())),
        )
        for name, process in processes.items()
    }


def family(process: int, *, apart_from: Collection[int] = ()) -> list[int]:
    """Return a process and its descendants, as far as they live, without others and theirs."""
    found = [process]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            found += [child for child in map(int, _read(children).split()) if child not in apart_from]
    return found


def _own_cpu_seconds(process: int) -> float:
    """Return a process's own seconds and those of children that ended and were waited for."""
    fields = _read(Path(f"/proc/{process}/stat")).rpartition(") ")[2].split()
    return sum(map(int, fields[11:15])) / HERTZ


def _own_memory_mib(process: int) -> float:
    lines = _read(Path(f"/proc/{process}/status")).splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / KIB


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
