"""Disguises of sound, in numpy alone: speed, tempo, pitch, inversion, mixing, mel frames and back."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Frames = NDArray[np.float64]


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Return samples at another rate, band-limited by a windowed spectrum where it falls."""
    if rate == wanted or not len(samples):
        return samples
    count = max(1, round(len(samples) * wanted / rate))
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(count // 2 + 1, complex)
    most = min(len(kept), len(spectrum))
    kept[:most] = spectrum[:most]
    return np.asarray(np.fft.irfft(kept, count) * (count / len(samples)), np.float32)


def speed(samples: Samples, factor: float) -> Samples:
    """Return sound played faster, its pitch raised as on a tape."""
    places = np.arange(0, len(samples) - 1, factor)
    return np.asarray(np.interp(places, np.arange(len(samples)), samples), np.float32)


def tempo(samples: Samples, factor: float, size: int = 512) -> Samples:
    """Return sound of another duration and the same pitch, by a phase vocoder."""
    hop = size // 4
    frames = stft(samples, size, hop)
    steps = np.arange(0, len(frames) - 2, factor)
    advance = 2 * np.pi * hop * np.arange(frames.shape[1]) / size
    phase = np.angle(frames[0])
    out = np.empty((len(steps), frames.shape[1]), complex)
    for number, step in enumerate(steps):
        low, part = int(step), step % 1
        size_now = (1 - part) * np.abs(frames[low]) + part * np.abs(frames[low + 1])
        out[number] = size_now * np.exp(1j * phase)
        turned = np.angle(frames[low + 1]) - np.angle(frames[low]) - advance
        phase += advance + turned - 2 * np.pi * np.round(turned / (2 * np.pi))
    return level(istft(out, size, hop))


def pitch(samples: Samples, semitones: float) -> Samples:
    """Return sound of the same duration, so many semitones higher."""
    factor = 2 ** (semitones / 12)
    return speed(tempo(samples, 1 / factor), factor)


def inverted(samples: Samples) -> Samples:
    """Return sound with its spectrum upside down: low is high."""
    return np.asarray(samples * np.where(np.arange(len(samples)) % 2, -1, 1), np.float32)


def mirrored(samples: Samples, rate: int, carrier: float) -> Samples:
    """Return sound whose spectrum below a carrier, in Hz, is upside down; nothing is left above it."""
    spectrum = np.fft.rfft(samples)
    top = min(round(carrier / rate * len(samples)), len(spectrum) - 1)
    turned = np.zeros_like(spectrum)
    turned[:top] = np.conj(spectrum[1 : top + 1][::-1])
    return level(np.fft.irfft(turned, len(samples)))


def mixed(voice: Samples, others: list[Samples], decibels: float) -> Samples:
    """Return a voice in the babble of others, `decibels` above it."""
    babble = np.zeros(len(voice), np.float32)
    for other in others:
        babble += level(np.resize(other, len(voice)))
    wanted = rms(voice) / 10 ** (decibels / 20)
    return level(voice + babble * (wanted / max(rms(babble), 1e-9)))


def noised(samples: Samples, decibels: float, chance: np.random.Generator) -> Samples:
    """Return sound in white noise, `decibels` above it."""
    noise = chance.normal(size=len(samples))
    return np.asarray(samples + noise * rms(samples) / 10 ** (decibels / 20), np.float32)


def equalised(samples: Samples, rate: int, slope: float) -> Samples:
    """Return sound through a tilted spectrum: so many decibels an octave above 500 Hz."""
    spectrum = np.fft.rfft(samples)
    hertz = np.maximum(np.fft.rfftfreq(len(samples), 1 / rate), 50)
    return level(np.fft.irfft(spectrum * 10 ** (slope * np.log2(hertz / 500) / 20), len(samples)))


def rms(samples: Samples) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0


def level(samples: NDArray[np.floating]) -> Samples:
    """Return sound whose loudest sample is 0.8."""
    return np.asarray(0.8 * samples / max(float(np.abs(samples).max(initial=0)), 1e-9), np.float32)


def stft(samples: Samples, size: int, hop: int) -> NDArray[np.complex128]:
    """Return the spectrum of Hann-windowed frames, a row each."""
    padded = np.pad(samples, size // 2)
    count = max(1, 1 + (len(padded) - size) // hop)
    places = np.arange(size)[None, :] + hop * np.arange(count)[:, None]
    if len(padded) < size:
        padded = np.pad(padded, (0, size - len(padded)))
    return np.asarray(np.fft.rfft(padded[places] * np.hanning(size), axis=1))


def istft(frames: NDArray[np.complex128], size: int, hop: int) -> Samples:
    """Return the sound of such frames, by overlap and add."""
    window = np.hanning(size)
    out = np.zeros(size + hop * (len(frames) - 1))
    weight = np.full(len(out), 1e-8)
    for number, frame in enumerate(np.fft.irfft(frames, size, axis=1)):
        out[number * hop : number * hop + size] += frame * window
        weight[number * hop : number * hop + size] += window**2
    return np.asarray((out / weight)[size // 2 : -size // 2 or None], np.float32)


def bank(rate: int, size: int, bands: int) -> Frames:
    """Return triangular mel filters, a row each, over the bins of a spectrum."""

    def mel(hertz: NDArray[np.floating] | float) -> NDArray[np.floating] | float:
        return 2595 * np.log10(1 + np.asarray(hertz) / 700)

    edges = 700 * (10 ** (np.linspace(float(mel(40.0)), float(mel(rate / 2)), bands + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(size, 1 / rate)
    low, mid, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((hertz - low) / (mid - low), (high - hertz) / (high - mid)))


def log_mel(samples: Samples, rate: int, *, bands: int = 80, hop: float = 0.01) -> Frames:
    """Return log-mel frames, a row every `hop` seconds."""
    size = 256 if rate <= 8000 else 512
    power = np.abs(stft(samples, size, round(hop * rate))) ** 2
    return np.asarray(np.log(power @ bank(rate, size, bands).T + 1e-8))


def cepstra(samples: Samples, rate: int, count: int = 13, hop: float = 0.01) -> Frames:
    """Return cepstral coefficients of log-mel frames, a row every `hop` seconds."""
    frames = log_mel(samples, rate, bands=40, hop=hop)
    places = np.pi * (np.arange(40) + 0.5) / 40
    return np.asarray(frames @ np.cos(np.outer(places, np.arange(count))) * np.sqrt(2 / 40))


def predictors(samples: Samples, rate: int, count: int = 16, hop: float = 0.01) -> Frames:
    """Return the coefficients of a linear predictor, a row every `hop` seconds, after Levinson."""
    step, size = round(hop * rate), round(0.025 * rate)
    out = []
    for start in range(0, max(1, len(samples) - size), step):
        frame = samples[start : start + size].astype(np.float64) * np.hamming(size)
        same = np.correlate(frame, frame, "full")[size - 1 : size + count]
        same[0] = same[0] * 1.0001 + 1e-9
        lags = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
        out.append(np.linalg.solve(same[lags], same[1:]))
    return np.asarray(out)


def fundamental(samples: Samples, rate: int, hop: float = 0.01) -> Frames:
    """Return the pitch in Hz every `hop` seconds by autocorrelation, 0 where there is no voice."""
    step, size = round(hop * rate), round(0.04 * rate)
    low, high = round(rate / 400), round(rate / 60)
    out = []
    for start in range(0, max(1, len(samples) - size), step):
        frame = samples[start : start + size] - samples[start : start + size].mean()
        same = np.correlate(frame, frame, "full")[len(frame) - 1 :]
        lag = low + int(np.argmax(same[low:high])) if len(same) > high else 0
        out.append(rate / lag if lag and same[lag] > 0.35 * same[0] > 0 else 0.0)
    return np.asarray(out)


def from_mel(frames: Frames, rate: int, *, hop: float = 0.01, rounds: int = 24) -> Samples:
    """Return sound with such log-mel frames, its phase guessed by Griffin and Lim's iteration."""
    size, step = (256 if rate <= 8000 else 512), round(hop * rate)
    filters = bank(rate, size, frames.shape[1])
    sizes = np.sqrt(np.maximum(np.exp(frames) @ np.linalg.pinv(filters).T, 1e-10))
    spectrum = sizes * np.exp(2j * np.pi * np.random.default_rng(3).random(sizes.shape))
    for _ in range(rounds):
        again = stft(istft(spectrum, size, step), size, step)[: len(sizes)]
        spectrum = sizes[: len(again)] * np.exp(1j * np.angle(again))
    return level(istft(spectrum, size, step))


def encoded(samples: Samples, rate: int, format: str, subtype: str | None = None, **options: object) -> bytes:
    """Return a file of sound as libsndfile writes it: WAV, FLAC, MP3, OGG and so on."""
    out = io.BytesIO()
    soundfile.write(out, np.clip(samples, -1, 1), rate, format=format, subtype=subtype, **options)
    return out.getvalue()
