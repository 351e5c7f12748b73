"""`python -m hub.cli.secrets`: make the keys and tokens that are missing; only `rotate` changes others.

Runs in the environment, as root: the standard library makes no Ed25519 or RSA keys.
"""

from __future__ import annotations

import base64
import grp
import hashlib
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from hub import files
from hub.places import DATA_GROUP, USERS, Places, places

RSA_BITS = 3072


def token() -> str:
    """Return 256 random bits as hex."""
    return secrets.token_hex(32)


def signing_key() -> str:
    """Return a new Ed25519 private key as PEM."""
    return _pem(ed25519.Ed25519PrivateKey.generate())


def identity_key() -> str:
    """Return a new RSA private key as PEM, for OpenID's RS256."""
    return _pem(rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))


def _pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


# What each owner holds. One of the same name is the same secret, copied to each who needs it.
OWNERS: dict[str, dict[str, Callable[[], str]]] = {
    "data": {
        "django": token,
        "grant.key": signing_key,
        "ledger.key": signing_key,
        "oidc.key": identity_key,
        "oidc-client": token,
        "hub-api": token,
        "hub-portal": token,
        "gate-portal": token,
        "opa": token,
        "salt": token,
    },
    "hub": {
        "oidc-client": token,
        "hub-api": token,
        "hub-portal": token,
        "gate-hub": token,
        "proxy": token,
        "cookie": token,
        "crypt": token,
    },
    "gate": {"gate-hub": token, "gate-portal": token},
    "proxy": {"proxy": token},
    "opa": {"opa": token},
}


def group_of(owner: str) -> str:
    """Return the group that may read an owner's secrets."""
    return DATA_GROUP if owner == "data" else USERS[owner]


def ensure(places: Places) -> int:
    """Make the secrets that are missing, set owner and mode of all; return how many were made."""
    root = places.state / "secrets"
    known = _existing(root)
    made = 0
    for owner, names in OWNERS.items():
        folder = root / owner
        folder.mkdir(parents=True, exist_ok=True)
        gid = grp.getgrnam(group_of(owner)).gr_gid
        for name, make in names.items():
            if name not in known:
                known[name] = make()
                made += 1
            _write(folder / name, known[name], gid=gid, mode=0o440)
        os.chown(folder, 0, gid)
        folder.chmod(0o550)
    _publish(places)
    return made


def replace(places: Places, names: list[str]) -> None:
    """Put new secrets in the place of those named, in every copy; the rest stays."""
    root = places.state / "secrets"
    known = _existing(root)
    for name in names:
        if name == "django":
            if _before(places).exists() and _before(places).read_text(encoding="utf-8") != known[name]:
                # A rotation was cut off after this: what was sealed before is not sealed anew yet.
                continue
            _write(_before(places), known[name], gid=grp.getgrnam(DATA_GROUP).gr_gid, mode=0o440)
        make = next(made[name] for made in OWNERS.values() if name in made)
        fresh = make()
        for owner, made in OWNERS.items():
            if name in made:
                gid = grp.getgrnam(group_of(owner)).gr_gid
                _write(root / owner / name, fresh, gid=gid, mode=0o440)
    _publish(places)


def forget(places: Places) -> None:
    """Forget the portal's secret of before, when nothing is sealed with it any more."""
    _before(places).unlink(missing_ok=True)


def _before(places: Places) -> Path:
    return places.state / "secrets" / "data" / ".django.before"


def _existing(root: Path) -> dict[str, str]:
    return {
        name: (root / owner / name).read_text(encoding="utf-8")
        for owner, names in OWNERS.items()
        for name in names
        if (root / owner / name).exists()
    }


def _write(path: Path, text: str, *, gid: int, mode: int) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        # What they sign outlives a power cut, so they must.
        files.write(path, text.encode(), mode=0o400)
    os.chown(path, 0, gid)
    path.chmod(mode)


def _publish(places: Places) -> None:
    folder = places.state / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    grant = _public(places.state / "secrets/data/grant.key")
    pem = grant.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(folder / "grant.pub", pem.decode(), gid=0, mode=0o444)
    ledger = _public(places.state / "secrets/data/ledger.key")
    _write(
        folder / "ledger.pub", verifier_key(f"{places.enclave}.localhost/ledger", ledger), gid=0, mode=0o444
    )


def _public(path: Path) -> ed25519.Ed25519PublicKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise SystemExit(
            f"error: {path} is not an Ed25519 key; `python3 -m hub reset` starts over with new keys"
        )
    return key.public_key()


def verifier_key(name: str, key: ed25519.Ed25519PublicKey) -> str:
    """Return the key in the form that verifiers of signed notes read: name+hash+base64(kind, key)."""
    raw = b"\x01" + key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    digest = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    return f"{name}+{digest}+{base64.b64encode(raw).decode()}"


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["replace", *named]:
            replace(places, named)
        case ["forget", "django"]:
            forget(places)
        case _:
            sys.stdout.write(f"made {ensure(places)} secrets\n")
