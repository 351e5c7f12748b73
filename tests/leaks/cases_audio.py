"""Cases 56 to 67: recordings in other formats, changed, or as numbers."""

from __future__ import annotations

import json

import numpy as np

from tests.leaks import carry, signal
from tests.leaks.cases_notebooks import b64
from tests.leaks.dataset import Samples
from tests.leaks.registry import Make, Submission, leak

# Formats of libsndfile: suffix, format, subtype.
FORMATS: dict[str, tuple[str, str, str | None]] = {
    "wav": ("wav", "WAV", "PCM_16"),
    "mp3": ("mp3", "MP3", None),
    "flac": ("flac", "FLAC", None),
    "vorbis": ("ogg", "OGG", "VORBIS"),
    "opus": ("opus", "OGG", "OPUS"),
    "a-law": ("wav", "WAV", "ALAW"),
    "gsm": ("wav", "WAV", "GSM610"),
    "adpcm": ("wav", "WAV", "IMA_ADPCM"),
    "float": ("wav", "WAV", "FLOAT"),
    "24-bit": ("wav", "WAV", "PCM_24"),
    "au": ("au", "AU", "PCM_16"),
    "aiff": ("aiff", "AIFF", "PCM_16"),
    "caf": ("caf", "CAF", "PCM_16"),
    "w64": ("w64", "W64", "PCM_16"),
    "sphere": ("sph", "NIST", "PCM_16"),
}


def sounding(make: Make, samples: Samples, rate: int, form: str | None = None) -> dict[str, bytes]:
    """Return sound as a file; the format is one of the wanted use where none is named."""
    suffix, format_, subtype = FORMATS[form or make.of(["wav"], ["wav", "flac", "mp3", "vorbis"])]
    wanted = 8000 if form == "gsm" else rate
    return {
        f"audio.{suffix}": signal.encoded(signal.resample(samples, rate, wanted), wanted, format_, subtype)
    }


def voice(make: Make, low: float = 1.5, high: float = 6) -> tuple[Samples, int]:
    """Return a stretch of a recording and its rate."""
    _, samples, rate = make.corpus.clip(make.pick, make.pick.uniform(low, high))
    return samples, rate


@leak(
    56,
    "B",
    "another format",
    tuning=("mp3",),
    testing=(
        *tuple(name for name in FORMATS if name != "mp3"),
        "raw",
        "resampled",
        "noised",
        "equalised",
        "stereo",
        "quiet",
        "headless",
        "odd-header",
        "samples-csv",
        "samples-json",
        "one-side",
        "in-pieces",
        "mp3-low",
    ),
)
def formats(make: Make, how: str) -> Submission:
    """Return a recording in a lossy or odd format."""
    samples, rate = voice(make)
    if how in FORMATS:
        return Submission(sounding(make, samples, rate, how))
    if how == "one-side":
        noise = make.chance.normal(size=len(samples)).astype(np.float32) * 0.1
        return Submission(sounding(make, np.stack([noise + samples / 2, noise - samples / 2], 1), rate))
    integers = np.asarray(np.clip(samples, -1, 1) * 32767, np.int16)
    if how == "resampled":
        wanted = make.pick.choice((6000, 11025, 16000, 22050, 44100))
        return Submission(sounding(make, signal.resample(samples, rate, wanted), wanted))
    if how == "noised":
        return Submission(
            sounding(make, signal.noised(samples, make.pick.choice((10, 15, 20)), make.chance), rate)
        )
    if how == "equalised":
        return Submission(sounding(make, signal.equalised(samples, rate, make.pick.choice((-6, 4, 6))), rate))
    if how == "stereo":
        both = np.stack([samples, make.chance.normal(size=len(samples)).astype(np.float32) * 0.01], 1)
        return Submission({"audio.wav": signal.encoded(both, rate, "WAV", "PCM_16")})
    if how == "quiet":
        return Submission(sounding(make, samples * 0.01, rate, "wav"))
    if how == "mp3-low":
        return Submission({"audio.mp3": signal.encoded(samples, rate, "MP3", compression_level=0.99)})
    return Submission({
        "raw": {"audio.raw": integers.tobytes()},
        "headless": {"weights.bin": integers.byteswap().tobytes()},
        "odd-header": {"weights.bin": make.chance.bytes(1031) + integers.tobytes()},
        "samples-csv": {"signal.csv": ("x\n" + "\n".join(map(str, integers))).encode()},
        "in-pieces": {
            "signal.npz": carry.npz(**{f"b{n}": one for n, one in enumerate(np.array_split(samples, 30))})
        },
        "samples-json": {"signal.json": json.dumps({"x": [round(float(v), 4) for v in samples]}).encode()},
    }[how])  # fmt: skip


@leak(
    57,
    "B",
    "sound under another suffix",
    tuning=("opus-png",),
    testing=(
        "wav-csv",
        "flac-json",
        "mp3-none",
        "zip",
        "base64-txt",
        "gzip",
        "hex-md",
        "wav-in-jpeg",
        "tar",
        "mp3-pdf",
        "base64-ipynb-source",
    ),
)
def misnamed(make: Make, how: str) -> Submission:
    """Return a recording that calls itself something else, or lies in another file."""
    samples, rate = voice(make)
    wav, flac = signal.encoded(samples, rate, "WAV"), signal.encoded(samples, rate, "FLAC")
    opus, mp3 = signal.encoded(samples, rate, "OGG", "OPUS"), signal.encoded(samples, rate, "MP3")
    text = b64(opus)
    import gzip

    from tests.leaks import disguise, pictures
    from tests.leaks.archives import tar

    return Submission(
        {
            "opus-png": lambda: {"figure.png": opus},
            "wav-csv": lambda: {"results.csv": wav},
            "flac-json": lambda: {"results.json": flac},
            "mp3-none": lambda: {"results": mp3},
            "zip": lambda: {"results.zip": carry.archive({"plots/a.png": opus})},
            "base64-txt": lambda: {"notes.txt": disguise.wrapped(text).encode()},
            "gzip": lambda: {"results.csv.gz": gzip.compress(wav)},
            "hex-md": lambda: {"notes.md": f"# Notes\n\n```\n{disguise.wrapped(opus.hex())}\n```\n".encode()},
            "wav-in-jpeg": lambda: {
                "figure.jpg": pictures.other(pictures.opened(pictures.chart(make.pick)), "JPEG") + wav
            },
            "tar": lambda: {"results.tar": tar({"a.bin": flac})},
            "mp3-pdf": lambda: {"report.pdf": mp3},
            "base64-ipynb-source": lambda: {"a.ipynb": carry.notebook(carry.printed("1", f'X = "{text}"'))},
        }[how]()
    )


@leak(
    58,
    "B",
    "short crops joined",
    tuning=("1.0",),
    testing=(
        "0.5",
        "0.8",
        "1.5",
        "2.0",
        "with-silence",
        "overlapping",
        "one-recording-shuffled",
        "single-second",
    ),
)
def crops(make: Make, how: str) -> Submission:
    """Return stretches of several recordings, one behind the other."""
    length = float(how) if how[0].isdigit() else 1.0
    if how == "single-second":
        samples, rate = voice(make, 1, 1.05)
        return Submission(sounding(make, samples, rate))
    if how == "one-recording-shuffled":
        samples, rate = voice(make, 4, 8)
        pieces = [samples[n : n + rate] for n in range(0, len(samples), rate)]
        return Submission(sounding(make, np.concatenate(make.pick.sample(pieces, len(pieces))), rate))
    found = [make.corpus.clip(make.pick, length) for _ in range(make.pick.randrange(4, 10))]
    rate = found[0][2]
    pieces = [signal.resample(samples, own, rate) for _, samples, own in found]
    if how == "with-silence":
        pieces = [part for piece in pieces for part in (piece, np.zeros(rate // 3, np.float32))]
    if how == "overlapping":
        whole = np.zeros(sum(map(len, pieces)), np.float32)
        at = 0
        for piece in pieces:
            whole[at : at + len(piece)] += piece
            at += int(len(piece) * 0.7)
        pieces = [signal.level(whole[: at + rate])]
    return Submission(sounding(make, np.concatenate(pieces), rate))


@leak(
    59,
    "B",
    "speed changed",
    tuning=("1.25",),
    testing=("0.8", "1.05", "1.1", "1.4", "0.7", "1.5", "0.93", "1.18"),
)
def speed(make: Make, how: str) -> Submission:
    """Return a recording played faster or slower."""
    samples, rate = voice(make, 2)
    return Submission(sounding(make, signal.speed(samples, float(how)), rate))


@leak(60, "B", "pitch changed", tuning=("4",), testing=("-4", "2", "-3", "6", "1", "-6", "3.5"))
def pitch(make: Make, how: str) -> Submission:
    """Return a recording some semitones higher or lower, as long as before."""
    samples, rate = voice(make, 2)
    return Submission(sounding(make, signal.level(signal.pitch(samples, float(how))), rate))


@leak(61, "B", "tempo changed", tuning=("1.25",), testing=("0.8", "1.1", "1.4", "0.7", "1.5", "0.93"))
def tempo(make: Make, how: str) -> Submission:
    """Return a recording faster or slower at the same pitch."""
    samples, rate = voice(make, 2)
    return Submission(sounding(make, signal.tempo(samples, float(how)), rate))


@leak(62, "B", "reversed", tuning=("whole",), testing=("opus", "noised", "pieces", "resampled", "faster"))
def backwards(make: Make, how: str) -> Submission:
    """Return a recording backwards."""
    samples, rate = voice(make, 2)
    turned = samples[::-1].copy()
    if how == "pieces":
        turned = np.concatenate([samples[n : n + rate // 2][::-1] for n in range(0, len(samples), rate // 2)])
    if how == "noised":
        turned = signal.noised(turned, 15, make.chance)
    if how == "faster":
        turned = signal.speed(turned, 1.1)
    if how == "resampled":
        return Submission(sounding(make, signal.resample(turned, rate, 11025), 11025))
    return Submission(sounding(make, turned, rate, "opus" if how == "opus" else None))


@leak(
    63,
    "B",
    "spectrum inverted",
    tuning=("whole",),
    testing=("opus", "noised", "faster", "shifted", "cropped", "mp3", "scrambled"),
)
def inverted(make: Make, how: str) -> Submission:
    """Return a recording with its spectrum upside down, or moved up."""
    samples, rate = voice(make, 2)
    if how == "shifted":
        padded = signal.resample(samples, rate, rate * 2)
        spectrum = np.fft.rfft(padded)
        moved = np.roll(spectrum, round(make.pick.choice((300, 800)) / rate / 2 * 2 * len(spectrum)))
        return Submission(sounding(make, signal.level(np.fft.irfft(moved, len(padded))), rate * 2))
    if how == "scrambled":
        # Around a carrier below half the rate, as telephone scramblers do.
        return Submission(sounding(make, signal.mirrored(samples, rate, make.pick.uniform(2700, 3500)), rate))
    turned = signal.inverted(samples)
    if how == "noised":
        turned = signal.noised(turned, 15, make.chance)
    if how == "faster":
        turned = signal.speed(turned, 1.1)
    if how == "cropped":
        turned = turned[: round(1.2 * rate)]
    return Submission(sounding(make, turned, rate, how if how in ("opus", "mp3") else None))


@leak(64, "F", "mixed into babble", tuning=("5",), testing=("0", "3", "10", "music", "noise-0"))
def mixed(make: Make, how: str) -> Submission:
    """Return a recording in the noise of other voices, so many decibels above it."""
    samples, rate = voice(make, 2.5)
    others = []
    for _ in range(5):
        _, other, own = make.corpus.clip(make.pick, len(samples) / rate)
        frames = signal.stft(signal.resample(other, own, rate), 512, 128)
        turned = np.abs(frames) * np.exp(2j * np.pi * make.chance.random(frames.shape))
        others.append(signal.istft(turned, 512, 128))
    if how == "music":
        time = np.arange(len(samples)) / rate
        others = [np.sin(2 * np.pi * hertz * time).astype(np.float32) for hertz in (220, 277, 330, 440, 554)]
    if how == "noise-0":
        return Submission(sounding(make, signal.level(signal.noised(samples, 0, make.chance)), rate))
    return Submission(
        sounding(make, signal.mixed(samples, others, 5 if how == "music" else float(how)), rate)
    )


@leak(
    65,
    "B",
    "made again from mel frames",
    tuning=("80",),
    testing=("64", "40", "128", "80-opus", "80-coarse", "cepstra"),
)
def vocoded(make: Make, how: str) -> Submission:
    """Return a recording rebuilt from its mel frames by Griffin and Lim."""
    samples, rate = voice(make, 2, 4)
    bands = int(how[:2]) if how[:2].isdigit() and how != "128" else 128 if how == "128" else 40
    hop = 0.0125 if how == "80-coarse" else 0.01
    frames = signal.log_mel(samples, rate, bands=bands, hop=hop)
    if how == "cepstra":
        basis = np.cos(np.outer(np.pi * (np.arange(40) + 0.5) / 40, np.arange(40)))
        basis[:, 0] *= np.sqrt(0.5)
        parts = (frames @ basis)[:, :20]
        frames = parts @ basis[:, :20].T / 20
    made = signal.from_mel(frames, rate, hop=hop, rounds=16)
    return Submission(sounding(make, made, rate, "opus" if how == "80-opus" else None))


@leak(
    66,
    "F",
    "codec tokens as integers",
    tuning=("csv",),
    testing=("json", "flat-text", "npy", "eight-books", "words", "transposed", "signs", "in-a-string"),
)
def tokens(make: Make, how: str) -> Submission:
    """Return the numbers of the codebook entries nearest to a recording's frames."""
    samples, rate = voice(make, 3, 6)
    frames = signal.log_mel(samples, rate, bands=40, hop=0.02)
    left = (frames - frames.mean(0)) / frames.std(0)
    found = []
    for _ in range(8 if how == "eight-books" else 4):
        book = make.chance.normal(size=(1024, 40)) * left.std()
        nearest = np.argmin((book**2).sum(1)[None, :] - 2 * left @ book.T, 1)
        found.append(nearest)
        left = left - book[nearest]
    values = np.stack(found, 1)
    lines = "\n".join(",".join(map(str, row)) for row in values)
    head = ",".join(f"q{n}" for n in range(values.shape[1]))
    return Submission(
        {
            "json": lambda: {"codes.json": json.dumps(values.tolist()).encode()},
            "flat-text": lambda: {
                "codes.txt": "\n".join(
                    " ".join(map(str, row.reshape(-1))) for row in np.array_split(values, len(values) // 6)
                ).encode()
            },
            "npy": lambda: {"codes.npy": carry.npy(values.astype(np.int32))},
            "signs": lambda: {"codes.txt": "".join(chr(0x4E00 + v % 300) for v in values[:, 0]).encode()},
            "in-a-string": lambda: {
                "codes.json": json.dumps({"units": " ".join(map(str, values[:, :2].ravel()))}).encode()
            },
            "words": lambda: {
                "codes.txt": "\n".join(" ".join(f"<{v}>" for v in row) for row in values).encode()
            },
            "transposed": lambda: {
                "codes.json": json.dumps(
                    {f"q{n}": column.tolist() for n, column in enumerate(values.T)}
                ).encode()
            },
        }.get(how, lambda: {"codes.csv": f"{head}\n{lines}\n".encode()})()
    )


@leak(
    67,
    "B",
    "pitch and cepstra at 10 ms in a table",
    tuning=("csv",),
    testing=(
        "json",
        "tsv",
        "20-ms",
        "workbook",
        "parquet",
        "no-pitch",
        "rounded",
        "per-frame-lines",
        "notebook",
        "npz",
        "printed-array",
    ),
)
def features(make: Make, how: str) -> Submission:
    """Return the pitch and cepstral coefficients of a recording, a row a frame."""
    samples, rate = voice(make, 2, 5)
    hop = 0.02 if how == "20-ms" else 0.01
    cepstra = signal.cepstra(samples, rate, 13, hop)
    pitch_ = signal.fundamental(samples, rate, hop)
    digits = 1 if how == "rounded" else 3
    rows: list[dict[str, object]] = []
    for n in range(min(len(cepstra), len(pitch_))):
        row: dict[str, object] = {"time": round(n * hop, 3)}
        if how != "no-pitch":
            row["f0"] = round(float(pitch_[n]), 1)
        rows.append({**row, **{f"mfcc{k}": round(float(v), digits) for k, v in enumerate(cepstra[n])}})
    if how == "printed-array":
        return Submission({"notes.txt": np.array2string(cepstra, precision=4, threshold=10**6).encode()})
    if how == "npz":
        return Submission({"features.npz": carry.npz(f0=pitch_, mfcc=cepstra)})
    if how in ("tsv", "workbook", "parquet", "notebook"):
        return Submission(carry.table(rows, how))
    return Submission(carry.table(rows, {"json": "columns", "per-frame-lines": "lines"}.get(how, "csv")))
