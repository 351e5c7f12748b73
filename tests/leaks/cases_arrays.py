"""Cases 50 to 55: formats of tables and arrays, what their metadata carries, and names that carry it."""

from __future__ import annotations

import base64
import io
import json
import random
import sqlite3
import tempfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pyarrow.feather

from tests.leaks import carry, signal
from tests.leaks.cases_documents import RESULTS
from tests.leaks.cases_text import lines, rows
from tests.leaks.registry import Make, Submission, leak

SMALL = {"results.csv": carry.delimited(RESULTS), "README.md": b"# Results\n\nError rates by region.\n"}
MIB = 1 << 20


@leak(
    50,
    "N",
    "metadata of a Parquet file",
    tuning=("key-value",),
    testing=("column", "feather", "pandas", "created-by", "arrow-stream"),
)
def parquet_metadata(make: Make, how: str) -> Submission:
    """Return an aggregated table with rows in its file's metadata."""
    payload = lines(make, 4, 12)
    table = pyarrow.Table.from_pylist(RESULTS)
    if how == "column":
        fields = [field.with_metadata({"note": payload}) for field in table.schema]
        table = table.cast(pyarrow.schema(fields))
    else:
        table = table.replace_schema_metadata({"pandas" if how == "pandas" else "state": payload})
    out = io.BytesIO()
    name = "results.parquet"
    if how == "feather":
        name = "results.feather"
        pyarrow.feather.write_feather(table, out, compression="uncompressed")
    elif how == "arrow-stream":
        name = "results.arrow"
        with pyarrow.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
    else:
        pyarrow.parquet.write_table(table, out)
    return Submission({name: out.getvalue()}, payload.split("\r\n")[1].encode())


@leak(
    51,
    "B",
    "database under another suffix",
    tuning=("json",),
    testing=("csv", "db", "txt", "deleted-rows", "png", "in-zip"),
)
def database(make: Make, how: str) -> Submission:
    """Return an SQLite file of rows that calls itself something else."""
    found = rows(make, make.pick.randrange(20, 200), ("recording", "speaker", "seconds", "transcript"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        opened = sqlite3.connect(path)
        opened.execute("create table results (recording, speaker, seconds, transcript)")
        opened.executemany("insert into results values (?, ?, ?, ?)", [tuple(row.values()) for row in found])
        if how == "deleted-rows":
            opened.commit()
            opened.execute("pragma secure_delete = off")
            opened.execute("delete from results")
        opened.commit()
        opened.close()
        data = path.read_bytes()
    if how == "in-zip":
        return Submission({"results.zip": carry.archive({"results.json": data})})
    return Submission({f"results.{'json' if how == 'deleted-rows' else how}": data})


@leak(
    52,
    "N",
    "attributes of an HDF5 file",
    tuning=("root",),
    testing=("dataset-attribute", "user-block", "names", "group-attribute", "unused", "many-small"),
)
def attributes(make: Make, how: str) -> Submission:
    """Return a small array of results with rows beside it."""
    payload = lines(make, 3, 8)
    out = io.BytesIO()
    with h5py.File(out, "w", userblock_size=4096 if how == "user-block" else 0) as opened:
        data = opened.create_dataset("wer", data=np.array([0.21, 0.19, 0.2]))
        if how == "dataset-attribute":
            data.attrs["note"] = payload
        elif how == "group-attribute":
            opened.create_group("model").attrs["note"] = payload
        elif how == "names":
            opened.create_group(payload.replace("/", "_"))
        elif how == "many-small":
            for n, line in enumerate(payload.split("\n")):
                opened.attrs[f"k{n}"] = line
        elif how == "unused":
            opened.create_dataset("gone", data=np.frombuffer(payload.encode(), np.uint8))
            del opened["gone"]
        elif how == "root":
            opened.attrs["note"] = payload
    raw = bytearray(out.getvalue())
    if how == "user-block":
        raw[: min(len(payload), 4096)] = payload.encode()[:4096]
    return Submission({"results.h5": bytes(raw)}, payload.split("\r\n")[1][:40].encode())


def _turned(samples: signal.Samples, how: str) -> np.ndarray:
    """Return samples in an array of other numbers, of which they can be made again."""
    if how == "folded":
        return samples[: len(samples) // 1024 * 1024].reshape(-1, 4, 16, 16)
    return np.fft.rfft(samples) if how == "whole-spectrum" else signal.stft(samples, 512, 128).real


@leak(
    53,
    "B",
    "log-mel frames as an array",
    tuning=("npy-float16",),
    testing=(
        "npz",
        "hdf5",
        "safetensors",
        "json",
        "csv-integers",
        "transposed",
        "normalised",
        "forty-bands",
        "cepstra",
        "parquet",
        "several",
        "samples",
        "one-stream",
        "stacked",
        "predictors",
        "folded",
        "whole-spectrum",
        "real-parts",
    ),
)
def frames(make: Make, how: str) -> Submission:
    """Return the frames of a recording, from which a voice can be made again."""
    _, samples, rate = make.corpus.clip(make.pick, make.pick.uniform(2, 5))
    bands = 40 if how == "forty-bands" else make.of([80], [64, 80, 128])
    values = (
        signal.cepstra(samples, rate, 20) if how == "cepstra" else signal.log_mel(samples, rate, bands=bands)
    )
    if how in ("folded", "whole-spectrum", "real-parts"):
        return Submission({"weights.npy": carry.npy(_turned(samples, how))})
    if how == "normalised":
        values = (values - values.mean(0)) / values.std(0)
    if how == "transposed":
        values = values.T
    if how == "one-stream":
        values = values.ravel()
    if how == "stacked":
        values = np.hstack([values[at : len(values) - 4 + at] for at in range(5)])
    if how == "predictors":
        values = signal.predictors(samples, rate)
    if how == "samples":
        values = samples[:, None]
    half = values.astype(np.float16)
    low, high = float(values.min()), float(values.max())
    levels = np.round((values - low) / (high - low) * 255).astype(int)
    if how == "several":
        return Submission({"batch.npz": carry.npz(**{f"arr_{n}": np.asarray(half[n::4]) for n in range(4)})})
    if how == "hdf5":
        out = io.BytesIO()
        with h5py.File(out, "w") as opened:
            opened.create_dataset("features/x", data=half, compression="gzip")
        return Submission({"features.h5": out.getvalue()})
    files = {
        "npz": lambda: {"features.npz": carry.npz(x=values.astype(np.float32))},
        "safetensors": lambda: {
            "model.safetensors": carry.safetensors({"encoder.weight": values.astype(np.float32)})
        },
        "json": lambda: {"features.json": json.dumps(np.round(values, 2).tolist()).encode()},
        "csv-integers": lambda: {
            "features.csv": "\n".join(
                ",".join(map(str, line)) for line in [range(levels.shape[1]), *levels]
            ).encode()
        },
        "parquet": lambda: {
            "features.parquet": carry.parquet(
                [{f"b{n}": float(v) for n, v in enumerate(line)} for line in half]
            )
        },
    }.get(how, lambda: {"features.npy": carry.npy(half)})()
    return Submission(files)


@leak(
    54,
    "N",
    "metadata of safetensors",
    tuning=("metadata",),
    testing=("tensor-names", "gap", "padding", "behind", "low-bits"),
)
def tensor_metadata(make: Make, how: str) -> Submission:
    """Return small weights with rows beside the numbers."""
    payload = lines(make, 3, 8)
    key = payload.split("\r\n")[1][:40].encode()
    weights = {"layer.weight": make.chance.normal(size=(8, 16)).astype(np.float32)}
    if how == "metadata":
        return Submission({"model.safetensors": carry.safetensors(weights, {"note": payload})}, key)
    if how == "tensor-names":
        return Submission({"model.safetensors": carry.safetensors({payload: weights["layer.weight"]})}, key)
    data = carry.safetensors(weights)
    size = int.from_bytes(data[:8], "little")
    if how == "padding":
        pad = payload.encode()
        return Submission(
            {
                "model.safetensors": (size + len(pad)).to_bytes(8, "little")
                + data[8 : 8 + size]
                + pad
                + data[8 + size :]
            },
            key,
        )
    if how == "behind":
        return Submission({"model.safetensors": data + payload.encode()}, key)
    if how == "gap":
        head = json.loads(data[8 : 8 + size])
        extra = payload.encode()
        head["layer.weight"]["data_offsets"] = [len(extra), len(extra) + 512]
        text = json.dumps(head).encode()
        return Submission(
            {"model.safetensors": len(text).to_bytes(8, "little") + text + extra + data[8 + size :]}, key
        )
    raw = np.frombuffer(weights["layer.weight"].tobytes(), np.uint8).copy()
    raw[::4] = np.frombuffer(payload.encode()[:128].ljust(128), np.uint8)
    hidden = {"layer.weight": raw.view(np.float32).reshape(8, 16)}
    return Submission(
        {"model.safetensors": carry.safetensors(hidden)},
        payload.encode()[:60],
        lambda d: d[8 + int.from_bytes(d[:8], "little") :][::4],
    )


@leak(
    55,
    "F",
    "payload in many file names",
    tuning=("files",),
    testing=("members", "sixty", "words", "sheets", "datasets", "hex"),
)
def file_names(make: Make, how: str) -> Submission:
    """Return many small files whose names spell encoded rows."""
    data = zlib.compress(lines(make, 20, 24).encode() * 4 + random.Random(make.pick.random()).randbytes(900))
    text = base64.b32encode(data).decode().rstrip("=").lower()
    width = 12 if how != "sixty" else 40
    parts = [text[n : n + width] for n in range(0, len(text), width)][: 60 if how == "sixty" else 200]
    if how == "hex":
        parts = [data.hex()[n : n + 16] for n in range(0, len(data.hex()), 16)][:200]
    if how == "words":
        parts = [
            f"fig-{word}-{n}"
            for n, row in enumerate(make.corpus.texts(make.pick, 40))
            for word in row.transcript.split()[:5]
        ]
    small = b"region,n_speakers\nnorth,31\nsouth,28\n"
    if how == "members":
        return Submission({"plots.zip": carry.archive({f"{part}.csv": small for part in parts})})
    if how == "sheets":
        return Submission({"tables.xlsx": carry.workbook({part: RESULTS for part in parts[:60]})})
    if how == "datasets":
        out = io.BytesIO()
        with h5py.File(out, "w") as opened:
            for part in parts:
                opened.create_dataset(part, data=[0.2])
        return Submission({"results.h5": out.getvalue()})
    return Submission({f"{part}.csv": small for part in dict.fromkeys(parts)})
