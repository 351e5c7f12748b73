"""An engine of the measurement's own, on a state that is thrown away: no portal, nobody's sessions near."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from hub.cli import asking, programs
from hub.cli.secrets import signing_key
from hub.engine import __main__ as engine_process
from hub.engine import mounts
from hub.errors import Unavailable
from hub.places import Places

READY_SECONDS = 20.0


@contextmanager
def engine(places: Places, image: str) -> Iterator[Places]:
    """Yield the places of an enclave that is an engine and nothing else; all of it is gone afterwards."""
    state = Path(tempfile.mkdtemp(prefix="parlatory-bench-", dir="/var/lib"))
    run = Path(tempfile.mkdtemp(prefix="parlatory-bench-", dir="/run"))
    own = replace(places, state=state, run=run, enclave=f"parlatory-bench-{os.getpid()}")
    try:
        _furnish(own, image)
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.engine"],
            cwd=programs.checkout(places),
            env=programs.environment(own, None) | {"PYTHONPATH": str(programs.checkout(places))},
            stdout=subprocess.DEVNULL,
            stderr=(state / "engine.log").open("wb"),
        )
        try:
            _answering(own)
            yield own
        finally:
            process.terminate()
            process.wait()
    finally:
        mounts.remove(run)
        shutil.rmtree(state)


def _furnish(own: Places, image: str) -> None:
    for folder in (own.state, own.run):
        folder.chmod(0o755)
    engine_process.folders(own)
    for name in ("secrets/data", "keys", "images", "datasets"):
        (own.state / name).mkdir(parents=True)
    (own.state / "images" / "workspace").write_text(f"{image}\n", encoding="utf-8")
    pem = signing_key()
    secret = own.state / "secrets/data/grant.key"
    secret.touch(mode=0o400)
    secret.write_text(pem, encoding="utf-8")
    public = load_pem_private_key(pem.encode(), password=None).public_key()
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (own.state / "keys" / "grant.pub").write_bytes(public.public_bytes(*form))


def _answering(own: Places) -> None:
    end = time.monotonic() + READY_SECONDS
    while asking.ask(own.engine_socket, "/health").status != 200:
        if time.monotonic() > end:
            said = (own.state / "engine.log").read_text(encoding="utf-8")[-300:]
            raise Unavailable(f"The measurement's engine did not answer: {said}")
        time.sleep(0.1)
