"""One small sound file of each kind that the screening opens, with nothing of the data in it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
from collections.abc import Callable
from functools import lru_cache

import h5py
import numpy as np
import pyarrow
import pyarrow.feather
from PIL import Image, ImageDraw

from tests.leaks import carry, documents, signal, words

RESULTS = [
    {"region": "north", "n_speakers": 31, "wer": 0.21},
    {"region": "south", "n_speakers": 28, "wer": 0.19},
    {"region": "coast", "n_speakers": 45, "wer": 0.2},
]


def drawn() -> Image.Image:
    """Return a small bar chart."""
    picture = Image.new("RGB", (160, 120), "white")
    draw = ImageDraw.Draw(picture)
    for number, height in enumerate((63, 57, 60)):
        draw.rectangle((20 + 45 * number, 110 - height, 50 + 45 * number, 110), fill="#4477aa")
    return picture


def picture(form: str) -> bytes:
    """Return the chart in a format of Pillow."""
    out = io.BytesIO()
    drawn().save(out, form)
    return out.getvalue()


def tone(form: str, subtype: str | None = None) -> bytes:
    """Return a second of three tones."""
    time = np.arange(16000) / 16000
    sound = 0.2 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 331, 470))
    return signal.encoded(np.asarray(sound, np.float32), 16000, format=form, subtype=subtype)


def hdf5() -> bytes:
    """Return an HDF5 file of a small table of results."""
    out = io.BytesIO()
    with h5py.File(out, "w") as opened:
        opened.create_dataset("results/wer", data=np.array([0.21, 0.19, 0.2]), compression="gzip")
        opened.attrs["unit"] = "rate"
    return out.getvalue()


def feather() -> bytes:
    """Return the table as a Feather file."""
    out = io.BytesIO()
    pyarrow.feather.write_feather(pyarrow.Table.from_pylist(RESULTS), out, compression="uncompressed")
    return out.getvalue()


def tar() -> bytes:
    """Return the table in a tar archive."""
    from tests.leaks.archives import tar as packed

    return packed({"results.csv": carry.delimited(RESULTS), "README.md": b"# Results\n"})


def svg() -> bytes:
    """Return the chart as a drawing."""
    bars = "".join(
        f'<rect x="{20 + 45 * n}" y="{110 - h}" width="30" height="{h}" fill="#47a"/>'
        for n, h in enumerate((63, 57, 60))
    )
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"><title>WER</title>'
    return f"{head}{bars}</svg>".encode()


PROSE = words.prose(random.Random(5), 8)
TABLE = carry.delimited(RESULTS)
# Kind: a name with the right suffix, and how its bytes are made.
KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("results.csv", lambda: TABLE),
    "tsv": ("results.tsv", lambda: carry.delimited(RESULTS, "\t")),
    "json": ("results.json", lambda: json.dumps({"wer": RESULTS, "epochs": 20, "note": None}).encode()),
    "ipynb": ("analysis.ipynb", lambda: carry.notebook(carry.written("# WER"), carry.printed("0.21\n"))),
    "md": ("README.md", lambda: f"# Results\n\n{PROSE}\n\n{carry.piped(RESULTS)}".encode()),
    "tex": ("table.tex", lambda: carry.latex(RESULTS).encode()),
    "yaml": ("config.yaml", lambda: b"model: baseline\nepochs: 20\nwer: 0.21\n"),
    "html": (
        "report.html",
        lambda: f"<!doctype html><html><body><p>{PROSE}</p>{carry.hypertext(RESULTS)}</body></html>".encode(),
    ),
    "svg": ("figure.svg", svg),
    "png": ("figure.png", lambda: picture("PNG")),
    "jpeg": ("figure.jpg", lambda: picture("JPEG")),
    "gif": ("figure.gif", lambda: picture("GIF")),
    "webp": ("figure.webp", lambda: picture("WEBP")),
    "tiff": ("figure.tiff", lambda: picture("TIFF")),
    "bmp": ("figure.bmp", lambda: picture("BMP")),
    "zip": ("results.zip", lambda: carry.archive({"results.csv": TABLE, "README.md": b"# Results\n"})),
    "tar": ("results.tar", tar),
    "tgz": ("results.tar.gz", lambda: gzip.compress(tar())),
    "gz": ("results.csv.gz", lambda: gzip.compress(TABLE)),
    "bz2": ("results.csv.bz2", lambda: bz2.compress(TABLE)),
    "xz": ("results.csv.xz", lambda: lzma.compress(TABLE)),
    "zst": ("results.csv.zst", lambda: bytes(pyarrow.compress(TABLE, codec="zstd", asbytes=True))),
    "xlsx": ("table.xlsx", lambda: carry.workbook({"results": RESULTS})),
    "pdf": ("report.pdf", lambda: documents.pdf(documents.written(PROSE.split(". ")))),
    "parquet": ("results.parquet", lambda: carry.parquet(RESULTS)),
    "feather": ("results.feather", feather),
    "hdf5": ("results.h5", hdf5),
    "npy": ("wer.npy", lambda: carry.npy(np.array([0.21, 0.19, 0.2]))),
    "npz": ("wer.npz", lambda: carry.npz(wer=np.array([0.21, 0.19, 0.2]))),
    "safetensors": ("model.safetensors", lambda: carry.safetensors({"scale": np.ones(4, np.float32)})),
    "wav": ("tone.wav", lambda: tone("WAV")),
    "flac": ("tone.flac", lambda: tone("FLAC")),
    "mp3": ("tone.mp3", lambda: tone("MP3")),
    "ogg": ("tone.ogg", lambda: tone("OGG", "VORBIS")),
    "opus": ("tone.opus", lambda: tone("OGG", "OPUS")),
    "aiff": ("tone.aiff", lambda: tone("AIFF")),
}


@lru_cache(maxsize=64)
def sample(kind: str) -> bytes:
    """Return the sound sample of a kind."""
    return KINDS[kind][1]()
