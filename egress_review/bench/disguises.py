"""Disguises of a voice for `bench sounds`, each with parameters for tuning and others for testing."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from egress_review.bench import material

Samples = NDArray[np.float32]
T = TypeVar("T")


@dataclass(frozen=True)
class Voice:
    """A crop of a recording, one of another speaker, chance, and which parameters are wanted."""

    samples: Samples
    rate: int
    other: Samples
    other_rate: int
    chance: np.random.Generator
    testing: bool

    def of(self, tuning: T, testing: T) -> T:
        """Return the parameter that is wanted."""
        return testing if self.testing else tuning


Make = Callable[[Voice], tuple[str, bytes]]


def _signal() -> Any:
    """Return the leak corpus' signal processing, which knows nothing of the screening's own."""
    return material.module("signal")


def _file(
    samples: Samples, rate: int, suffix: str = "wav", form: str = "WAV", subtype: str | None = None
) -> tuple[str, bytes]:
    out = io.BytesIO()
    soundfile.write(out, np.clip(samples, -1, 1), rate, format=form, subtype=subtype)
    return f"a.{suffix}", out.getvalue()


def _npy(values: NDArray[np.generic]) -> tuple[str, bytes]:
    out = io.BytesIO()
    np.save(out, values, allow_pickle=False)
    return "a.npy", out.getvalue()


def _csv(values: NDArray[np.generic], names: list[str], form: str = "%.4f") -> tuple[str, bytes]:
    out = io.BytesIO()
    np.savetxt(out, values, form, ",", header=",".join(names), comments="")
    return "a.csv", out.getvalue()


def _speed(voice: Voice, tuning: float, testing: float) -> tuple[str, bytes]:
    return _file(_signal().speed(voice.samples, voice.of(tuning, testing)), voice.rate)


def _pitch(voice: Voice, tuning: float, testing: float) -> tuple[str, bytes]:
    return _file(_signal().pitch(voice.samples, voice.of(tuning, testing)), voice.rate)


def _tempo(voice: Voice, tuning: float, testing: float) -> tuple[str, bytes]:
    return _file(_signal().tempo(voice.samples, voice.of(tuning, testing)), voice.rate)


def _noise(voice: Voice, tuning: float, testing: float) -> tuple[str, bytes]:
    signal = _signal()
    return _file(
        signal.level(signal.noised(voice.samples, voice.of(tuning, testing), voice.chance)), voice.rate
    )


def _resampled(voice: Voice) -> tuple[str, bytes]:
    wanted = voice.of(11025, 8000)
    return _file(_signal().resample(voice.samples, voice.rate, wanted), wanted)


def _mixed(voice: Voice) -> tuple[str, bytes]:
    signal = _signal()
    other = signal.resample(voice.other, voice.other_rate, voice.rate)
    return _file(signal.mixed(voice.samples, [other], voice.of(4.0, 0.0)), voice.rate)


def _low_passed(voice: Voice) -> tuple[str, bytes]:
    spectrum = np.fft.rfft(voice.samples)
    hertz = np.fft.rfftfreq(len(voice.samples), 1 / voice.rate)
    spectrum *= 1 / np.sqrt(1 + (hertz / voice.of(1500.0, 1000.0)) ** 12)
    return _file(np.fft.irfft(spectrum, len(voice.samples)).astype(np.float32), voice.rate)


def _mel(voice: Voice) -> NDArray[np.float64]:
    frames: NDArray[np.float64] = _signal().log_mel(
        voice.samples, voice.rate, bands=voice.of(64, 80), hop=voice.of(0.0125, 0.01)
    )
    return frames


def _cepstra(voice: Voice) -> NDArray[np.float64]:
    frames: NDArray[np.float64] = _signal().cepstra(
        voice.samples, voice.rate, voice.of(20, 13), voice.of(0.0125, 0.01)
    )
    return frames


def _vocoded(voice: Voice) -> tuple[str, bytes]:
    made = _signal().from_mel(_mel(voice), voice.rate, hop=voice.of(0.0125, 0.01), rounds=16)
    return _file(made, voice.rate)


def _whole(samples: Samples) -> NDArray[np.int16]:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _columns(prefix: str, frames: NDArray[np.float64]) -> tuple[str, bytes]:
    return _csv(frames, [f"{prefix}{number}" for number in range(frames.shape[1])])


def _picture(voice: Voice, colours: str, *, axes: bool) -> tuple[str, bytes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.image import imsave

    size = voice.of(256, 512)
    power = np.abs(_signal().stft(voice.samples, size, size // 4)) ** 2
    levels = 10 * np.log10(power + 1e-7).T
    out = io.BytesIO()
    if not axes:
        imsave(out, levels, cmap=colours, origin="lower", vmin=levels.max() - 80, format="png")
        return "a.png", out.getvalue()
    figure = Figure(figsize=(6.4, 4.8), dpi=100)
    FigureCanvasAgg(figure)
    plot = figure.subplots()
    plot.specgram(voice.samples, NFFT=size, Fs=voice.rate, noverlap=size // 2, cmap=colours)
    plot.set_xlabel("seconds")
    plot.set_ylabel("Hz")
    figure.savefig(out)
    return "a.png", out.getvalue()


DISGUISES: dict[str, Make] = {
    "WAV": lambda voice: _file(voice.samples, voice.rate),
    "FLAC": lambda voice: _file(voice.samples, voice.rate, "flac", "FLAC"),
    "MP3": lambda voice: _file(voice.samples, voice.rate, "mp3", "MP3"),
    "Ogg Vorbis": lambda voice: _file(voice.samples, voice.rate, "ogg", "OGG", "VORBIS"),
    "Opus": lambda voice: _file(voice.samples, voice.rate, "opus", "OGG", "OPUS"),
    "resampled to 8 kHz": _resampled,
    "mu-law": lambda voice: _file(voice.samples, voice.rate, "wav", "WAV", voice.of("ALAW", "ULAW")),
    "headless samples": lambda voice: ("a.bin", _whole(voice.samples).tobytes()),
    "noise at 20 dB": lambda voice: _noise(voice, 17, 20),
    "noise at 10 dB": lambda voice: _noise(voice, 12, 10),
    "noise at 0 dB": lambda voice: _noise(voice, 3, 0),
    "speed -10 %": lambda voice: _speed(voice, 0.88, 0.9),
    "speed -5 %": lambda voice: _speed(voice, 0.93, 0.95),
    "speed +5 %": lambda voice: _speed(voice, 1.07, 1.05),
    "speed +10 %": lambda voice: _speed(voice, 1.13, 1.1),
    "tempo +10 %": lambda voice: _tempo(voice, 0.9, 1.1),
    "pitch -2 semitones": lambda voice: _pitch(voice, -2.6, -2),
    "pitch -1 semitone": lambda voice: _pitch(voice, -1.4, -1),
    "pitch +1 semitone": lambda voice: _pitch(voice, 1.4, 1),
    "pitch +2 semitones": lambda voice: _pitch(voice, 2.6, 2),
    "reversed": lambda voice: _file(voice.samples[::-1], voice.rate),
    "spectrum inverted": lambda voice: _file(_signal().inverted(voice.samples), voice.rate),
    "mixed with speech at 0 dB": _mixed,
    "low-passed at 1 kHz": _low_passed,
    "vocoded from mel": _vocoded,
    "samples, table": lambda voice: _csv(_whole(voice.samples)[:, None], ["x"], "%d"),
    "samples, array": lambda voice: _npy(voice.samples),
    "log-mel, array": lambda voice: _npy(_mel(voice).astype(np.float32)),
    "log-mel, table": lambda voice: _columns("b", _mel(voice)),
    "MFCC, array": lambda voice: _npy(_cepstra(voice).astype(np.float32)),
    "MFCC, table": lambda voice: _columns("mfcc", _cepstra(voice)),
    "spectrogram, plot": lambda voice: _picture(voice, voice.of("magma", "viridis"), axes=True),
    "spectrogram, pixels": lambda voice: _picture(voice, voice.of("inferno", "gray_r"), axes=False),
}
NAMES = tuple(DISGUISES)


def made(name: str, voice: Voice) -> tuple[str, bytes]:
    """Return a disguised voice as a file: its name and its bytes."""
    return DISGUISES[name](voice)
