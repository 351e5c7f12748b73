"""`python -m tests.fuzz [TARGET…] --seconds N`: fuzzes each parser; a crash is kept in its corpus."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import CORPUS, TARGETS, inputs

INPUT_BYTES, KEPT_BYTES, KEPT = 64 << 10, 4 << 10, 12
BOUNDS = ["-timeout=20", "-rss_limit_mb=3000", f"-max_len={INPUT_BYTES}"]


def main() -> int:
    """Fuzz the targets one after the other; exit with 1 where one crashed, hung or ate too much memory."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=main.__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if none")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--keep", action="store_true", help="keep small inputs that reached new code")
    options = parser.parse_args()
    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"there is no target {sorted(unknown)[0]}")
    if importlib.util.find_spec("atheris") is None:
        parser.error("atheris is not installed: pip install -e '.[test,fuzz]'")
    crashed = [
        name for name in options.targets or TARGETS if not _fuzzed(name, options.seconds, options.keep)
    ]
    sys.stdout.write(f"Crashed: {', '.join(crashed)}\n" if crashed else "Nothing crashed.\n")
    return 1 if crashed else 0


def _fuzzed(name: str, seconds: int, keep: bool) -> bool:
    """Fuzz one target in a process of its own; return whether nothing crashed."""
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{name}-") as work:
        seeds, found, crashes = (Path(work) / part for part in ("seeds", "found", "crashes"))
        for folder in (seeds, found, crashes):
            folder.mkdir()
        for number, (_, data) in enumerate(inputs(name)):
            (seeds / str(number)).write_bytes(data[:INPUT_BYTES])
        drive = [sys.executable, "-m", "tests.fuzz.drive", name, *BOUNDS]
        options = [f"-max_total_time={seconds}", f"-artifact_prefix={crashes}/"]
        ended = subprocess.run([*drive, *options, str(found), str(seeds)], check=False, capture_output=True)
        said = ended.stderr.decode("utf-8", "replace")
        stopped = sorted(crashes.iterdir())
        for path in stopped:
            _keep(name, path.read_bytes(), f"{path.name.split('-')[0]}-")
        if keep:
            room = KEPT - len(inputs(name)) + len(TARGETS[name].seeds())
            for path in sorted(found.iterdir(), key=lambda path: path.stat().st_size)[: max(room, 0)]:
                if path.stat().st_size <= KEPT_BYTES:
                    _keep(name, path.read_bytes(), "")
        runs = next((line for line in reversed(said.split("\n")) if line.startswith("Done ")), "stopped")
        sys.stdout.write(f"{name:<10} {runs}; {len(list(found.iterdir()))} inputs reached new code\n")
        if ended.returncode:
            sys.stdout.write("\n".join(said.strip().split("\n")[-25:]) + "\n")
        sys.stdout.flush()
        return not ended.returncode and not stopped


def _keep(name: str, data: bytes, prefix: str) -> None:
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{prefix}{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
