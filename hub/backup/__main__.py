"""`python -m hub.backup write|key|restore|look`: what `python3 -m hub backup` and `restore` run, as root."""

from __future__ import annotations

import argparse
import getpass
import signal
import sys
from pathlib import Path

from hub.backup import restoring, sealed, tail, writing
from hub.backup.failure import BackupFailed, BackupRefused
from hub.backup.restoring import Wish
from hub.ledger.checkpoint import CheckpointRefused
from hub.places import places


def main(arguments: list[str] | None = None) -> int:
    """Do what the first word says; 0 only if all of it was done."""
    given = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return {"write": write, "key": key, "restore": restore, "look": look}[given.verb](given)
    except (BackupFailed, BackupRefused, CheckpointRefused) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201  # a command's answer
        return 1
    except KeyboardInterrupt:
        half = (places.state / restoring.UNFINISHED).exists()
        said = "half-way: run it again before `up`" if half else "before anything was changed"
        print(f"Interrupted {said}.", file=sys.stderr)  # noqa: T201  # a command's answer
        return 130


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def parser() -> argparse.ArgumentParser:
    """Return what may be said."""
    made = argparse.ArgumentParser(prog="python3 -m hub backup", description=__doc__)
    verbs = made.add_subparsers(dest="verb", required=True)
    writes = verbs.add_parser("write", prog="python3 -m hub backup", help="write a backup")
    writes.add_argument("file", type=Path)
    writes.add_argument("--recipient", action="append", default=[], help="a public key, age1…")
    writes.add_argument("--recipients", type=Path, help="a file of public keys, one a line")
    writes.add_argument("--with-datasets", action="store_true", help="the data too, not its manifests alone")
    makes = verbs.add_parser("key", prog="python3 -m hub backup", help="make a key")
    makes.add_argument("file", type=Path)
    makes.add_argument("--passphrase-file", type=Path)
    makes.add_argument("--without-passphrase", action="store_true")
    puts = verbs.add_parser("restore", prog="python3 -m hub restore", help="put a backup back")
    puts.add_argument("file", type=Path)
    puts.add_argument(
        "--key", type=Path, required=True, help="the key file whose public half it is sealed to"
    )
    puts.add_argument("--passphrase-file", type=Path, help="opens the key file (else it is asked for)")
    puts.add_argument("--checkpoint", type=Path, help="the last checkpoint of the ledger that you kept")
    puts.add_argument("--over-what-is-there", action="store_true")
    puts.add_argument("--lose-the-tail", action="store_true", help="take a ledger that lacks what was seen")
    puts.add_argument("--without-checkpoint", action="store_true", help="nobody can say what is missing")
    verbs.add_parser("look", help="hold the published ledger against what was seen of it")
    return made


def write(given: argparse.Namespace) -> int:
    """Write a backup and say what is in it."""
    lines = list(given.recipient)
    if given.recipients:
        try:
            lines += given.recipients.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BackupFailed(f"the public keys in {given.recipients} can’t be read: {error}") from error
    made = writing.make(
        places, given.file, recipients=sealed.recipients(lines), with_datasets=given.with_datasets, say=_step
    )
    say(f"{given.file}: {made.files} files, {made.size_bytes / 2**20:.1f} MiB, {made.entries} ledger entries")
    say(f"Keep {given.file}.checkpoint where a thief of the backup can’t change it: `restore` asks for it.")
    return 0


def key(given: argparse.Namespace) -> int:
    """Make a key and say its public half."""
    phrase = "" if given.without_passphrase else _new_passphrase(given.passphrase_file)
    say(sealed.new_key(given.file, passphrase=phrase))
    return 0


def restore(given: argparse.Namespace) -> int:
    """Put a backup back and say what is to be done now."""
    keys = sealed.identities(given.key, passphrase=lambda: _passphrase(given.passphrase_file))
    wish = Wish(
        checkpoint=given.checkpoint,
        over=given.over_what_is_there,
        lose_the_tail=given.lose_the_tail,
        without_checkpoint=given.without_checkpoint,
    )
    done = restoring.restore(places, given.file, keys=keys, wish=wish, say=_step)
    say(f"Restored the state of {done.manifest.made_at}, {done.manifest.entries} ledger entries.")
    if done.lost:
        say(f"Lost for good: {done.lost.sentence()}.")
    if done.aside:
        say(f"What was there lies in {done.aside}; remove it when you are sure.")
    for folder in done.missing_data:
        say(
            f"Put the files of {folder} back into {places.state}/datasets/{folder}; the backup holds no data."
        )
    say("Everyone signs in again. Start it with `python3 -m hub up`.")
    return 0


def look(_given: argparse.Namespace) -> int:
    """Say how the published ledger stands to what was seen of it."""
    say(tail.look(places, writing.signer(places).verifier))
    return 0


def _passphrase(file: Path | None) -> str:
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BackupRefused(f"the passphrase in {file} can’t be read: {error}") from error
    if not sys.stdin.isatty():
        raise BackupRefused("nobody is there to type the passphrase: give it with `--passphrase-file FILE`")
    return getpass.getpass("Passphrase of the key: ")


def _new_passphrase(file: Path | None) -> str:
    phrase = _passphrase(file)
    if len(phrase) < 12:
        raise BackupFailed("the passphrase has less than 12 characters; or say `--without-passphrase`")
    if file is None and getpass.getpass("Again: ") != phrase:
        raise BackupFailed("the two passphrases differ; no key was made")
    return phrase


def _step(text: str) -> None:
    say(f"  .. {text}")


def say(text: str) -> None:
    """Print a line."""
    print(text, flush=True)  # noqa: T201  # a command's answer


if __name__ == "__main__":
    sys.exit(main())
