"""Ordinary files to measure speed on: twenty as a submission has them, and a large one of each type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from egress_review.bench import material
from egress_review.screening import Limits, differencing
from egress_review.screening.context import Context, HandedIn
from egress_review.screening.index import Index
from egress_review.screening.verdict import outcome_of

COUNT = 20


@dataclass(frozen=True)
class Ordinary:
    """Files of a submission, by name."""

    files: Mapping[str, bytes]

    def request(self, folder: Path) -> Path:
        """Write the files and their request as the screener's container gets them; return the folder."""
        folder.mkdir(parents=True)
        for number, data in enumerate(self.files.values()):
            (folder / f"f{number}").write_bytes(data)
        asked = {
            "version": 2,
            "files": [{"id": f"f{number}", "name": name} for number, name in enumerate(self.files)],
            "indexes": 1,
            "limits": {},
            "unknown": "flag",
        }
        (folder / "request.json").write_text(json.dumps(asked), encoding="utf-8")
        return folder


def twenty(corpus: Any, seed: int) -> Ordinary:
    """Return twenty benign files of as many kinds as there are, chosen by chance."""
    registry = material.module("registry")
    pick = material.chance(seed)
    recipes = [r for r in registry.recipes(testing=True) if not r.number]
    pick.shuffle(recipes)
    by_title = {recipe.title: recipe for recipe in recipes}
    files: dict[str, bytes] = {}
    for recipe in by_title.values():
        made = recipe.made(corpus, seed, True)
        # What needs a list of public files or an earlier release is no ordinary file.
        if made.public or made.earlier or len(made.files) != 1:
            continue
        name, data = next(iter(made.files.items()))
        more = files | {f"{len(files):02d}-{name}": data}
        # Files made by chance count one group twice, and differently: no submission does.
        if not _contradict(more):
            files = more
        if len(files) == COUNT:
            break
    return Ordinary(files)


def _contradict(files: Mapping[str, bytes]) -> bool:
    handed_in = [HandedIn(name, name, data) for name, data in files.items()]
    found = differencing.check(handed_in, Index(), Context(), Limits())
    return outcome_of(found) == "block"


def large(seed: int = 1) -> dict[str, bytes]:
    """Return one large but acceptable file of each type, by name."""
    carry, documents, words = (material.module(name) for name in ("carry", "documents", "words"))
    signal, benign = material.module("signal"), material.module("benign_files")
    pick, chance = material.chance(seed), np.random.default_rng(seed)
    rows = [
        {"model": f"system {n:03d}", **{f"score_{c}": round(float(chance.normal()), 3) for c in range(8)}}
        for n in range(190)
    ]
    prose = "\n\n".join(words.prose(pick, 12) for _ in range(160))
    make = material.module("registry").Make(None, pick)
    sound = signal.level(np.tile(benign.synthetic(make, 10.0), 6))
    pages = [documents.written(words.prose(pick, 20).split(". ")) for _ in range(1)]
    return {
        "scores.csv": carry.delimited(rows),
        "report.md": prose.encode(),
        "scores.json": json.dumps(rows).encode(),
        "analysis.ipynb": carry.notebook(*(carry.written(words.prose(pick, 12)) for _ in range(120))),
        "plot.png": _plot(chance, "png"),
        "plot.jpg": _plot(chance, "jpg"),
        "plot.svg": _plot(chance, "svg"),
        "report.pdf": documents.pdf(pages[0]),
        "scores.xlsx": carry.workbook({"scores": rows}),
        "scores.parquet": carry.parquet(rows),
        "weights.safetensors": carry.safetensors(
            {f"layer.{n}": chance.normal(size=(256, 256)).astype(np.float32) for n in range(16)}
        ),
        "voice.wav": signal.encoded(sound, 16_000, "WAV", "PCM_16"),
        "voice.flac": signal.encoded(sound, 16_000, "FLAC"),
        "results.zip": carry.archive({"scores.csv": carry.delimited(rows), "report.md": prose.encode()}),
    }


def _plot(chance: np.random.Generator, form: str) -> bytes:
    """Return a plot of four learning curves as matplotlib draws it."""
    import io

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7), dpi=150)
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for _ in range(4):
        axes.plot(np.exp(-np.arange(80) / 20) + 0.02 * chance.normal(size=80))
    axes.set_xlabel("epoch")
    out = io.BytesIO()
    figure.savefig(out, format=form)
    return out.getvalue()
