"""Many processes on one database file: no entry is lost, doubled or skipped, whoever is killed on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.places import places
from tests.enclave import until
from tests.throwaway import make_state

pytestmark = pytest.mark.timeout(300)
WRITERS, EACH = 8, 25
APPEND = """
import django, sys
django.setup()
from django.db import transaction
from hub.ledger import entries
from hub.ledger.kinds import Kind
for number in range(int(sys.argv[2])):
    with transaction.atomic():
        entries.append(Kind.SAVED, by=sys.argv[1], subject=str(number), facts={})
"""


@pytest.fixture(scope="module")
def enclave() -> Path:
    """A state folder with an empty, migrated database and the enclave's own settings."""
    state = make_state()
    for name in ("db", "ledger", "opa"):
        (state / name).mkdir(exist_ok=True)
    (state / "opa" / "revision").write_text("r1\n")
    migrate = "import django; django.setup(); from django.core.management import call_command as c; "
    done = start(state, "-c", migrate + "c('migrate', verbosity=0)")
    said, _ = done.communicate(timeout=120)
    assert done.returncode == 0, said
    return state


def start(state: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a Python of the enclave."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=places.checkout,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PARLATORY_")},
            "PARLATORY_STATE": str(state),
            "PARLATORY_PORT": "1",
            "DJANGO_SETTINGS_MODULE": "hub.settings",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ledger(state: Path, *words: str) -> tuple[int, str]:
    """Run the ledger's command."""
    process = start(state, "-m", "hub.ledger", *words)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def count(state: Path) -> int:
    """Return how many entries `verify` counted, which also says that none is missing or doubled."""
    status, said = ledger(state, "verify")
    assert status == 0, said
    found = re.search(r"the database holds (\d+) entries without a gap", said)
    assert found, said
    return int(found[1])


def rows(state: Path) -> int:
    """Return how many entries the database holds, while others write."""
    code = "import django; django.setup(); from hub.ledger.models import Entry; print(Entry.objects.count())"
    said, _ = start(state, "-c", code).communicate(timeout=60)
    return int(said)


def test_eight_processes_append_and_publish_at_once_and_nothing_is_lost(enclave: Path) -> None:
    writers = [start(enclave, "-c", APPEND, f"writer{n}", str(EACH)) for n in range(WRITERS)]
    for writer in writers:
        said, _ = writer.communicate(timeout=200)
        assert writer.returncode == 0, said
    assert count(enclave) == WRITERS * EACH
    status, said = ledger(enclave, "show", "--count", str(WRITERS * EACH))
    assert status == 0
    for number in range(WRITERS):
        assert said.count(f"by writer{number} on") == EACH
    assert ledger(enclave, "publish")[0] == 0
    assert count(enclave) == WRITERS * EACH


def test_a_killed_writer_leaves_no_gap_and_no_lock(enclave: Path) -> None:
    before = count(enclave)
    writers = [start(enclave, "-c", APPEND, f"doomed{n}", "100000") for n in range(3)]
    until(lambda: rows(enclave) > before, seconds=60, what="the writers at work")
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    assert ledger(enclave, "publish")[0] == 0
    after = count(enclave)
    assert after > before
    late = start(enclave, "-c", APPEND, "late", "1")
    said, _ = late.communicate(timeout=60)
    assert late.returncode == 0, said
    assert count(enclave) == after + 1


def test_the_commands_show_prove_and_record(enclave: Path) -> None:
    status, said = ledger(enclave, "revision")
    assert status == 0 and "policy_revision" in said
    assert "on the ledger already" in ledger(enclave, "revision")[1]
    status, said = ledger(enclave, "publish")
    assert status == 0, said
    status, said = ledger(enclave, "proof", "0")
    assert status == 0 and json.loads(said)["verifies"] is True
    status, said = ledger(enclave, "proof", "99999999")
    assert status == 1 and "has no published entry 99999999" in said
    assert "0 past decisions would be different today." in ledger(enclave, "replay")[1]


def test_verify_names_what_is_wrong_and_restore_mends_the_files(enclave: Path) -> None:
    tile = enclave / "ledger" / "tile" / "entries" / "000"
    if not tile.is_file():
        # Not full yet; once it is, the partial ones beside it are history that nobody reads.
        tile = max(tile.with_suffix(".p").iterdir(), key=lambda path: int(path.name))
    data = tile.read_bytes()
    tile.write_bytes(data[:60] + bytes([data[60] ^ 1]) + data[61:])
    status, said = ledger(enclave, "verify")
    assert status == 1 and "WRONG" in said and said.rstrip().endswith("The ledger is NOT sound.")
    assert ledger(enclave, "restore")[0] == 0
    assert ledger(enclave, "verify")[0] == 0
