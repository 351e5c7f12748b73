"""The machine of an enclave is lost, and the enclave comes back on a bare one by the lines of the README."""

from __future__ import annotations

import os
import re
import select
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.backup import contents
from hub.cli import docker_engine
from hub.ledger.checkpoint import Checkpoint, Verifier
from hub.ledger.tiles import Tiles
from hub.places import Places, places
from tests import kernel
from tests.browser import steps, workspace
from tests.browser.nothing import Nothing, hub

HEADING = "## When the machine is lost"
PHRASE = "a plainly made up passphrase of the demo"
PROMPT = re.compile(rb"Passphrase of the key: |Again: ")
KEPT = "open('kept.txt', 'w').write('written before the backup'); print('wrote')"
LATER = "open('later.txt', 'w').write('written after the backup'); print('wrote')"
READ = "import pathlib; print(sorted(map(str, pathlib.Path().glob('*.txt'))), open('kept.txt').read())"


@dataclass(frozen=True)
class Lost:
    """What somebody kept of a machine that is lost, and the README's lines with the names filled in."""

    lines: list[list[str]]
    key: bytes
    checkpoint: str
    # Published after the backup was made.
    newer: Path

    def line(self, word: str) -> list[str]:
        """Return the only line of this command that is still to be said."""
        (found,) = (line for line in self.lines if line[0] == word and "--new-key" not in line)
        return found


def readme_lines() -> Iterator[list[str]]:
    """Yield the words behind `python3 -m hub` of each line below the README's heading."""
    text = (places.checkout / "README.md").read_text(encoding="utf-8")
    block = text.split(f"\n{HEADING}\n")[1].split("```")[1]
    for line in block.strip().splitlines():
        assert line.startswith("python3 -m hub "), line
        yield shlex.split(line, comments=True)[3:]


def somebody_is_at_work(nothing: Nothing) -> str:
    """The researcher's session runs, and a file was written to the home; return the session's address."""
    page = nothing.page("researcher")
    workspace.start(page, nothing.enclave, "languages")
    base = workspace.open_lab(page)
    answer = kernel.run(page, base, KEPT)
    assert "wrote" in answer.text, answer
    return base


def it_is_backed_up(nothing: Nothing, folder: Path, base: str) -> Lost:
    """Make key and backup while the session runs; then the session writes on, and the ledger grows."""
    names = {"KEYFILE": "key", "FILE": "backup", "FILE.checkpoint": "backup.checkpoint"}
    paths = {word: str(folder / name) for word, name in names.items()}
    lines = [[paths.get(word, word) for word in line] for line in readme_lines()]
    assert [line[0] for line in lines] == ["backup", "backup", "restore", "up"]
    found = re.search("age1[0-9a-z]{20,}", typed(lines[0], env=nothing.env))
    assert found, "no public half was printed"
    lines = [[found[0] if word == "age1…" else word for word in line] for line in lines]
    hub(*lines[1], env=nothing.env)
    answer = kernel.run(nothing.pages["researcher"], base, LATER)
    assert "wrote" in answer.text, answer
    state = nothing.enclave.places.state
    nothing.sign_in("researcher")
    hub("ledger", "publish", env=nothing.env)
    newer = folder / "newer.checkpoint"
    newer.write_bytes((state / "ledger" / "checkpoint").read_bytes())
    key = (state / "keys" / "ledger.pub").read_bytes()
    return Lost(lines[2:], key, Path(paths["FILE.checkpoint"]).read_text(encoding="utf-8"), newer)


def everything_is_gone(nothing: Nothing, lost: Lost) -> None:
    """Nothing of the enclave is left on the machine but its images, nor what the machine remembers of it."""
    there = nothing.enclave.places
    assert verifier(lost).read(lost.newer.read_text()).size > verifier(lost).read(lost.checkpoint).size
    hub("reset", "--yes", env=nothing.env)
    forget(there)
    assert {path.name for path in there.state.iterdir()} <= {"images", "labfiles"}
    assert list(there.run.iterdir()) == []
    assert docker_engine.containers(there.enclave) == []


def a_shorter_ledger_is_refused(nothing: Nothing, lost: Lost) -> None:
    """Held against a checkpoint newer than the backup, the restore says what is missing."""
    line = lost.line("restore")
    said = typed([*line[:-1], str(lost.newer)], env=nothing.env, status=1)
    assert "the ledger in this backup ends too early" in said, said
    assert contents.is_empty(nothing.enclave.places.state)


def it_is_restored(nothing: Nothing, lost: Lost) -> None:
    """The README's lines bring it back, as it was: without the demo's people and data."""
    assert "Restored the state of" in typed(lost.line("restore"), env=nothing.env)
    hub(*lost.line("up"), env=nothing.env)
    assert not (nothing.enclave.places.state / "demo-passwords.json").exists(), "the demo was put in"


def the_ledger_goes_on(nothing: Nothing, lost: Lost) -> None:
    """The ledger verifies under its key, says that it was restored, and continues what was seen."""
    state = nothing.enclave.places.state
    assert (state / "keys" / "ledger.pub").read_bytes() == lost.key
    hub("ledger", "publish", env=nothing.env)
    assert "The ledger is sound." in hub("ledger", "verify", env=nothing.env)
    assert "restored" in hub("ledger", "show", env=nothing.env)
    before, tiles = verifier(lost).read(lost.checkpoint), Tiles(state / "ledger")
    assert published(tiles, lost).size > before.size
    assert tiles.root(before.size) == before.root
    # Each promise that can be looked at holds; else this command ends with a status of its own.
    hub("doctor", env=nothing.env)


def what_left_is_there(nothing: Nothing, folder: Path) -> None:
    """People sign in as before; the released file is the same, and its receipts hold."""
    for login in ("researcher", "checker1", "checker2"):
        nothing.sign_in(login)
    again = steps.it_is_downloaded(nothing, "Durations", steps.unseen)
    assert again["durations.csv"] == nothing.released["durations.csv"]
    (folder / "durations.csv").write_bytes(again["durations.csv"])
    for number, receipt in enumerate((nothing.released["receipt.json"], again["receipt.json"])):
        file = folder / f"receipt-{number}.json"
        file.write_bytes(receipt)
        hub("ledger", "receipt", str(file), "--files", str(folder), env=nothing.env)


def the_next_result_leaves(nothing: Nothing) -> None:
    """A new session has the home as it was backed up, and what is handed in from it is released."""
    page = nothing.page("researcher")
    workspace.start(page, nothing.enclave, "languages")
    base = workspace.open_lab(page)
    answer = kernel.run(page, base, READ)
    assert "['kept.txt'] written before the backup" in answer.text, answer
    title = "Durations once more"
    steps.a_result_is_handed_in(nothing, title)
    steps.two_checkers_let_it_go(nothing, title, steps.unseen)
    steps.it_is_downloaded(nothing, title, steps.unseen)


def forget(there: Places) -> None:
    """Take away what this machine remembers of an enclave's ledgers: another machine never saw them."""
    for path in (there.tools / "seen").glob(f"{there.enclave}-*"):
        path.unlink()


def verifier(lost: Lost) -> Verifier:
    """Return the ledger's public key, as it was kept."""
    return Verifier.from_vkey(lost.key.decode().strip())


def published(tiles: Tiles, lost: Lost) -> Checkpoint:
    """Return what the ledger says of itself now."""
    return verifier(lost).read(tiles.read_checkpoint() or "")


def typed(words: list[str], *, env: dict[str, str], status: int = 0) -> str:
    """Run one of our commands on a terminal, type the passphrase where it asks, and return what it said."""
    terminal, theirs = os.openpty()
    try:
        process = subprocess.Popen(
            # The passphrase is asked for on the process's own terminal, whatever its input is.
            ["setsid", "--ctty", sys.executable, "-m", "hub", *words],
            cwd=places.checkout,
            env=os.environ | env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        said = b""
        answered = 0
        while select.select([terminal], [], [], 0.2)[0] or process.poll() is None:
            if select.select([terminal], [], [], 0)[0]:
                said += os.read(terminal, 4096)
            if len(PROMPT.findall(said)) > answered:
                answered += 1
                os.write(terminal, f"{PHRASE}\n".encode())
    finally:
        os.close(terminal)
        os.close(theirs)
    assert process.returncode == status, said.decode()[-3000:]
    return said.decode()
