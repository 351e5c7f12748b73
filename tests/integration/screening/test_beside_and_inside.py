"""What lies in numbers, notes and lists that are read by one another, each beside a harmless twin."""

# ruff: noqa: E501 - a case is one line

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import textwrap
import wave
import zipfile
import zlib
from xml.sax.saxutils import escape

import numpy as np
import pytest

from tests.unit.screening.cases import DATA, checks, flat, outcome, png, rows_csv

CHANCE = np.random.default_rng(3)
DRAWN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 90">{}<rect width="5" height="5"/></svg>'
SAID = [recording.transcript for recording in DATA[:20]]
PACKED = gzip.compress(rows_csv(6).encode(), mtime=0)
WORDS = sorted({word for one in DATA for word in one.transcript.split()})
SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def npy(values: np.ndarray) -> bytes:
    """Return an array as numpy saves it."""
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    """Return arrays as numpy saves them together."""
    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]  # its own keyword is a bool
    return out.getvalue()


def hum() -> bytes:
    """Return a second of sound as WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as opened:
        opened.setparams((1, 2, 8000, 0, "NONE", ""))
        opened.writeframes((np.sin(np.arange(8000) / 9) * 9000).astype("<i2").tobytes())
    return out.getvalue()


def slides(shown: str, noted: str) -> bytes:
    """Return a presentation of one slide with notes."""
    page = f'<p:sld xmlns:p="{SLIDES}" xmlns:a="{DRAWING}"><a:p><a:r><a:t>{{}}</a:t></a:r></a:p></p:sld>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as opened:
        opened.writestr("[Content_Types].xml", "<Types/>")
        opened.writestr("ppt/slides/slide1.xml", page.format(escape(shown)))
        opened.writestr("ppt/notesSlides/notesSlide1.xml", page.format(escape(noted)))
    return out.getvalue()


def numbered(words: list[str]) -> np.ndarray:
    """Return sentences as the numbers of their words, six a row."""
    flat = [WORDS.index(word) for one in words for word in one.split()]
    return np.array(flat[: len(flat) // 6 * 6], np.int32).reshape(-1, 6)


def listed(data: bytes) -> str:
    """Return bytes as a list in JSON."""
    return json.dumps({"wer": 0.21, "weights": list(data)})


def pieces(text: str) -> str:
    """Return a text in short values of a style sheet."""
    parts = [text[start : start + 32] for start in range(0, len(text), 32)]
    return ":root {\n" + "".join(f'  --c{n}: "{part}";\n' for n, part in enumerate(parts)) + "}\n"


TWINS = [
    ("a.json", listed(PACKED), listed(bytes(range(40, 120)))),
    ("a.json", listed(random.Random(1).randbytes(2000)), listed(bytes([3] * 150))),
    ("a.npy", npy(np.frombuffer(hum(), np.uint8)), npy(np.arange(2000) % 200)),
    ("a.npy", npy(np.frombuffer(random.Random(1).randbytes(3000), np.uint8)), npy(CHANCE.poisson(9, 3000))),
    ("a.npy", npy(np.frombuffer(PACKED, np.int8).astype(np.int64)), npy(np.arange(-90, 90))),
    ("a.npz", npz(words=np.array(WORDS), codes=numbered(SAID)), npz(words=np.array(["a"]), n=np.arange(60))),
    ("a.css", pieces(base64.b64encode(PACKED).decode()), pieces("Helvetica, Arial, sans-serif")),
    ("a.pptx", slides("Results", " ".join(SAID[:3])), slides("Results", "Say that the rate fell.")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "leak", "twin"), TWINS)
def test_a_leak_is_blocked_and_its_twin_is_not(name: str, leak: bytes | str, twin: bytes | str) -> None:
    assert outcome(name, leak) == "block"
    assert outcome(name, twin) != "block"


CROSSED = """\
dialect,sex,n_speakers
north,women,{}
north,men,42
north,total,65
south,women,31
south,men,57
south,total,88
total,women,54
total,men,99
total,total,153
"""
WIDE = r"""\begin{{tabular}}{{lrrr}}
speakers & women & men & all \\
north & {} & 42 & 65 \\
south & 31 & 57 & 88 \\
total & 54 & 99 & 153 \\
\end{{tabular}}
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *(("a.csv", CROSSED.format(mark)) for mark in ("<10", "(<10)", "-1", "supp.")),
        ("a.tex", WIDE.format("--").replace("\n", " ")),
        *(("a.tex", WIDE.format(mark)) for mark in (r"$\dagger$", r"\textemdash", "-99")),
    ],
)
def test_a_cell_held_back_in_any_layout_follows_from_its_totals(name: str, content: str) -> None:
    assert "suppression" in checks(name, content)


def test_differences_below_nought_hold_nothing_back() -> None:
    table = "region,women,men,total\nnorth,-1,12,11\nsouth,4,-3,1\ntotal,3,9,12\n"
    assert "suppression" not in checks("a.csv", table)


FEW = "groups:\n  - name: coast\n    n_utts: 1000\n    n_spk: {}\n  - name: inland\n    n_utts: 5000\n    n_spk: 55\n"
CODE = "\n".join("".join(random.Random(n).choices("█▀▄ ", (3, 3, 3, 1), k=40)) for n in range(20))
BARS = "\n".join("█" * (40 - n) for n in range(20))


def cues(words: list[str]) -> str:
    """Return subtitles of a word each."""
    return "\n\n".join(
        f"{n}\n00:00:{n % 60:02d},000 --> 00:00:{n % 60:02d},900\n{word}" for n, word in enumerate(words)
    )


def sixes(data: bytes) -> list[int]:
    """Return bytes as numbers of six bits each."""
    bits = "".join(f"{byte:08b}" for byte in data)
    return [int(bits[at : at + 6].ljust(6, "0"), 2) for at in range(0, len(bits), 6)]


def cut(words: str) -> str:
    """Return words cut into pieces of five letters."""
    return " ".join(textwrap.wrap(words.replace(" ", ""), 5))


def lzw(data: bytes) -> list[int]:
    """Return bytes as the numbers of words in a dictionary that grows by one with each."""
    words = {bytes([byte]): byte for byte in range(256)}
    codes, last = [], b""
    for at in range(len(data)):
        longer = last + data[at : at + 1]
        if longer not in words:
            codes.append(words[last])
            words[longer] = len(words)
            longer = data[at : at + 1]
        last = longer
    return [*codes, words[last]]


OTHERS = "each model was trained with the same seed and rate until its loss no longer fell on held out sets"
LONG = gzip.compress(rows_csv(40).encode(), mtime=0)
SCRIPT = "<p>Results</p><script>let x = '{}'</script>"
WRITTEN = [
    ("a.toml", "[speakers.coast]\nwomen = 3\nmen = 41\n[speakers.inland]\nwomen = 22\nmen = 31\n", "[coast]\nlr = 3\nseed = 4\n[inland]\nlr = 2\nseed = 1\n"),
    ("a.yaml", FEW.format(1), FEW.format(31)),
    ("a.md", "The group holds 1,000 recordings of one speaker.\n", "Each holds one recording of 1,000 speakers.\n"),
    ("a.txt", CODE, BARS),
    ("a.srt", cues(" ".join(SAID[:3]).split()), cues(f"{OTHERS} {OTHERS}".split())),
    ("a.json", json.dumps({"codes": lzw(rows_csv(9).encode())}), json.dumps({"codes": [n * 7919 % 300 for n in range(150)]})),
    ("a.txt", " ".join(textwrap.wrap(base64.b32encode(rows_csv(4).encode()).decode().rstrip("=").lower(), 5)), cut(OTHERS)),
    ("a.txt", repr(zlib.compress(rows_csv(9).encode())), repr(OTHERS)),
    ("a.txt", "".join(chr(0x3041 + value) for value in sixes(rows_csv(4).encode())), "これは結果です。" * 20),
    ("a.yaml", "weights:\n" + "\n".join(f"  w{n:03d}: {LONG.hex()[n:n + 32]}" for n in range(0, 640, 32)), "loss:\n  a: 0.3\n"),
    ("a.html", SCRIPT.format(LONG.hex()), SCRIPT.format(png(flat(400, 300)).hex())),
    ("a.html", SCRIPT.format(base64.b64encode(LONG).decode()), SCRIPT.format("A" * 600)),
    ("a.svg", DRAWN.format("".join(f'<circle r="1"><title>{one.recording}</title></circle>' for one in DATA[:9])), DRAWN.format("<title>Rates</title>")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "leak", "twin"), WRITTEN)
def test_a_written_leak_is_blocked_and_its_twin_is_not(name: str, leak: str, twin: str) -> None:
    assert outcome(name, leak) == "block"
    assert outcome(name, twin) != "block"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps({"women": {"n_speakers": 104, "f0": 201}, "men": {"n_speakers": 108, "f0": 118}})),
        ("a.json", json.dumps([{"n_speakers": 104, "f0": 201}, {"n_speakers": 108, "f0": 118}])),
        ("a.yaml", "loss:\n" + "".join(f"  - {3 / (n + 2):.4f}\n" for n in range(300))),
    ],
)  # fmt: skip
def test_groups_of_one_table_and_a_listed_curve_are_not_blocked(name: str, content: str) -> None:
    assert outcome(name, content) != "block"


@pytest.mark.parametrize(
    "content",
    [
        "   Min. 1st Qu.  Median    Mean 3rd Qu.    Max. \n  78.13  112.40  131.22  140.51  171.90  312.77 \n",
        "variable mean sd p0 p50 p100\nseconds 7.9 4.1 1.44 8.1 16.09\n",
        "Mean F0 was 148 Hz (SD 41; range 71.3--341.8 Hz).\n",
        "age:\n  mean: 41.2\n  highest: 93\n",
    ],
)
def test_ends_named_among_means_reach_a_human(content: str) -> None:
    assert "extremes" in checks("a.yaml", content)


def test_settings_and_bare_ranges_are_no_ends() -> None:
    assert outcome("a.yaml", "pitch:\n  min: 75\n  max: 500\n  step: 0.01\n") == "pass"
    assert outcome("a.md", "The spectrum was taken over the range 50 to 8000 Hz.\n") == "pass"


def test_ends_and_outliers_of_a_boxplot_reach_a_human() -> None:
    box = {"q1": 0.1, "med": 0.2, "q3": 0.3}
    assert "extremes" in checks("a.json", json.dumps({**box, "fliers": [0.81, 0.02]}))
    assert "extremes" in checks("a.json", json.dumps({**box, "whislo": 0.03, "whishi": 0.51}))
    assert outcome("a.json", json.dumps(box)) == "pass"
