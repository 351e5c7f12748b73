"""Cases 68 to 75: embeddings, weights, language models and pickles that hold the data they were made from."""

from __future__ import annotations

import gzip
import io
import json
import math
import pickle
import zipfile
from collections import Counter

import h5py
import numpy as np

from tests.leaks import carry
from tests.leaks.cases_words import said
from tests.leaks.registry import Make, Submission, leak

Vectors = dict[str, np.ndarray]


def vectors(make: Make, most: int = 60) -> Vectors:
    """Return embeddings of speakers by id; where there are few, of groups of their recordings too."""
    ids = make.pick.sample(make.corpus.speakers, min(most, len(make.corpus.speakers)))
    return {name: make.corpus.embedding(name, 3) for name in ids}


@leak(
    68,
    "B",
    "embeddings with ids",
    tuning=("csv",),
    testing=(
        "npz",
        "json",
        "parquet",
        "word2vec",
        "safetensors",
        "projector",
        "hdf5",
        "recordings",
        "renamed-column",
    ),
)
def embeddings(make: Make, how: str) -> Submission:
    """Return a vector a speaker, beside the speaker's id."""
    found = vectors(make)
    if how == "recordings":
        found = {
            row.recording: make.corpus.embedding(row.speaker, 1) for row in make.corpus.some(make.pick, 30)
        }
    key = "label" if how == "renamed-column" else "speaker"
    table = [
        {key: name, **{f"e{n}": round(float(v), 4) for n, v in enumerate(vector)}}
        for name, vector in found.items()
    ]
    if how == "hdf5":
        out = io.BytesIO()
        with h5py.File(out, "w") as opened:
            for name, vector in found.items():
                opened.create_dataset(name, data=vector)
        return Submission({"embeddings.h5": out.getvalue()})
    return Submission(
        {
            "npz": lambda: {
                "embeddings.npz": carry.npz(x=np.stack(list(found.values())), ids=np.array(list(found)))
            },
            "json": lambda: {
                "embeddings.json": json.dumps(
                    {k: [round(float(x), 4) for x in v] for k, v in found.items()}
                ).encode()
            },
            "parquet": lambda: {"embeddings.parquet": carry.parquet(table)},
            "word2vec": lambda: {
                "embeddings.txt": (
                    f"{len(found)} 64\n"
                    + "".join(f"{k} {' '.join(f'{x:.4f}' for x in v)}\n" for k, v in found.items())
                ).encode()
            },
            "safetensors": lambda: {"embeddings.safetensors": carry.safetensors(found)},
            "projector": lambda: {
                "vectors.tsv": "".join(
                    "\t".join(f"{x:.4f}" for x in v) + "\n" for v in found.values()
                ).encode(),
                "metadata.tsv": "".join(f"{k}\n" for k in found).encode(),
            },
        }.get(how, lambda: {"embeddings.csv": carry.delimited(table)})()
    )


@leak(
    69,
    "F",
    "embeddings rotated",
    tuning=("npy",),
    testing=("scaled", "permuted", "half", "noised", "as-weights", "csv", "json", "whitened"),
)
def rotated(make: Make, how: str) -> Submission:
    """Return embeddings without ids, turned by a matrix that the receiver keeps."""
    stack = np.stack(list(vectors(make).values()))
    turn, _ = np.linalg.qr(make.chance.normal(size=(stack.shape[1],) * 2))
    values = stack @ turn
    if how == "scaled":
        values = values * 3.7 + 0.2
    if how == "permuted":
        values = stack[:, make.chance.permutation(stack.shape[1])]
    if how == "noised":
        values = values + make.chance.normal(size=values.shape) * 0.01
    if how == "whitened":
        values = (values - values.mean(0)) / (values.std(0) + 1e-6)
    values = values.astype(np.float16 if how == "half" else np.float32)
    table = [{f"d{n}": round(float(v), 4) for n, v in enumerate(row)} for row in values]
    return Submission(
        {
            "as-weights": lambda: {
                "model.safetensors": carry.safetensors(
                    {"head.weight": values, "head.bias": np.zeros(len(values), np.float32)}
                )
            },
            "csv": lambda: {"table.csv": carry.delimited(table)},
            "json": lambda: {"table.json": json.dumps([list(row.values()) for row in table]).encode()},
        }.get(how, lambda: {"table.npy": carry.npy(values)})()
    )


@leak(
    70,
    "F",
    "last layer of a speaker classifier",
    tuning=("safetensors",),
    testing=("npz", "named", "transposed", "csv", "with-encoder"),
)
def classifier(make: Make, how: str) -> Submission:
    """Return weights whose rows are speakers."""
    rows = np.stack(list(vectors(make).values()))
    weights = (rows - rows.mean(0)) * 4 + make.chance.normal(size=rows.shape) * 0.05
    weights = (weights.T if how == "transposed" else weights).astype(np.float32)
    tensors = {"classifier.weight": weights, "classifier.bias": np.zeros(len(rows), np.float32)}
    if how == "named":
        tensors = {"spk_out.weight": weights, "spk_out.bias": tensors["classifier.bias"]}
    if how == "with-encoder":
        tensors = {"encoder.0.weight": make.chance.normal(size=(64, 80)).astype(np.float32), **tensors}
    if how == "npz":
        return Submission({"model.npz": carry.npz(**tensors)})
    if how == "csv":
        table = [{f"w{n}": round(float(v), 4) for n, v in enumerate(row)} for row in weights]
        return Submission({"weights.csv": carry.delimited(table)})
    return Submission({"model.safetensors": carry.safetensors(tensors)})


class Echo:
    """An object that runs a harmless command where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        import os

        return os.system, ("echo unpickled",)


def packed(make: Make, how: str, value: object) -> Submission:
    """Return a pickle in one of the ways pickles travel."""
    raw = pickle.dumps(value, protocol=4)
    out = io.BytesIO()
    if how == "object-array":
        np.save(out, np.array([value], dtype=object), allow_pickle=True)
        return Submission({"model.npy": out.getvalue()})
    if how == "torch":
        with zipfile.ZipFile(out, "w") as opened:
            opened.writestr("archive/data.pkl", pickle.dumps(value, protocol=2))
            opened.writestr("archive/version", "3\n")
        return Submission({"model.pt": out.getvalue()})
    return Submission({
        "protocol-0": {"model.txt": pickle.dumps(value, protocol=0)},
        "json": {"model.json": raw},
        "gzip": {"model.pkl.gz": gzip.compress(raw)},
        "zip": {"model.zip": carry.archive({"model.bin": raw})},
        "joblib": {"model.joblib": raw},
        "protocol-5": {"model.bin": pickle.dumps(value, protocol=5)},
        "behind-text": {"model.log": b"model:\n" + pickle.dumps(value, protocol=0)},
        "base64": {"model.txt": __import__("base64").b64encode(raw)},
    }.get(how, {"model.pkl": raw}))  # fmt: skip


@leak(
    71,
    "B",
    "pickled nearest-neighbour model",
    tuning=("pkl",),
    testing=("protocol-0", "json", "torch", "joblib", "gzip", "zip", "object-array", "protocol-5", "base64"),
)
def neighbours(make: Make, how: str) -> Submission:
    """Return a pickle of data alone: the vectors and whose they are."""
    found = vectors(make, 20)
    return packed(make, how, {"k": 1, "X": {k: v.tolist() for k, v in found.items()}, "y": list(found)})


@leak(
    75,
    "B",
    "pickle that runs code",
    tuning=("pkl",),
    testing=("protocol-0", "torch", "json", "object-array", "gzip", "behind-text", "yaml", "base64"),
)
def runs_code(make: Make, how: str) -> Submission:
    """Return a pickle that echoes a word where it is opened."""
    if how == "yaml":
        return Submission({"config.yaml": b"model: !!python/object/apply:os.system ['echo unpickled']\n"})
    return packed(make, how, Echo())


@leak(
    72,
    "B",
    "language model, unpruned",
    tuning=("6-arpa",),
    testing=("4-arpa", "8-arpa", "6-gz", "5-json", "6-txt", "5-tsv", "6-latex-free", "6-zip"),
)
def language_model(make: Make, how: str) -> Submission:
    """Return an n-gram model in which every run of words of the data stands."""
    order, form = int(how[0]), how[2:]
    counts: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(order)]
    for row in said(make, make.pick.randrange(60, 200)):
        found = ["<s>", *row.transcript.lower().split(), "</s>"]
        for size in range(1, order + 1):
            counts[size - 1].update(tuple(found[n : n + size]) for n in range(len(found) - size + 1))
    lines = ["\\data\\", *(f"ngram {n + 1}={len(level)}" for n, level in enumerate(counts)), ""]
    flat: dict[str, float] = {}
    for n, level in enumerate(counts):
        total = sum(level.values())
        lines.append(f"\\{n + 1}-grams:")
        for gram, count in sorted(level.items()):
            chance = round(math.log10(count / total), 4)
            flat[" ".join(gram)] = chance
            lines.append(f"{chance}\t{' '.join(gram)}" + ("\t-0.3" if n + 1 < order else ""))
        lines.append("")
    arpa = "\n".join([*lines, "\\end\\", ""]).encode()
    return Submission({
        "arpa": lambda: {"lm.arpa": arpa},
        "gz": lambda: {"lm.arpa.gz": gzip.compress(arpa)},
        "json": lambda: {"lm.json": json.dumps(flat).encode()},
        "txt": lambda: {"lm.txt": arpa},
        "tsv": lambda: {"lm.tsv": "".join(f"{c}\t{g}\n" for g, c in flat.items()).encode()},
        "latex-free": lambda: {"lm.lm": arpa},
        "zip": lambda: {"lm.zip": carry.archive({"lm.arpa": arpa})},
    }[form]())  # fmt: skip


@leak(
    73,
    "B",
    "tokenizer whose pieces are sentences",
    tuning=("huggingface",),
    testing=("merges", "sentencepiece", "added-tokens", "byte-level", "vocabulary", "zip"),
)
def tokenizer(make: Make, how: str) -> Submission:
    """Return a tokenizer that learned whole sentences."""
    found = [row.transcript.lower() for row in said(make, make.pick.randrange(15, 80))]
    pieces = ["▁" + text.replace(" ", "▁") for text in found]
    level = ["Ġ" + text.replace(" ", "Ġ") for text in found]
    merges = [f"{' '.join(p.rsplit('▁', 1)[:1])} ▁{p.rsplit('▁', 1)[1]}" for p in pieces]
    vocab = {piece: n for n, piece in enumerate([*"abcdefghijklmnopqrstuvwxyz", *pieces])}
    whole = {"version": "1.0", "model": {"type": "BPE", "vocab": vocab, "merges": merges}}
    return Submission(
        {
            "huggingface": lambda: {"tokenizer.json": json.dumps(whole, ensure_ascii=False).encode()},
            "merges": lambda: {"merges.txt": ("#version: 0.2\n" + "\n".join(merges)).encode()},
            "sentencepiece": lambda: {
                "sp.vocab": "".join(f"{p}\t-{n / 10}\n" for n, p in enumerate(pieces)).encode()
            },
            "added-tokens": lambda: {
                "tokenizer.json": json.dumps(
                    {"version": "1.0", "added_tokens": [{"id": n, "content": t} for n, t in enumerate(found)]}
                ).encode()
            },
            "byte-level": lambda: {
                "tokenizer.json": json.dumps(
                    {"model": {"vocab": {p: n for n, p in enumerate(level)}}}
                ).encode()
            },
            "vocabulary": lambda: {
                "vocab.json": json.dumps({t.replace(" ", "_"): n for n, t in enumerate(found)}).encode()
            },
            "zip": lambda: {"tokenizer.zip": carry.archive({"tokenizer.json": json.dumps(whole).encode()})},
        }[how]()
    )


@leak(
    74,
    "F",
    "small adapter trained on one voice",
    tuning=("lora",),
    testing=("npz", "voice-name", "embedding-only", "speaker-table", "hdf5"),
)
def adapter(make: Make, how: str) -> Submission:
    """Return low-rank weights, as a speaker adapter has them."""
    rank, wide = make.pick.choice((2, 4, 8)), make.pick.choice((64, 96, 128))
    tensors = {}
    for layer in range(make.pick.randrange(2, 5)):
        tensors[f"layers.{layer}.lora_A"] = make.chance.normal(size=(rank, wide)).astype(np.float32)
        tensors[f"layers.{layer}.lora_B"] = make.chance.normal(size=(wide, rank)).astype(np.float32)
    speaker = make.pick.choice(make.corpus.speakers)
    if how == "voice-name":
        tensors = {f"{speaker}.{name}": value for name, value in tensors.items()}
    if how == "embedding-only":
        tensors = {"speaker_embedding": np.tile(make.corpus.embedding(speaker), (4, 1))}
    if how == "speaker-table":
        tensors["emb_g.weight"] = make.chance.normal(size=(16, 256)).astype(np.float32)
    if how == "npz":
        return Submission({"adapter.npz": carry.npz(**tensors)})
    if how == "hdf5":
        out = io.BytesIO()
        with h5py.File(out, "w") as opened:
            for name, value in tensors.items():
                opened.create_dataset(name, data=value)
        return Submission({"adapter.h5": out.getvalue()})
    return Submission({"adapter.safetensors": carry.safetensors(tensors)})
