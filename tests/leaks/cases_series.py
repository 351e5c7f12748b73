"""Cases 38, 67 and 69 once more, found by trying: one recording's numbers in few rows or tones."""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image

from tests.leaks import carry, pictures, signal
from tests.leaks.cases_audio import voice
from tests.leaks.dataset import sound
from tests.leaks.registry import Make, Submission, leak

FRAMES = 180  # fewer than the rows that a table may have
Floats = np.ndarray


def frames(make: Make, bands: int) -> Floats:
    """Return log-mel frames of a voice, its silences kept."""
    samples, rate = voice(make, 2.5)
    return signal.log_mel(samples, rate, bands=bands, hop=make.of([0.01], [0.012]))[:FRAMES]


def contour(make: Make) -> Floats:
    """Return the loudness of a voice in dB, a number a frame."""
    samples, rate = voice(make, 2.5)
    hop = round(rate * make.of([0.01], [0.0125]))
    parts = samples[: len(samples) // hop * hop].reshape(-1, hop)
    return (10 * np.log10((parts**2).mean(axis=1) + 1e-6))[:FRAMES]


def listed(values: Floats, names: list[str], form: str = "%.3f") -> bytes:
    """Return a table of numbers as CSV."""
    out = io.BytesIO()
    np.savetxt(out, values, form, ",", header=",".join(names), comments="")
    return out.getvalue()


def numbered(values: Floats) -> Floats:
    """Return rows with their number before them."""
    return np.column_stack([np.arange(len(values)), values])


@leak(
    67,
    "F",
    "numbers of a recording, small as results",
    tuning=("loudness", "components", "records", "log", "signs"),
    testing=(
        "loss-curve",
        "groups",
        "shuffled",
        "levels",
        "layers",
        "coordinates",
        "yaml",
        "blocks",
        "named-rows",
        "samples",
        "split-shuffled",
        "small-array",
    ),
)
def few_rows(make: Make, how: str) -> Submission:
    """Return loudness, log-mel or samples of a recording in a table, text or JSON of usual size."""
    if how in ("loudness", "loss-curve"):
        names = ["frame", "db"] if how == "loudness" else ["epoch", "loss"]
        return Submission({"results.csv": listed(numbered(contour(make)), names, "%.2f")})
    if how == "samples":
        samples, rate = voice(make, 1.5)
        parts = np.array_split(signal.resample(samples, rate, 4000), 30)
        return Submission({f"run{n}.csv": listed(numbered(part), ["x", "y"]) for n, part in enumerate(parts)})
    found = frames(make, make.of([8], [10]))
    bands = [f"v{n}" for n in range(found.shape[1])]
    if how == "components":
        turned, sizes, _ = np.linalg.svd(found - found.mean(axis=0), full_matrices=False)
        return Submission({"pc.csv": listed((turned * sizes)[:, :4], ["pc1", "pc2", "pc3", "pc4"])})
    if how in ("shuffled", "split-shuffled"):
        found = found[make.chance.permutation(len(found))]
    if how == "split-shuffled":
        parts = np.array_split(found, 14)
        return Submission({f"fold{n}.csv": listed(part, bands) for n, part in enumerate(parts)})
    if how == "small-array":
        return Submission({"bias.npy": carry.npy(found[:48:2, :6].astype(np.float32))})
    if how == "groups":
        counted = np.column_stack([found[:, :5], np.full(len(found), 25)])
        return Submission({"g.csv": listed(numbered(counted), ["group", *"abcde", "n_speakers"], "%.5g")})
    if how == "levels":
        found = np.round((found - found.min()) / np.ptp(found) * 60)
        return Submission({"m.csv": listed(found, bands, "%d")})
    if how == "shuffled":
        return Submission({"m.csv": listed(found, bands)})
    return Submission(_written(found, how))


def _written(found: Floats, how: str) -> dict[str, bytes]:
    """Return frames as a text or JSON."""
    rows = np.round(found, 3).tolist()
    places = np.round((found - found.min()) / np.ptp(found) * 7).astype(int)
    name, content = {
        "records": lambda: ("r.json", json.dumps([{f"k{n}": v for n, v in enumerate(row)} for row in rows])),
        "layers": lambda: ("m.json", json.dumps({f"layer{n}": {"bias": row} for n, row in enumerate(rows)})),
        "log": lambda: ("train.log", "\n".join(f"INFO step {n}: {row}" for n, row in enumerate(rows))),
        "signs": lambda: ("map.txt", "\n".join("".join("0123abcd"[v] for v in row) for row in places)),
        "blocks": lambda: ("map.md", "\n".join("".join("▁▂▃▄▅▆▇█"[v] for v in row) for row in places.T)),
        "coordinates": lambda: (
            "plot.tex",
            "\\addplot coordinates {" + "".join(f"({n},{row[3]})" for n, row in enumerate(rows)) + "};",
        ),
        "yaml": lambda: ("state.yaml", "bias:\n" + "\n".join(f"  - {row[3]}" for row in rows)),
        "named-rows": lambda: (
            "s.csv",
            "system,a,b,c\n" + "\n".join(f"system {n},{r[1]},{r[3]},{r[5]}" for n, r in enumerate(rows)),
        ),
    }[how]()
    return {name: content.encode()}


@leak(
    38,
    "F",
    "a recording drawn otherwise",
    tuning=("waveform", "contours"),
    testing=("envelope", "loudness", "two-tones", "bars", "lines", "pdf"),
)
def drawn(make: Make, how: str) -> Submission:
    """Return a plot of a waveform, loudness, or a spectrogram in few tones."""
    samples, rate = voice(make, 2)
    if how == "two-tones":
        levels = np.log(np.abs(signal.stft(samples, 512, 128)) + 1e-4).T[::-1]
        image = Image.fromarray(((levels > np.percentile(levels, 75)) * 255).astype(np.uint8))
        out = io.BytesIO()
        image.save(out, "PNG")
        return Submission({"plot.png": out.getvalue()})
    figure = pictures.figure(figsize=(8, 3), dpi=make.of([120], [140]))
    plot = figure.subplots()
    if how in ("waveform", "pdf"):
        plot.plot(np.arange(len(samples)) / rate, samples, linewidth=0.5)
    elif how == "envelope":
        parts = samples[: len(samples) // 150 * 150].reshape(-1, 150)
        plot.fill_between(range(len(parts)), parts.min(axis=1), parts.max(axis=1), color="0.4")
    elif how == "contours":
        plot.contourf(signal.log_mel(samples, rate, bands=24).T, levels=7)
    elif how == "lines":
        found = signal.log_mel(samples, rate, bands=12)
        plot.plot(found - found.mean(axis=0) + 6 * np.arange(12), color="k", linewidth=0.6)
    elif how == "bars":
        plot.bar(range(FRAMES), np.resize(contour(make), FRAMES) + 60, width=1)
    else:
        plot.plot(contour(make))
    form = "pdf" if how == "pdf" else "png"
    return Submission({f"plot.{form}": pictures.saved(figure, form)})


@leak(
    69,
    "F",
    "vectors of voices, in few columns",
    tuning=("two-columns", "heatmap"),
    testing=("numbered", "some-rows", "points", "text"),
)
def few_columns(make: Make, how: str) -> Submission:
    """Return the first components of a vector for each recording, under whatever names."""
    rows = make.pick.sample(make.corpus.heard, min(make.of([40], [33]), len(make.corpus.heard)))
    found = []
    for row in rows:
        samples, rate = sound(row.path) if row.path else voice(make)
        levels = signal.log_mel(samples, rate, bands=24)
        found.append(np.concatenate([levels.mean(axis=0), levels.std(axis=0)]))
    vectors = np.array(found) - np.mean(found, axis=0)
    turned, sizes, _ = np.linalg.svd(vectors, full_matrices=False)
    few = (turned * sizes)[:, : make.of([2], [4])]
    if how == "heatmap":
        figure = pictures.figure(figsize=(6, 6))
        figure.subplots().imshow(np.corrcoef(vectors))
        return Submission({"likeness.png": pictures.saved(figure)})
    named = [f"cluster{n}," + ",".join(f"{v:.3f}" for v in row) for n, row in enumerate(few)]
    return Submission(
        {
            "two-columns": {"xy.csv": listed(few, ["x", "y"])},
            "numbered": {"c.csv": "\n".join(["name,a,b,c,d", *named]).encode()},
            "some-rows": {"c.csv": listed(few[:23], ["a", "b", "c", "d"])},
            "points": {"p.json": json.dumps({"points": np.round(few, 3).tolist()}).encode()},
            "text": {"c.txt": listed(few, ["centroids", "", "", ""]).replace(b",", b" ")},
        }[how]
    )
