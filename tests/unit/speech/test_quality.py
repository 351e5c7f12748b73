"""Measures on made signals whose level, clipping and silence are known."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hub.speech import quality
from hub.speech.quality import Unmeasurable, measure

RATE = 16_000


def tone(seconds: float = 1.0, *, amplitude: float = 0.5, hz: float = 440.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * hz * np.arange(int(RATE * seconds)) / RATE)


def write(path: Path, samples: np.ndarray, *, subtype: str = "PCM_16", rate: int = RATE) -> Path:
    soundfile.write(str(path), samples, rate, subtype=subtype)
    return path


@pytest.mark.parametrize(("amplitude", "dbfs"), [(1.0, -3.01), (0.5, -9.03), (0.01, -43.01)])
def test_a_tones_level_is_that_of_its_amplitude(amplitude: float, dbfs: float, tmp_path: Path) -> None:
    found = measure(write(tmp_path / "a.wav", tone(amplitude=amplitude)))
    assert found.rms_dbfs == pytest.approx(dbfs, abs=0.02)
    assert found.peak_dbfs == pytest.approx(20 * math.log10(amplitude), abs=0.02)


def test_form_and_length_are_those_of_the_file(tmp_path: Path) -> None:
    both = np.stack([tone(), tone()], axis=1)
    found = measure(write(tmp_path / "a.wav", both, subtype="PCM_24"))
    assert (found.rate_hz, found.channels, found.bits, found.samples) == (RATE, 2, 24, RATE)
    assert found.seconds == 1.0


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW", "ALAW"])
def test_cut_off_peaks_are_counted_in_every_format(subtype: str, tmp_path: Path) -> None:
    loud = np.clip(tone(amplitude=2.0), -1.0, 1.0)
    expected = float(np.mean(np.abs(loud) >= 0.9999))
    assert expected > 0.5
    found = measure(write(tmp_path / "a.wav", loud, subtype=subtype))
    assert found.clipped_share == pytest.approx(expected, abs=0.03)
    assert measure(write(tmp_path / "b.wav", tone(amplitude=0.9), subtype=subtype)).clipped_share == 0.0


def test_one_or_two_samples_at_the_ceiling_are_no_clipping(tmp_path: Path) -> None:
    samples = np.array([1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1], dtype=np.float64)
    assert measure(write(tmp_path / "a.wav", samples)).clipped_share == 7 / len(samples)


def test_a_run_across_blocks_is_one_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    samples = np.zeros(RATE)
    samples[318:322] = 1.0
    path = write(tmp_path / "a.wav", samples)
    whole = measure(path)
    monkeypatch.setattr(quality, "BLOCK_VALUES", 320)
    assert measure(path) == whole
    assert whole.clipped_share == 4 / RATE


def test_pauses_are_told_from_speech_over_a_noise_floor(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.003, 3 * RATE)
    noise[:RATE] += tone()
    assert measure(write(tmp_path / "a.wav", noise)).silent_share == pytest.approx(2 / 3, abs=0.02)


def test_nothing_but_zeros_is_all_silence_at_the_floor(tmp_path: Path) -> None:
    found = measure(write(tmp_path / "a.wav", np.zeros(RATE)))
    assert (found.rms_dbfs, found.silent_share, found.clipped_share) == (quality.FLOOR_DBFS, 1.0, 0.0)


def test_an_open_file_is_measured_and_stays_open(tmp_path: Path) -> None:
    number = os.open(write(tmp_path / "a.wav", tone()), os.O_RDONLY)
    assert measure(number).samples == RATE
    os.fstat(number)
    os.close(number)


def _flac_that_lies(path: Path) -> None:
    write(path, tone(0.2), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    # STREAMINFO's last 36 bits of these are the number of samples.
    content[22:26] = struct.pack(">I", RATE * 3600)
    path.write_bytes(content)


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    _flac_that_lies(path)
    with pytest.raises(Unmeasurable, match=r"promises|read as audio"):
        measure(path)


def test_a_bomb_of_a_header_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    write(path, tone(0.2), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[21] |= 0x0F
    content[22:26] = b"\xff" * 4
    path.write_bytes(content)
    with pytest.raises(Unmeasurable, match="longer than 12 hours"):
        measure(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all" * 100, b"\0" * 4096])
def test_what_is_no_audio_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(Unmeasurable):
        measure(path)


def test_values_that_are_not_numbers_and_no_samples_at_all_are_refused(tmp_path: Path) -> None:
    broken = tone()
    broken[10] = np.nan
    with pytest.raises(Unmeasurable, match="not numbers"):
        measure(write(tmp_path / "a.wav", broken, subtype="FLOAT"))
    with pytest.raises(Unmeasurable, match="no sample"):
        measure(write(tmp_path / "b.wav", np.zeros(0)))


@pytest.mark.parametrize(("rate", "channels"), [(10, 1), (2_000_000, 1), (RATE, 65)])
def test_rates_and_channels_out_of_bounds_are_refused(rate: int, channels: int, tmp_path: Path) -> None:
    with pytest.raises(Unmeasurable, match=r"sample rate|channels"):
        measure(write(tmp_path / "a.wav", np.zeros((100, channels)), rate=rate))
