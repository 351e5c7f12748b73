"""A pytest plugin, loaded before Django: where no enclave is named, tests get secrets of their own."""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

WORDS = ("django", "oidc-client", "hub-api", "hub-portal", "gate-portal", "opa", "salt")


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    """Return a private key as PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def make_state(parent: Path | None = None) -> Path:
    """Make a state folder that holds nothing but secrets; the process that made it removes it at its end."""
    state = Path(tempfile.mkdtemp(prefix="parlatory-unit-", dir=parent))
    atexit.register(remove, state, os.getpid())
    folder = state / "secrets" / "data"
    folder.mkdir(parents=True)
    for name in ("db", "ledger", "static", "images"):
        (state / name).mkdir()
    (state / "images" / "workspace").write_text("parlatory/workspace:unit\n")
    for name in WORDS:
        (folder / name).write_text(secrets.token_hex(32))
    (folder / "grant.key").write_text(pem(ed25519.Ed25519PrivateKey.generate()))
    (folder / "ledger.key").write_text(pem(ed25519.Ed25519PrivateKey.generate()))
    (folder / "oidc.key").write_text(pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    return state


def remove(state: Path, maker: int) -> None:
    """Remove a state folder unless this is a process that its maker forked."""
    if os.getpid() == maker:
        shutil.rmtree(state, ignore_errors=True)


# A worker of pytest-xdist inherits its run's environment: its own state lies inside that of the run.
run = Path(os.environ["PARLATORY_STATE"]) if "PARLATORY_UNIT" in os.environ else None
if "PARLATORY_STATE" not in os.environ or (run and "PYTEST_XDIST_WORKER" in os.environ):
    os.environ["PARLATORY_STATE"] = str(make_state(run))
    os.environ["PARLATORY_RUN"] = str(Path(os.environ["PARLATORY_STATE"]) / "run")
    os.environ["PARLATORY_UNIT"] = "1"


def state() -> Path:
    """Return the state folder, for tests that empty a part of it: only one that is thrown away."""
    assert "PARLATORY_UNIT" in os.environ, "this test empties its state; it is for a throwaway one"
    return Path(os.environ["PARLATORY_STATE"])
