"""The demo's dataset versions: folders of recordings with a manifest, written once and never changed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.demo import packages, recordings
from hub.demo.packages import Unpacked
from hub.demo.recordings import Clip
from hub.demo.sources import FURTHER_VOICES, READER, RECIPE, RECIPES, VOICES, Recipe
from hub.errors import WrongState

STAMP = ".recipe"
# Below the tools, so that a fresh state downloads nothing that the machine already has.
CACHE = "demo-packages"
Say = Callable[[str], None]


def build(datasets: Path, *, cache: Path, say: Say) -> list[Path]:
    """Make every demo version missing below `datasets`, from packages kept in `cache`; return all folders."""
    missing = [recipe for recipe in RECIPES if not _is_made(datasets, recipe)]
    if missing:
        _private(datasets)
        with tempfile.TemporaryDirectory(prefix="parlatory-demo-") as work:
            names = {package for recipe in RECIPES for package in recipe.packages}
            say(f"demo data: {len(names)} packages of recorded speech (about 120 MB, downloaded once)")
            unpacked = packages.unpack(names, Path(work), cache)
            for recipe in missing:
                write(recipe, datasets, unpacked)
                say(f"demo data: made {recipe.dataset} {recipe.version}")
    return [_folder(datasets, recipe) for recipe in RECIPES]


def write(recipe: Recipe, datasets: Path, unpacked: dict[str, Unpacked]) -> Path:
    """Write one dataset version; the same packages give the same bytes. It appears whole or not at all."""
    target = _folder(datasets, recipe)
    target.parent.mkdir(mode=0o755, exist_ok=True)
    # Whose the folder of all datasets is, the worker, adds versions that a steward registers.
    owner = datasets.stat()
    os.chown(target.parent, owner.st_uid, owner.st_gid)
    with tempfile.TemporaryDirectory(dir=datasets, prefix=".new-") as scratch:
        fresh = Path(scratch) / recipe.version
        (fresh / "recordings").mkdir(parents=True)
        cuts = [recordings.write(clip, fresh) for clip in _clips(recipe, unpacked)]
        _file(fresh / "manifest.jsonl", "".join(_line(cut) for cut in cuts))
        _file(
            fresh / "DATASET.json", json.dumps(_about(recipe, cuts, unpacked), indent=1, ensure_ascii=False)
        )
        _index(fresh / "recordings.csv", cuts)
        _licences(fresh / "LICENSES.txt", recipe, unpacked)
        _file(fresh / STAMP, _stamp(recipe))
        for folder in (fresh / "recordings", fresh):
            folder.chmod(0o755)
        fresh.rename(target)
    return target


def _clips(recipe: Recipe, unpacked: dict[str, Unpacked]) -> list[Clip]:
    if recipe.voices == (READER,):
        return recordings.readings(READER, unpacked)
    # All versions hold the same prompts, those which every voice speaks: that makes them comparable.
    return recordings.prompts(recipe.voices, VOICES + FURTHER_VOICES, unpacked)


def _is_made(datasets: Path, recipe: Recipe) -> bool:
    folder = _folder(datasets, recipe)
    if not folder.exists():
        return False
    stamp = folder / STAMP
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != _stamp(recipe):
        raise WrongState(
            f"{folder} was made by another release of the demo, and a dataset version never changes; "
            "`python3 -m hub reset` removes the demo, or give the version in hub/demo/sources.py a new number"
        )
    return True


def _folder(datasets: Path, recipe: Recipe) -> Path:
    return datasets / recipe.dataset / recipe.version


def _stamp(recipe: Recipe) -> str:
    return hashlib.sha256(f"{RECIPE} {recipe!r}".encode()).hexdigest() + "\n"


def _private(datasets: Path) -> None:
    if not datasets.exists():
        # The command line gives this folder to the group that may read data; alone, only root may.
        datasets.mkdir(parents=True, mode=0o750)


def _line(cut: dict[str, Any]) -> str:
    return json.dumps(cut, ensure_ascii=False, separators=(",", ":")) + "\n"


def _file(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o444)


def _about(recipe: Recipe, cuts: list[dict[str, Any]], unpacked: dict[str, Unpacked]) -> dict[str, Any]:
    said = [cut["supervisions"][0] for cut in cuts]
    sources = [{"package": name, "version": unpacked[name].version} for name in recipe.packages]
    return {
        "dataset": recipe.dataset,
        "version": recipe.version,
        "title": recipe.title,
        "description": recipe.description,
        "licence": recipe.licence,
        "attribution": recipe.attribution,
        "tier": recipe.tier,
        "languages": sorted({segment["language"] for segment in said}),
        "speakers": len({segment["speaker"] for segment in said}),
        "recordings": len(cuts),
        "seconds": round(sum(cut["duration"] for cut in cuts), 3),
        "sources": sources,
    }


def _index(path: Path, cuts: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["recording", "path", "speaker", "transcript", "language", "seconds"])
        for cut in cuts:
            said = cut["supervisions"][0]
            source = cut["recording"]["sources"][0]["source"]
            writer.writerow(
                [cut["id"], source, said["speaker"], said.get("text", ""), said["language"], cut["duration"]]
            )
    path.chmod(0o444)


def _licences(path: Path, recipe: Recipe, unpacked: dict[str, Unpacked]) -> None:
    with path.open("wb") as file:
        for name in recipe.packages:
            file.write(f"==== {name} {unpacked[name].version}\n\n".encode())
            file.write(unpacked[name].copyright + b"\n\n")
    path.chmod(0o444)
