"""`reset`: stop the enclave and remove its state, after asking; tools stay, images too unless --images."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from hub.cli import docker_engine, down, folders, preflight
from hub.cli.running import StepFailed
from hub.places import Places, places

# These follow from the images, which stay.
WITH_IMAGES = {"images", "labfiles"}


def run(arguments: list[str]) -> int:
    """Ask, then remove people, projects, homes, results, keys and the ledger."""
    parser = argparse.ArgumentParser(prog="python3 -m hub reset", description=__doc__)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--images", action="store_true", help="remove the images too")
    options = parser.parse_args(arguments)
    if lack := preflight.not_root(places):
        raise StepFailed(lack)
    if not options.yes and not _agreed(places):
        print("Nothing was changed.")
        return 1
    for sentence in down.stop(places):
        print(sentence)
    remove_state(places, images=options.images)
    print(f"Removed the state in {places.state}." + ("" if options.images else " Images and tools stay."))
    return 0


def _agreed(places: Places) -> bool:
    print(f"This stops {places.enclave} and removes everything in {places.state}: people, projects, homes,")
    print("results, keys and the ledger. It cannot be undone.")
    if not sys.stdin.isatty():
        print("Nobody is there to answer: add --yes.")
        return False
    return input("Type the enclave's name to go on: ").strip() == places.enclave


def remove_state(places: Places, *, images: bool) -> None:
    """Remove what `up` made for this enclave, but never the tools."""
    if mounted := [*folders.mounts_under(places.run), *folders.mounts_under(places.state / "homes")]:
        # Removing below a mount would remove what it shows: a home, or the checkout itself.
        raise StepFailed(
            f"still mounted: {', '.join(mounted)}; nothing was removed",
            fix="leave those folders in every shell, `umount` them, then run `reset` again",
        )
    if images:
        for tag in docker_engine.images():
            docker_engine.remove_image(tag)
    if places.state.is_dir():
        for path in places.state.iterdir():
            kept = not images and path.name in WITH_IMAGES
            if not kept and not _holds(path, places.tools):
                _remove(path)
    if places.run.is_dir():
        # The run folder itself may be a mount of somebody's choosing.
        for path in places.run.iterdir():
            _remove(path)


def _holds(path: Path, tools: Path) -> bool:
    return path == tools or path in tools.parents


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=_unless_gone)
    else:
        path.unlink(missing_ok=True)


def _unless_gone(_act: object, _path: str, error: tuple[type[BaseException], BaseException, object]) -> None:
    # Somebody else removes the same: what is gone is gone.
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]
