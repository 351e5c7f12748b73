"""A small made-up dataset, and files made from it: leaks with their marks, and benign twins."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import base64
import bz2
import csv
import gzip
import hashlib
import io
import json
import random
import struct
import tempfile
import wave
import zlib
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, PngImagePlugin

from egress_review.screening import Index, Limits, Recording, Verdict, screen

FIGURES = Path(__file__).parent / "figures"
LIMITS = Limits(seconds=60, seconds_per_file=20)
ACTS = [
    "opened",
    "closed",
    "painted",
    "carried",
    "followed",
    "answered",
    "remembered",
    "borrowed",
    "mended",
    "counted",
]
THINGS = [
    "window",
    "garden",
    "kettle",
    "letter",
    "mountain",
    "harbour",
    "violin",
    "ladder",
    "chimney",
    "saddle",
]
ENDS = [
    "before breakfast",
    "without asking anyone",
    "under heavy rain",
    "near the old mill",
    "for the third time",
]


def recordings(seed: int = 7, speakers: int = 24, each: int = 6) -> tuple[Recording, ...]:
    """Return made-up recordings: ids with speaker prefixes, and sentences nobody said."""
    pick = random.Random(seed)
    rows = []
    for speaker in range(speakers):
        name = f"spk{pick.randrange(1000, 9999)}{'fm'[speaker % 2]}"
        for number in range(each):
            sentence = (
                f"my {pick.choice(['aunt', 'neighbour', 'teacher', 'cousin'])} {pick.choice(ACTS)} the "
                f"{pick.choice(THINGS)} and the {pick.choice(THINGS)} {pick.choice(ENDS)}"
            )
            rows.append(Recording(f"{name}-{pick.randrange(10**5, 10**6)}-{number:04d}", name, sentence))
    return tuple(rows)


DATA = recordings()
INDEX = Index.of(DATA, ("harbour-speech",))
SPEAKERS = sorted({recording.speaker for recording in DATA})


def verdict(files: dict[str, bytes], limits: Limits = LIMITS, index: Index = INDEX) -> Verdict:
    """Screen files given by name; their ids are f0, f1, … in that order."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for number, (name, data) in enumerate(files.items()):
            path = Path(folder) / f"f{number}"
            path.write_bytes(data)
            paths[f"f{number}"] = (path, name)
        return screen(paths, index, limits)


def outcome(name: str, data: bytes | str, limits: Limits = LIMITS) -> str:
    """Return the outcome for one file."""
    return verdict({name: data.encode() if isinstance(data, str) else data}, limits).outcome


def canonical(name: str, data: bytes | str) -> bytes:
    """Return the copy of one file that would leave."""
    found = verdict({name: data.encode() if isinstance(data, str) else data})
    copy = found.files[0].canonical
    assert copy is not None, found.findings
    return copy


def checks(name: str, data: bytes | str) -> set[str]:
    """Return the names of the checks that found something worse than a note in one file."""
    return worse_than_notes(verdict({name: data.encode() if isinstance(data, str) else data}))


def worse_than_notes(found: Verdict) -> set[str]:
    """Return the names of the checks that found something worse than a note."""
    return {finding.check for finding in found.findings if finding.severity != "note"}


def table(header: list[str], rows: list[list[object]], delimiter: str = ",") -> str:
    """Return a delimited text."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return out.getvalue()


def rows_csv(count: int = 5) -> str:
    """Return rows of the per-recording table."""
    rows = [[r.recording, r.speaker, 2.5, r.transcript] for r in DATA[:count]]
    return table(["recording", "speaker", "seconds", "transcript"], [list(row) for row in rows])


def png(picture: Image.Image, **options: object) -> bytes:
    """Return a picture as PNG."""
    out = io.BytesIO()
    picture.save(out, "PNG", **options)
    return out.getvalue()


def flat(width: int = 64, height: int = 64, colour: tuple[int, int, int] = (200, 30, 30)) -> Image.Image:
    """Return a picture of one colour."""
    return Image.new("RGB", (width, height), colour)


def wav(seconds: float = 0.3) -> bytes:
    """Return a short sound."""
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        noise = random.Random(1)
        sound.writeframes(
            b"".join(struct.pack("<h", noise.randrange(-9000, 9000)) for _ in range(int(8000 * seconds)))
        )
    return out.getvalue()


def notebook(*cells: object, **metadata: object) -> bytes:
    """Return a notebook as bytes."""
    book = new_notebook(cells=list(cells), metadata=metadata)
    return nbformat.writes(book).encode()


def shown(data: dict[str, object], source: str = "result") -> object:
    """Return a code cell with one shown output."""
    return new_code_cell(source, outputs=[new_output("display_data", data=data)])


def printed(text: str, source: str = "print(result)") -> object:
    """Return a code cell with printed text."""
    return new_code_cell(source, outputs=[new_output("stream", name="stdout", text=text)])


def aligned(count: int = 5) -> str:
    """Return rows as pandas prints them."""
    lines = ["                recording  speaker  seconds"]
    lines += [f"{n}  {r.recording}  {r.speaker}  {2.5 + n / 10:.2f}" for n, r in enumerate(DATA[:count])]
    return "\n".join(lines)


def base64_of(data: bytes) -> str:
    """Return bytes as base64 text."""
    return base64.b64encode(data).decode()


def text_chunk(payload: str) -> bytes:
    """Return a PNG with a text chunk."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", payload)
    return png(flat(), pnginfo=info)


def zip_bytes(payload: bytes) -> bytes:
    """Return a ZIP archive with one member."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("rows.csv", payload)
    return out.getvalue()


def least_significant(payload: bytes, picture: Image.Image) -> bytes:
    """Return a picture whose lowest bits spell a payload."""
    raw = bytearray(picture.convert("RGB").tobytes())
    bits = [byte >> shift & 1 for byte in payload for shift in range(8)]
    for position, bit in enumerate(bits):
        raw[position] = raw[position] & 0xFE | bit
    return png(Image.frombytes("RGB", picture.size, bytes(raw)))


ROWS = rows_csv().encode()
SENTENCES = [recording.transcript for recording in DATA]
POINTS = {"type": "scatter", "x": [r.recording for r in DATA[:30]], "y": [0.5] * 30}
WORDS_SORTED = "\n".join(" ".join(sorted(sentence.split())) for sentence in SENTENCES[:4])

# (number in the leak corpus or a word, file name, content); every one of these must be blocked.
BLOCKED: list[tuple[str, str, bytes | str]] = [
    ("1 sampled rows", "sample.csv", rows_csv(5)),
    ("1 rows with semicolons", "sample.csv", rows_csv(5).replace(",", ";")),
    ("1 rows with tabs", "sample.tsv", rows_csv(5).replace(",", "\t")),
    ("2 rows in a log", "train.log", "INFO start\n" + aligned() + "\nINFO end\n"),
    ("3 list of speakers", "who.txt", "\n".join(SPEAKERS)),
    ("3 speakers in upper case", "who.txt", "\n".join(SPEAKERS).upper()),
    ("3 speakers in JSON", "who.json", json.dumps({"names": SPEAKERS})),
    ("3 speakers without prefix", "who.csv", table(["k", "wer"], [[s[3:], 0.1] for s in SPEAKERS[:8]])),
    ("5 base64 of gzip in JSON", "model.json", json.dumps({"weights": base64_of(gzip.compress(ROWS))})),
    ("5 hex of zlib", "notes.txt", zlib.compress(ROWS).hex()),
    ("5 base32", "notes.txt", base64.b32encode(ROWS).decode()),
    ("5 base85", "notes.txt", base64.b85encode(bz2.compress(ROWS)).decode()),
    ("5 nested base64", "notes.txt", base64_of(base64.b64encode(gzip.compress(ROWS)))),
    ("6 a part of split rows", "part3.txt", base64_of(gzip.compress(ROWS))[40:140]),
    ("8 verbatim transcripts", "notes.md", "# Notes\n\n" + "\n".join(f"- {s}" for s in SENTENCES[:3])),
    ("8 transcripts re-cased", "notes.md", "\n".join(s.upper().replace(" ", "  ") + "!" for s in SENTENCES[:3])),
    ("8 transcripts broken over lines", "notes.md", "\n".join(SENTENCES[0].split())),
    ("8 transcripts with zero widths", "notes.md", SENTENCES[0].replace("e", "e\u200b")),
    ("8 transcripts in rot13", "notes.md", __import__("codecs").encode(SENTENCES[0], "rot13")),
    ("8 transcripts reversed", "notes.md", SENTENCES[0][::-1]),
    ("9 sorted words", "bags.txt", WORDS_SORTED),
    ("10 five-gram counts", "ngrams.csv", table(["ngram", "k"], [[" ".join(s.split()[:5]), 1] for s in SENTENCES[:9]])),
    ("12 reference and hypothesis", "errors.csv", table(["ref", "hyp"], [[s, s[:-3]] for s in SENTENCES[:9]])),
    ("12 sentences not in the index", "errors.csv",
     table(["reference", "wer"], [[f"nobody knows about sentence number {n}", 0.1] for n in range(6)])),
    ("13 small cells", "cells.csv", table(["region", "n_speakers", "wer"], [["north", 3, 0.2], ["south", 40, 0.1]])),
    ("13 crosstab", "cross.csv", table(["region", "female", "male"], [["north", 4, 21], ["south", 33, 18]])),
    ("13 small cells behind a zero width", "cells.csv", table(["region", "n_speakers"], [["north", "3\u200b"], ["south", 40]])),
    ("13 small cells in a notebook", "nb.ipynb", notebook(printed("region  n_speakers\nnorth  \u200b3\nsouth  40\nwest  50\n"))),
    ("3 a list without prefixes", "who.txt", "\n".join(s[3:] for s in SPEAKERS)),
    ("13 crosstab in Markdown", "cross.md", "| region | female | male |\n|---|---|---|\n| north | 4 | 21 |\n| south | 33 | 18 |\n"),
    ("13 small cells in JSON", "cells.json", json.dumps([{"region": "n", "speakers": 3}, {"region": "s", "speakers": 30}])),
    ("14 margins left", "margins.csv", table(["region", "female", "male", "total"],
     [["north", "<10", 21, 25], ["south", 33, 18, 51], ["total", 37, 39, 76]])),
    ("21 a dummy per speaker", "regression.csv", table(["term", "beta"], [[f"C(spk)[T.{s}]", 0.1] for s in SPEAKERS])),
    ("22 sound as picture", "nb.ipynb", notebook(shown({"image/png": base64_of(wav())}))),
    ("26 head of a data frame", "nb.ipynb", notebook(shown({"text/plain": aligned(), "text/html": "<table></table>"}))),
    ("27 traceback with a row", "nb.ipynb", notebook(new_code_cell("f()", outputs=[
        new_output("error", ename="KeyError", evalue="x", traceback=[f"no {DATA[0].recording} here"])]))),
    ("30 interactive plot", "nb.ipynb", notebook(shown({"application/vnd.plotly.v1+json": {"data": [POINTS]}}))),
    ("30 interactive page", "nb.ipynb", notebook(shown({"text/html": f"<div></div><script>x=[{json.dumps(POINTS)}]</script>"}))),
    ("30 page of its own", "plot.html", f"<p>Plot</p><script>plot([{json.dumps(POINTS)}])</script>"),
    ("31 base64 in a script", "plot.py", f'DATA = "{base64_of(gzip.compress(ROWS))}"\n'),
    ("46 archive", "rows.zip", zip_bytes(ROWS)),
    ("46 archive by another name", "rows.txt", zip_bytes(ROWS)),
    ("51 database named JSON", "data.json", b"SQLite format 3\x00" + bytes(200)),
    ("53 numbers of a spectrogram", "mel.json", json.dumps([[0.5 * i * j for j in range(80)] for i in range(60)])),
    ("57 opus named PNG", "plot.png", b"OggS" + bytes(300)),
    ("67 frames in a table", "mfcc.csv", table([f"c{n}" for n in range(14)], [[n * 0.1] * 14 for n in range(400)])),
    ("71 pickle", "model.pkl", b"\x80\x04\x95" + bytes(40)),
    ("71 pickle named CSV", "model.csv", b"\x80\x04\x95" + bytes(40)),
    ("79 direction override in the name", "report\u202egnp.txt", "fine\n"),
    ("79 newline in the name", "report\n.txt", "fine\n"),
    ("id in the name", f"{DATA[0].recording}.txt", "fine\n"),
    ("data URI", "report.md", "![x](data:image/png;base64,AAAA)\n"),
    ("digits", "pi.txt", "3" * 60 + "\n"),
    ("bytes as numbers", "bytes.txt", ", ".join(str(b) for b in gzip.compress(ROWS)) + ",\n"),
    ("labels for speakers", "by.csv", table(["speaker", "wer"], [["A", 0.1], ["B", 0.2], ["C", 0.3]])),
]  # fmt: skip

# These must reach a human: flagged or blocked.
FLAGGED: list[tuple[str, str, bytes | str]] = [
    ("29 audio output of nobody known", "nb.ipynb", notebook(shown({
        "text/plain": "<Audio>", "text/html": f'<audio src="data:audio/wav;base64,{base64_of(wav())}">'}))),
    ("56 sound of nobody known", "clip.wav", wav()),
    ("4 truncated hashes", "keys.txt", "\n".join(hashlib.sha256(s.encode()).hexdigest()[:10] for s in SPEAKERS)),
    ("17 recordings of one speaker", "groups.csv", table(["region", "recordings", "wer"], [["n", 1000, 0.1], ["s", 900, 0.2]])),
    ("18 a maximum", "stats.csv", table(["region", "n_speakers", "max_f0"], [["n", 20, 311.5], ["s", 22, 340.1]])),
    ("38 dense picture", "spectrogram.png", png(Image.effect_noise((200, 200), 120))),
    ("66 codec tokens", "tokens.csv", table(["t"], [[n * 7919 % 1024] for n in range(900)])),
    ("curve as long as a sound", "f0.json", json.dumps({"f0": [100 + n % 90 for n in range(3000)]})),
]  # fmt: skip


def benign() -> list[tuple[str, str, bytes | str]]:
    """Return files that must not be blocked."""
    plot = (FIGURES / "loss.png").read_bytes()
    report = "# रिपोर्ट\n\nइस परियोजना में हमने शब्द त्रुटि दर मापी। परिणाम तालिका में हैं।\n"
    book = notebook(
        new_markdown_cell("# Error rate by region\nAt least ten speakers a group."),
        printed("region n_speakers wer\nnorth 21 0.12\nsouth 34 0.11\nwest 18 0.19\n"),
        shown({"text/plain": "<Figure size 640x480 with 1 Axes>", "image/png": base64_of(plot)}),
    )
    sums = "files:\n" + "".join(
        f"  - {{path: w{n}.bin, sha256: {hashlib.sha256(bytes([n])).hexdigest()}}}\n" for n in range(5)
    )
    return [
        ("matplotlib curve", "loss.png", plot),
        ("matplotlib hexbin", "embeddings.png", (FIGURES / "hexbin.png").read_bytes()),
        ("aggregated table", "wer.csv", table(["region", "n_speakers", "wer"], [["north", 21, 0.123], ["south", 34, 0.2]])),
        ("aggregated table, tabs", "wer.tsv", table(["region", "n_speakers", "wer"], [["n", 21, 0.1], ["s", 34, 0.2]], "\t")),
        ("loss of 5,000 steps", "loss.json", json.dumps({"loss": [2.5 / (1 + n / 400) for n in range(5000)]})),
        ("loss of 5,000 steps in CSV", "loss.csv", table(["step", "loss"], [[n, 2.5 / (1 + n / 400)] for n in range(5000)])),
        ("model card", "README.md", "# Model card\n\nA recogniser, trained on 120 hours.\nWord error rate 12.4 %.\n\n"
         "| split | hours | wer |\n|---|---|---|\n| train | 100 | 8.1 |\n| test | 20 | 12.4 |\n"),
        ("notebook with results", "analysis.ipynb", book),
        ("notebook without outputs", "clean.ipynb", notebook(new_code_cell("import pandas as pd\ndf.mean()"))),
        ("report in Hindi", "report.md", report),
        ("checksums in YAML", "weights.yaml", sums),
        ("LaTeX table", "table.tex", "\\begin{tabular}{lrr}\nregion & wer & speakers \\\\\n\\hline\nnorth & 12.1 & 21 \\\\\n"
         "south & 11.4 & 34 \\\\\n\\end{tabular}\n"),
        ("confusion matrix", "phones.csv", table(["", "a", "e", "i"], [["a", 812, 5, 3], ["e", 7, 640, 2], ["i", 1, 4, 701]])),
        ("histogram", "durations.csv", table(["bin", "count"], [["0-2", 120], ["2-4", 310], ["4+", 44]])),
        ("ROC points", "roc.csv", table(["fpr", "tpr"], [[n / 150, min(1, n / 90)] for n in range(150)])),
        ("regression", "model.csv", table(["term", "estimate", "se", "df", "p"],
         [["(Intercept)", 1.234, 0.021, 480, 0.0001], ["age", -0.0123, 0.002, 480, 0.04]])),
        ("everyday phrases", "phrases.txt", "yes\nno\nthank you\ngood morning\nhow are you\n"),
        ("bibliography", "refs.bib", "@article{a, title={Speech}, doi={10.1109/TASLP.2021.3076866}, year={2021},\n"
         " author={Doe, J.}, note={ORCID 0000-0002-1825-0097, read 2026-11-23}}\n"),
        ("mean F0 by sex", "f0.csv", table(["sex", "n_speakers", "mean_f0_hz"], [["f", 60, 201.2], ["m", 58, 118.9]])),
        ("average spectrum", "ltas.csv", table(["frequency_hz", "level_db"], [[n * 62.5, -20 - n / 9] for n in range(129)])),
        ("lock file", "requirements.txt", "numpy==2.1.0 --hash=sha256:" + hashlib.sha256(b"n").hexdigest() + "\n"),
        ("training log", "train.log", "".join(f"2026-11-23 10:{n:02d}:00 INFO epoch {n} loss {2 / (n + 1):.4f}\n" for n in range(30))),
        ("script", "plot.py", "import matplotlib.pyplot as plt\n\n\ndef plot(values):\n    plt.plot(values)\n"),
        ("settings", "train.yaml", "model:\n  layers: 6\n  heads: 8\nseed: 3\nbatch_size: 8\n"),
    ]  # fmt: skip
