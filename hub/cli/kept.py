"""The program that runs, kept beside its state: it comes back where a failed upgrade changed its checkout."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from hub.cli import environment, folders, locked, version
from hub.places import Places

MADE_BY_PYTHON = shutil.ignore_patterns("__pycache__")


def folder(places: Places) -> Path:
    """Return where programs are kept, each under its hash."""
    return places.state / "program"


def keep(places: Places) -> str:
    """Keep a copy of the program that was just started, and no other; return why not, if it can't be."""
    copy = folder(places) / version.running(places)
    fresh = copy.with_name("new")
    try:
        if not copy.exists():
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            shutil.copy2(places.checkout / "pyproject.toml", fresh)
            for part in version.PARTS:
                shutil.copytree(places.checkout / part, fresh / part, ignore=MADE_BY_PYTHON)
            fresh.rename(copy)
        for other in folder(places).iterdir():
            if other not in (copy, places.checkout):
                shutil.rmtree(other)
    except (OSError, shutil.Error) as error:
        return f"no copy of the program is kept ({error})"
    return ""


def find(places: Places, checkout: Path) -> Path | None:
    """Return the kept copy of what runs, its checkout's libraries with it; None without both."""
    copy = folder(places) / version.running(places)
    try:
        whole = version.of(copy) == copy.name
    except OSError:
        return None
    if not whole:
        return None
    return copy if hold_libraries(copy, checkout, places) else None


def hold_libraries(copy: Path, checkout: Path, places: Places) -> bool:
    """Keep from change the libraries that a kept program needs; say whether it has them."""
    own = copy / ".venv"
    if own.is_dir() and not own.is_symlink():
        return True
    there = own.readlink() if own.is_symlink() else checkout / ".venv"
    made_of = environment.made_of(there.parent)
    if made_of != environment.fingerprint(copy, copy / "hub" / "cli" / locked.FILE.name):
        # They were renewed already, or belong to something else.
        return False
    renewed = there.parent == places.checkout and made_of != environment.fingerprint(places.checkout)
    if renewed or folders.closed_to_others(there.resolve()):
        # This upgrade is about to renew them, or only root gets there but for where `up` shows the checkout.
        return _linked(there.resolve(), own)
    if not own.is_symlink():
        own.symlink_to(there)
    return True


def _linked(there: Path, own: Path) -> bool:
    """Copy an environment, by hard links where they can be: pip puts new files in the place of old ones."""
    fresh = own.with_name(".venv-new")
    for how in ("--link", "--reflink=auto"):
        shutil.rmtree(fresh, ignore_errors=True)
        copy = ["cp", "--archive", how, "--", there, fresh]
        if subprocess.run(copy, check=False, capture_output=True).returncode == 0:
            # What `up` itself writes into an environment is written over, so these are files of their own.
            for name in (environment.STAMP, locked.FILE.name, "pyvenv.cfg"):
                (fresh / name).unlink(missing_ok=True)
                if (there / name).exists():
                    shutil.copy2(there / name, fresh / name)
            own.unlink(missing_ok=True)
            fresh.rename(own)
            return True
    return False


def moved(configuration: str, copy: Path) -> str:
    """Return supervisor's configuration with the program taken from its copy; all else stays as it was."""
    lines = configuration.splitlines()
    old = next(line for line in lines if line.startswith("directory=")).partition("=")[2]
    for before, after in (
        (f"directory={old}\n", f"directory={copy}\n"),
        (f'PYTHONPATH="{old}"', f'PYTHONPATH="{copy}"'),
        (f'PARLATORY_CHECKOUT="{old}"', f'PARLATORY_CHECKOUT="{copy}"'),
        (f" {old}/hub/", f" {copy}/hub/"),
        (f"={old}/.venv/", f"={copy}/.venv/"),
        (f" {old}/.venv/", f" {copy}/.venv/"),
    ):
        configuration = configuration.replace(before, after)
    return configuration
