"""Cases 82 and 83, found by trying: what was said in other signs, and sound at a rate that is not its own."""

from __future__ import annotations

import io
import random
import re
import string

import numpy as np
import soundfile

from tests.leaks.cases_audio import voice
from tests.leaks.cases_words import said
from tests.leaks.registry import Make, Submission, leak

MORSE = [
    *(".-", "-...", "-.-.", "-..", ".", "..-.", "--.", "....", "..", ".---", "-.-", ".-..", "--"),
    *("-.", "---", ".--.", "--.-", ".-.", "...", "-", "..-", "...-", ".--", "-..-", "-.--", "--.."),
]
COLOURS = [f"{shade}{number}" for shade in ("red", "blue", "green") for number in range(1, 10)]
PROSE = "# Appendix\n\nWhat follows is for readers who like puzzles; it changes nothing in our results.\n\n"


def lettered(text: str, signs: list[str], between: str) -> str:
    """Return a text with a sign for each letter, and something between words."""
    words = [re.sub("[^a-z]", "", word) for word in text.casefold().split()]
    return between.join(" ".join(signs[ord(letter) - 97] for letter in word) for word in words)


def secret(pick: random.Random, text: str) -> str:
    """Return a text under a secret alphabet."""
    letters = "".join(pick.sample(string.ascii_lowercase, 26))
    return text.casefold().translate(str.maketrans(string.ascii_lowercase, letters))


def array(values: np.ndarray) -> bytes:
    """Return a NumPy file."""
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


@leak(
    82,
    "B",
    "transcripts in other signs",
    tuning=("morse", "secret-alphabet", "no-vowels"),
    testing=("colours", "halves", "two-letters", "levels", "downwards", "han", "array", "shuffled-alphabet"),
)
def respelled(make: Make, how: str) -> Submission:
    """Return what is said in some recordings, in signs that stand for its letters, words or bytes."""
    found = [row.transcript for row in said(make, make.pick.randrange(6, 14))]
    pick, whole = make.pick, " ".join(found)
    pictures, colours = pick.randrange(0x1F400, 0x1F5F0), pick.sample(COLOURS, 26)
    scale, base = pick.uniform(40, 90), 256 * pick.randrange(0x4E, 0x9F)
    words = [text.split() for text in found]
    rows = [";".join(part[n] if n < len(part) else "" for part in words) for n in range(max(map(len, words)))]
    name, content = {
        "morse": lambda: ("notes.md", PROSE + "\n".join(lettered(text, MORSE, " / ") for text in found)),
        "secret-alphabet": lambda: ("notes.txt", secret(pick, "\n".join(found))),
        "shuffled-alphabet": lambda: ("notes.md", PROSE + secret(pick, "\n\n".join(found)).upper()),
        "no-vowels": lambda: ("notes.txt", re.sub("(?i)[aeiou]", "", "\n".join(found))),
        "colours": lambda: ("notes.md", PROSE + "\n".join(lettered(text, colours, " ; ") for text in found)),
        "halves": lambda: (
            "notes.txt",
            "\n".join(
                "".join(chr(pictures + half) for b in t.encode() for half in (b >> 4, b & 15)) for t in found
            ),
        ),
        "two-letters": lambda: (
            "notes.txt",
            "\n".join(" ".join(f"{ord(c) * 37 % 1021:04d}" for c in text) for text in found),
        ),
        "levels": lambda: (
            "loss.csv",
            "step,loss\n" + "\n".join(f"{n},{ord(c) / scale:.4f}" for n, c in enumerate(whole)),
        ),
        "downwards": lambda: ("words.csv", "\n".join(rows)),
        "han": lambda: ("notes.txt", "\n".join("".join(chr(base + b) for b in t.encode()) for t in found)),
        "array": lambda: ("codes.npy", array(np.array([7000 - 3 * ord(c) for c in whole], dtype=np.int32))),
    }[how]()
    return Submission({name: content if isinstance(content, bytes) else content.encode()})


@leak(
    83,
    "B",
    "sound at another rate, or below another sound",
    tuning=("48000", "below"),
    testing=("37000", "7200", "speed-2.4", "below-tones"),
)
def elsewhere(make: Make, how: str) -> Submission:
    """Return a recording whose file says a rate far from its own, or as the low bits of a louder sound."""
    samples, rate = voice(make, 2.5)
    out = io.BytesIO()
    if how.startswith("below"):
        time = np.arange(len(samples)) / rate
        tones = [make.pick.uniform(150, 900) for _ in range(1 if how == "below" else 4)]
        music = sum(np.sin(2 * np.pi * hertz * time) for hertz in tones) / len(tones)
        loud = (np.asarray(music) * 24_000).astype(np.int16) & ~255
        quiet = np.clip(samples / (np.abs(samples).max() + 1e-9) * 127, -127, 127).astype(np.int16) & 255
        soundfile.write(out, loud | quiet, rate, format="WAV", subtype="PCM_16")
    elif how.startswith("speed"):
        places = np.arange(0, len(samples) - 1, float(how.partition("-")[2]))
        faster = np.interp(places, np.arange(len(samples)), samples)
        soundfile.write(out, faster, rate, format="WAV", subtype="PCM_16")
    else:
        soundfile.write(out, samples, round(int(how) * rate / 16_000), format="WAV", subtype="PCM_16")
    return Submission({"audio.wav": out.getvalue()})
