"""Benign sound, weights and archives: public ones by their hash, synthetic voices, packed results."""

from __future__ import annotations

import gzip
import hashlib
import json

import numpy as np

from tests.leaks import carry, pictures, signal, words
from tests.leaks.benign_tables import rates
from tests.leaks.registry import Make, Submission, benign


def synthetic(make: Make, seconds: float = 2.5, rate: int = 16000) -> np.ndarray:
    """Return sound like speech that no person said: pulses through moving resonances."""
    time = np.arange(round(seconds * rate)) / rate
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time + make.pick.random() * 6)
    pulses = np.diff(np.floor(np.cumsum(pitch) / rate), prepend=0) > 0
    out = pulses.astype(float)
    for centre, width in (
        (make.pick.uniform(400, 700), 80),
        (make.pick.uniform(1100, 1800), 120),
        (2500, 160),
    ):
        radius = np.exp(-np.pi * width / rate)
        angle = 2 * np.pi * centre / rate
        length = np.arange(400)
        out = np.convolve(out, radius**length * np.cos(angle * length))[: len(time)]
    return signal.level(out * (0.4 + 0.6 * (np.sin(2 * np.pi * 3 * time) > -0.3)))


@benign("allow-listed public clip", ("wav", "flac", "mp3"))
def public_clip(make: Make, how: str) -> Submission:
    """Return a clip whose hash is on the list of what anybody may have."""
    data = signal.encoded(synthetic(make), 16000, how.upper())
    return Submission({f"example.{how}": data}, public=frozenset([hashlib.sha256(data).hexdigest()]))


@benign("synthetic-voice demo", ("wav", "flac", "ogg", "long"))
def demo(make: Make, how: str) -> Submission:
    """Return a demo of a voice that nobody has."""
    form = how.upper() if how != "long" else "WAV"
    data = signal.encoded(synthetic(make, 8 if how == "long" else 2.5), 16000, form)
    return Submission({f"demo.{form.lower()}": data})


@benign("filters and windows", ("mel", "windows", "cosines"))
def filters(make: Make, how: str) -> Submission:
    """Return numbers that anybody can compute, as code keeps them."""
    values = {
        "mel": lambda: signal.bank(16000, make.pick.choice((256, 512)), make.pick.choice((23, 40, 80))),
        "windows": lambda: np.stack([np.hanning(400), np.hamming(400), np.blackman(400)]),
        "cosines": lambda: np.cos(np.outer(np.arange(13), np.pi * (np.arange(40) + 0.5) / 40)),
    }[how]()
    return Submission({f"{how}.npy": carry.npy(values.astype(np.float32))})


@benign("public weights by hash", ("safetensors", "npz"))
def weights(make: Make, how: str) -> Submission:
    """Return weights that anybody can load, unmodified."""
    tensors = {f"encoder.{n}.weight": make.chance.normal(size=(64, 64)).astype(np.float32) for n in range(4)}
    name, data = (
        ("model.safetensors", carry.safetensors(tensors))
        if how == "safetensors"
        else ("model.npz", carry.npz(**tensors))
    )
    return Submission({name: data}, public=frozenset([hashlib.sha256(data).hexdigest()]))


@benign("log of a training", ("pairs", "bar", "sentences", "objects", "table"))
def training(make: Make, how: str) -> Submission:
    """Return what hundreds of steps of a training wrote, as programs write it."""
    pick, count = make.pick, make.pick.randrange(220, 420)
    falls = [
        {
            "epoch": n,
            "loss": round(4 * 0.99**n + pick.random() / 9, 4),
            "wer": round(80 * 0.99**n, 2),
            "lr": round(0.001 * 0.99**n, 6),
        }
        for n in range(count)
    ]
    lines = {
        "pairs": lambda row: "INFO " + " ".join(f"{name}={value}" for name, value in row.items()),
        "bar": lambda row: (
            f"Epoch {row['epoch']}: 100%|\u2588\u2588| 812/812 [03:12<00:00, loss={row['loss']}]"
        ),
        "sentences": lambda row: f"epoch {row['epoch']} train loss {row['loss']} valid wer {row['wer']}",
        "objects": lambda row: json.dumps(row),
        "table": lambda row: ",".join(map(str, row.values())),
    }[how]
    head = "epoch,loss,wer,lr\n" if how == "table" else ""
    name = {"objects": "train.jsonl", "table": "train.csv"}.get(how, "train.log")
    return Submission({name: (head + "\n".join(map(lines, falls)) + "\n").encode()})


@benign("small archive of results", ("zip", "tar.gz", "folders"))
def archive(make: Make, how: str) -> Submission:
    """Return a few of these files packed together."""
    from tests.leaks.archives import tar

    members = {
        "README.md": f"# Results\n\n{words.prose(make.pick, 4)}\n".encode(),
        "wer.csv": carry.delimited(rates(make)),
        "figure.png": pictures.chart(make.pick),
    }
    if how == "folders":
        members = {
            ("tables/" if name.endswith("csv") else "plots/") + name: data for name, data in members.items()
        }
    if how == "tar.gz":
        return Submission({"results.tar.gz": gzip.compress(tar(members))})
    return Submission({"results.zip": carry.archive(members)})


@benign("several files together", 3)
def several(make: Make, how: str) -> Submission:
    """Return a submission of ordinary files; its two tables are the same."""
    table = rates(make)
    return Submission(
        {
            "README.md": f"# Results\n\n{words.prose(make.pick, 6)}\n".encode(),
            "wer_by_region.csv": carry.delimited(table),
            "figure-1.png": pictures.chart(make.pick),
            "figure-2.png": pictures.chart(make.pick),
            "table.tex": carry.latex(table).encode(),
        }
    )


@benign("later release of other numbers", 3)
def later(make: Make, how: str) -> Submission:
    """Return a table beside an earlier release about something else, or of the same groups grown a lot."""
    now = rates(make)
    then = [{**row, "n_speakers": int(str(row["n_speakers"])) + make.pick.randrange(40, 90)} for row in now]
    now, then = then, [{**row, "wer": round(make.pick.uniform(0.1, 0.3), 2)} for row in now]
    if how == "0":
        then = [
            {"phone": "aa", "n_speakers": 80, "rate": 0.1},
            {"phone": "iy", "n_speakers": 80, "rate": 0.2},
        ]
    if how == "1":
        then = now
    return Submission({"wer.csv": carry.delimited(now)}, earlier={"wer_march.csv": carry.delimited(then)})
