"""The seal around a backup: the age format, to the public keys of those who may open it.

The machine that writes backups holds public keys only, so it can't read the ones it wrote before. Without
us: `age -d -i KEYFILE BACKUP | tar -tv`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyrage

from hub.backup.failure import BackupFailed, BackupRefused

_PUBLIC, _SECRET = "age1", "AGE-SECRET-KEY-1"


def new_key(path: Path, *, passphrase: str) -> str:
    """Write a new key, sealed with a passphrase unless that is empty; return its public half."""
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    text = f"# public key: {recipient}\n{identity}\n".encode()
    content = pyrage.passphrase.encrypt(text, passphrase) if passphrase else text
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    except OSError as error:
        raise BackupFailed(f"the key can’t be written to {path}: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return recipient


def recipients(lines: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    """Return the public keys in these lines; comments and empty lines aside; no key at all is refused."""
    words = [line.strip() for line in lines]
    found = []
    for word in words:
        if not word or word.startswith("#"):
            continue
        try:
            found.append(pyrage.x25519.Recipient.from_str(word))
        except pyrage.RecipientError as error:
            raise BackupFailed(f"“{word[:12]}…” is no public key of age; it starts with {_PUBLIC}") from error
    if not found:
        raise BackupFailed(
            "a backup is sealed to a public key, and none was given; `python3 -m hub backup --new-key FILE` "
            "makes a key and says its public half"
        )
    return found


def identities(path: Path, *, passphrase: Callable[[], str]) -> list[pyrage.x25519.Identity]:
    """Return the secret keys in a key file, which may itself be sealed with a passphrase."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BackupRefused(f"the key {path} can’t be read: {error.strerror}") from error
    if content.startswith(b"age-encryption.org/"):
        try:
            content = pyrage.passphrase.decrypt(content, passphrase())
        except pyrage.DecryptError as error:
            raise BackupRefused(f"the passphrase does not open the key {path}") from error
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    try:
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(_SECRET)]
    except pyrage.IdentityError as error:
        raise BackupRefused(f"{path} holds a key that can’t be read") from error
    if not found:
        raise BackupRefused(f"{path} holds no key; a line of it starts with {_SECRET}")
    return found


@contextmanager
def sealing(target: IO[bytes], keys: Sequence[pyrage.x25519.Recipient]) -> Iterator[IO[bytes]]:
    """Yield a stream whose bytes arrive sealed in `target`; what is left of a failure can't be opened."""
    source, sink = os.pipe()
    failures: list[Exception] = []

    def seal() -> None:
        with os.fdopen(source, "rb") as plain:
            try:
                pyrage.encrypt_io(plain, target, keys)
            except (pyrage.EncryptError, OSError) as error:
                failures.append(error)

    worker = threading.Thread(target=seal, name="seal")
    worker.start()
    try:
        with os.fdopen(sink, "wb") as stream:
            yield stream
    except BrokenPipeError as error:
        worker.join()
        raise _not_written(failures) from error
    finally:
        worker.join()
    if failures:
        raise _not_written(failures)


@contextmanager
def opening(source: IO[bytes], keys: Sequence[pyrage.x25519.Identity]) -> Iterator[IO[bytes]]:
    """Yield what a sealed stream holds; one altered or missing byte raises, at the latest at its end.

    Whatever the reader makes of a stream that ends too early, the seal's own complaint is what is raised.
    """
    outlet, inlet = os.pipe()
    failures: list[Exception] = []

    def unseal() -> None:
        with os.fdopen(inlet, "wb") as plain:
            try:
                pyrage.decrypt_io(source, plain, keys)
            except (pyrage.DecryptError, OSError) as error:
                failures.append(error)

    worker = threading.Thread(target=unseal, name="unseal")
    worker.start()
    done = False
    try:
        with os.fdopen(outlet, "rb") as stream:
            yield stream
            done = True
    finally:
        worker.join()
        # A reader that gave up closes the pipe, and the seal complains of that: then the reader's own
        # complaint stands.
        broken = [error for error in failures if "Broken pipe" not in str(error)]
        if broken or (failures and done):
            raise BackupRefused(f"the file is damaged, or not sealed to this key: {failures[0]}") from None


def _not_written(failures: list[Exception]) -> BackupFailed:
    return BackupFailed(f"the backup can’t be written: {failures[0] if failures else 'its stream broke'}")
