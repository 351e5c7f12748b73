"""Sound of the data in any disguise, beside the same of a voice that is not in it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from egress_review.screening import arrays, parts, streams
from egress_review.screening.carriers import opaque
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.recordings import Recording
from egress_review.screening.sound import numbers, rows, voiceprints, voices
from egress_review.screening.sound.chance import ALARM, Chance
from egress_review.screening.sound.check import check as check_sound
from egress_review.screening.tables import Table
from tests.integration.screening.hearing import SPEAKERS, STRANGER, checks, data, disguised, known
from tests.leaks import signal
from tests.unit.screening.voices import RATE, Samples, spoken

__all__ = ["data"]


@pytest.mark.parametrize(
    ("disguise", "seconds"),
    [
        ("WAV", 1.0),
        ("MP3", 1.5),
        ("mu-law", 1.0),
        ("resampled to 8 kHz", 1.5),
        ("noise at 10 dB", 2.5),
        ("speed +5 %", 2.5),
        ("reversed", 2.5),
        ("spectrum inverted", 2.5),
        ("samples, table", 1.0),
        ("samples, array", 1.0),
        ("log-mel, array", 2.5),
        ("MFCC, array", 2.5),
        ("spectrogram, plot", 2.5),
    ],
)
def test_recording_of_the_data_is_recognised_in_its_disguise(
    data: Index, disguise: str, seconds: float
) -> None:
    samples = spoken(5, 2.5)[: round(seconds * RATE)]
    assert known(checks(data, *disguised(disguise, samples)))


@pytest.mark.parametrize("disguise", ["WAV", "samples, array", "log-mel, array", "spectrogram, pixels"])
def test_voice_that_is_not_in_the_data_is_not_taken_for_it(data: Index, disguise: str) -> None:
    found = checks(data, *disguised(disguise, STRANGER[: RATE // 2]))
    assert not [check for check, severity in found if severity == "block"]


def test_cepstra_in_a_short_table_are_recognised_and_anothers_are_not(data: Index) -> None:
    for samples, expected in ((spoken(8, 2.5), True), (STRANGER[:RATE], False)):
        rows = signal.cepstra(samples, RATE, 13, 0.02)[:120]
        content = "\n".join(",".join(f"{value:.2f}" for value in row) for row in rows)
        table = ",".join(f"c{number}" for number in range(13)) + f"\n{content}\n"
        assert known(checks(data, "features.csv", table.encode())) is expected


def moved(samples: Samples, hertz: float) -> Samples:
    """Return sound whose spectrum lies so much higher."""
    spectrum = np.fft.rfft(samples)
    bins = round(hertz / RATE * len(samples))
    return signal.level(np.fft.irfft(np.concatenate([np.zeros(bins), spectrum[:-bins]]), len(samples)))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: moved(one, 300),
        lambda one: moved(one, 820),
        lambda one: signal.speed(signal.inverted(one), 1.1),
        lambda one: signal.resample(signal.inverted(signal.resample(one, RATE, 8000)), 8000, RATE),
    ],
    ids=["moved", "moved far", "inverted and faster", "inverted as telephone speech"],
)
def test_moved_and_mirrored_spectra_are_recognised(data: Index, change: Callable[[Samples], Samples]) -> None:
    out = io.BytesIO()
    soundfile.write(out, change(spoken(5, 2.5)), RATE, format="WAV")
    assert known(checks(data, "a.wav", out.getvalue()))


def test_numbers_far_from_all_others_hide_no_samples(data: Index) -> None:
    samples = spoken(8, 2.5).astype(np.float64)
    samples[::700] = 1e12
    looked = numbers.as_recorded(data.sounds, next(one for _, one in numbers.sequences(samples)), 10.0)
    assert looked.matches


def test_samples_in_a_list_of_json_are_recognised(data: Index) -> None:
    samples = signal.resample(spoken(9, 2.5)[: RATE // 2 * 2], RATE, 8000)
    content = json.dumps({"curve": [round(float(value), 4) for value in samples]})
    assert known(checks(data, "a.json", content.encode()))


def test_headless_samples_of_any_kind_are_heard(data: Index) -> None:
    samples = spoken(11, 2.5)[RATE // 2 : 2 * RATE]
    for raw in ((samples * 32767).astype(">i2").tobytes(), samples.astype("<f4").tobytes()):
        array = parts.Array(np.frombuffer(raw[: len(raw) // 2 * 2], "<i2"), "bytes read as samples", "raw")
        assert any(one.check == "numbers_known" for one in arrays.check(array, data, Limits()))


def test_a_format_without_a_name_here_is_heard(data: Index) -> None:
    opened = opaque.open(signal.encoded(spoken(11, 2.5), RATE, "PAF", "PCM_24"), Limits())
    heard = next(one for one in opened.parts if isinstance(one, parts.Sound))
    assert any(one.check == "sound_known" for one in check_sound(heard, data, Limits()))


@pytest.mark.parametrize(
    "page",
    [
        '<div data-state="{}">Results</div>',
        "<style>p {{ background: url(data:font/woff;base64,{}) }}</style><p>Results</p>",
        '<iframe srcdoc="&lt;audio src=&quot;data:audio/wav;base64,{}&quot;&gt;"></iframe><p>Results</p>',
    ],
)
def test_sound_in_an_attribute_of_a_page_is_heard(data: Index, page: str) -> None:
    packed = base64.b64encode(signal.encoded(spoken(5, 2.5), RATE, "WAV")).decode()
    assert known(checks(data, "a.html", f"<html><body>{page.format(packed)}</body></html>".encode()))


@pytest.mark.parametrize(("carrier", "rate"), [(3300, RATE), (8000, 44_100)])
def test_a_spectrum_mirrored_at_any_carrier_is_recognised(data: Index, carrier: int, rate: int) -> None:
    samples = signal.resample(spoken(5, 2.5), RATE, rate)
    spectrum = np.fft.rfft(samples)
    top = round(carrier / rate * len(samples))
    turned = np.zeros_like(spectrum)
    turned[:top] = np.conj(spectrum[1 : top + 1][::-1])
    out = io.BytesIO()
    soundfile.write(out, signal.level(np.fft.irfft(turned, len(samples))), rate, format="WAV")
    assert known(checks(data, "a.wav", out.getvalue()))


def headed(samples: Samples) -> bytes:
    """Return floats behind a header of an odd length, of bytes that are huge as floats."""
    return b"\x7e" * 1031 + samples.astype("<f4").tobytes()


def in_turn(samples: Samples) -> bytes:
    """Return two channels in turn, one of them silent."""
    whole = (samples * 32767).astype("<i2")
    return np.stack([whole * 0, whole], 1).tobytes()


@pytest.mark.parametrize("write", [headed, in_turn, lambda one: ((one + 1) * 2**31).astype(">u4").tobytes()])
def test_bytes_are_heard_from_any_byte_on(data: Index, write: Callable[[Samples], bytes]) -> None:
    raw = write(spoken(11, 2.5))
    array = parts.Array(np.frombuffer(raw[: len(raw) // 2 * 2], "<i2"), "bytes read as samples", "raw")
    assert any(one.check == "numbers_known" for one in arrays.check(array, data, Limits()))


def log_mel(seed: int) -> NDArray[np.float64]:
    """Return frames of a recording of the data."""
    return signal.log_mel(spoken(seed, 2.5), RATE, bands=40)


def constant_q(seed: int) -> NDArray[np.float64]:
    """Return the levels of filters whose frequencies grow by as many times each."""
    power = np.abs(signal.stft(spoken(seed, 2.5), 1024, 160)) ** 2
    at = np.arange(power.shape[1]) * RATE / 1024
    centres = 80.0 * 2.0 ** (np.arange(60) / 10)
    return np.log(power @ np.exp(-(((at[:, None] - centres) / (0.08 * centres)) ** 2)) + 1e-6)


@pytest.mark.parametrize(
    "write",
    [
        constant_q,
        lambda seed: log_mel(seed).ravel(),
        lambda seed: log_mel(seed).T.ravel(),
        lambda seed: (lambda one: np.stack([one.real, one.imag], -1))(
            signal.stft(spoken(seed, 2.5), 400, 160)
        ),
        lambda seed: signal.predictors(spoken(seed, 2.5), RATE),
        lambda seed: np.hstack(
            [log_mel(seed), np.gradient(log_mel(seed), axis=0), log_mel(seed)[:, :3] ** 2]
        ),
        lambda seed: (lambda one: np.hstack([one[:, :1] ** 2, one]))(
            signal.predictors(spoken(seed, 2.5), RATE)
        ),
        lambda seed: signal.stft(spoken(seed, 2.5), 512, 128).real,
        lambda seed: np.fft.rfft(spoken(seed, 2.5)),
        lambda seed: spoken(seed, 2.5)[: 2 * RATE].reshape(-1, 10, 4, 4),
        lambda seed: spoken(seed, 2.5)[: 2 * RATE].reshape(200, -1).T,
        lambda seed: (lambda one: one * np.resize((1, -1), len(one)))(spoken(seed, 2.5)),
        lambda seed: np.diff(log_mel(seed), axis=0),
        lambda seed: (log_mel(seed) - 0.05 * np.arange(40))[:, ::-1],
    ],
    ids=[
        *("constant-Q", "one stream", "transposed", "complex parts", "predictors", "beside their changes"),
        *("predictors beside another", "real parts", "whole spectrum", "folded", "in columns"),
        *("every second turned over", "changes", "bands turned round"),
    ],
)
def test_frames_are_recognised_in_any_layout(
    data: Index, write: Callable[[int], NDArray[np.float64]]
) -> None:
    values = write(5)
    array = parts.Array(values.astype(np.complex64 if np.iscomplexobj(values) else np.float32), "", "x")
    assert any(one.check == "numbers_known" for one in arrays.check(array, data, Limits()))


def test_printed_and_nested_numbers_are_compared(data: Index) -> None:
    frames = signal.cepstra(spoken(8, 2.5), RATE)
    printed = np.array2string(frames, precision=3, threshold=10**6)
    assert known(checks(data, "notes.txt", printed.encode()))
    samples = [round(float(value), 3) for value in signal.resample(spoken(9, 2.5), RATE, 8000)]
    nested = {"layers": [{"w": samples[at : at + 150]} for at in range(0, len(samples), 150)]}
    assert known(checks(data, "layers.json", json.dumps(nested).encode()))


@pytest.mark.parametrize(("seed", "seconds", "expected"), [(9, 40, True), (9_001, 2, False)])
def test_waveforms_in_signs_and_hexadecimal_words_are_heard(
    data: Index, seed: int, seconds: int, expected: bool
) -> None:
    samples = signal.resample(spoken(seed, 2.5), RATE, 8000)
    lines = (" " * int(40 + 35 * value) + "*" for value in samples)
    words = [f"{int(value * 32767) & 0xFFFF:04x}" for value in samples]
    rows = (" ".join(words[at : at + 16]) for at in range(0, len(words), 16))
    for some in (lines, rows):
        found = streams.in_text("\n".join(some), data, Limits(seconds_per_file=seconds))
        assert any(one.check == "numbers_known" for one in found) is expected


def test_few_whole_numbers_with_small_ones_among_them_are_flagged() -> None:
    def found(values: list[float]) -> list[str]:
        return [one.check for one in arrays.check(parts.Array(np.array(values)), Index(), Limits())]

    assert found([34, 3, 23, 15]) == ["small_counts"]
    assert found([34, 13, 23, 15]) == found([0.34, 3.5, 23, 15]) == found([3, 7, 11, 15]) == []


def test_rows_are_found_in_streams_of_frames_only() -> None:
    chance = np.random.default_rng(1)
    assert next(iter(rows.widths(log_mel(3).ravel()))) == 40
    assert not list(rows.widths(np.cumsum(chance.normal(size=4000))))
    assert not list(rows.widths(spoken(3, 2.5).astype(np.float64)))
    bands = np.cumsum(chance.normal(size=(300, 3, 20)), axis=2).reshape(300, 60)
    assert [one.shape for one in rows.together(bands, 6)] == [(300, 20)]
    assert not list(rows.together(bands[:, :20], 6))


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((0, 5)),
        np.array(3.0),
        np.full((300, 20), np.nan),
        np.full((300, 20), np.inf),
        np.cumsum(np.random.default_rng(0).normal(size=(300, 20)), 0) * 1e300,
        np.cumsum(np.random.default_rng(0).normal(size=(arrays.MOST_FRAMES + 1, 12)), 0),
        np.random.default_rng(0).normal(size=(300, 20)) * 1j,
        np.arange(300).astype("M8[s]"),
    ],
    ids=["empty", "single", "nan", "infinite", "huge", "long", "complex", "times"],
)
def test_odd_arrays_are_flagged_for_their_number_at_most(data: Index, values: NDArray[np.generic]) -> None:
    found = arrays.check(parts.Array(values), data, Limits(seconds_per_file=1))
    assert [one.check for one in found] == ["numbers_many"] * (values.size > 200)


class Untouchable(Index):
    """An index whose sounds may not be asked for."""

    @property
    def sounds(self):
        raise AssertionError("the sound index was touched")


def test_small_tables_and_arrays_leave_the_sound_index_alone() -> None:
    table = Table(("region", "wer"), tuple((f"r{n}", f"0.{n}1") for n in range(30)))
    assert arrays.from_table(table, Untouchable(), Limits()) == []
    assert arrays.check(parts.Array(np.linspace(0, 1, 12)), Untouchable(), Limits()) == []


def embedded(data: Index, width: int = 32) -> NDArray[np.float32]:
    """Return a vector a speaker, rotated, as another encoder than the index's would make them."""
    rows = []
    for speaker in range(SPEAKERS):
        frames = signal.log_mel(spoken(speaker, 2.5), RATE, bands=40)
        rows.append(np.concatenate([frames.mean(0), frames.std(0)]))
    chance = np.random.default_rng(2)
    return (np.array(rows) @ np.linalg.qr(chance.normal(size=(80, 80)))[0][:, :width]).astype(np.float32)


@pytest.mark.parametrize(
    ("how", "severity"), [("array", "block"), ("table", "block"), ("transposed", "flag")]
)
def test_a_vector_for_each_speaker_does_not_leave_unseen(data: Index, how: str, severity: str) -> None:
    vectors = embedded(data)
    if how == "table":
        lines = [",".join(f"{value:.3f}" for value in row) for row in vectors]
        found = checks(data, "d.csv", ("\n".join([",".join(map(str, range(32))), *lines]) + "\n").encode())
    else:
        out = io.BytesIO()
        np.save(out, vectors.T if how == "transposed" else vectors)
        found = checks(data, "d.npy", out.getvalue())
    assert ("embeddings", severity) in found


def test_as_many_rows_as_speakers_by_chance_of_a_layers_width_are_flagged_and_others_pass() -> None:
    people = Index.of([Recording(f"r{n}", f"s{n}") for n in range(64)])
    rows = np.random.default_rng(0).normal(size=(64, 32))
    assert [one.severity for one in voices.check(rows, people)] == ["flag"]
    assert voices.check(rows[:61], people) == []
    assert voices.check(rows.astype(int), people) == []


def test_rotation_keeps_rows_as_alike_as_voices_and_shuffling_does_not() -> None:
    chance = np.random.default_rng(4)
    prints = chance.normal(size=(40, 6)) @ chance.normal(size=(6, 24))
    alike = voices._likeness(prints)
    turned = prints @ np.linalg.qr(chance.normal(size=(24, 24)))[0] * 3.7 + 0.2
    assert voices.resembles(turned, alike)
    assert not voices.resembles(turned[chance.permutation(40)], alike)
    assert not voices.resembles(chance.normal(size=(40, 24)), alike)


def test_voiceprint_of_any_map_is_finite() -> None:
    levels = np.random.default_rng(1).normal(-30, 5, (50, 16)).astype(np.float32)
    for frames in (50, 2, 1, 0):
        found = voiceprints.voiceprint(levels[:frames])
        assert found.shape == (voiceprints.NUMBERS,)
        assert np.isfinite(found).all()


def test_a_dataset_that_repeats_itself_does_not_switch_its_search_off() -> None:
    pick = np.random.default_rng(1)
    usual = Chance.usual()
    others = {n: list(usual.place[n] + usual.scale[n] * pick.gumbel(size=40)) for n in usual.place}
    copies = {n: [2.5] * 24 for n in usual.place}
    for share in (0, 1, 4):
        fits = {n: others[n] + copies[n] * share for n in others}
        law = Chance.measured(fits, usual.comparisons)
        for length in usual.place:
            assert law.doubt(length, 1.5, usual.comparisons) < ALARM
            assert law.doubt(length, usual.place[length], usual.comparisons) >= 1.0
    only = Chance.measured(copies, usual.comparisons)
    assert only.doubt(25, 1.5, usual.comparisons) < ALARM


def test_a_few_numbers_far_out_do_not_hide_a_waveform() -> None:
    samples = spoken(3, 1.0).astype(np.float64)
    spoilt = samples.copy()
    spoilt[[10, 2000, 5000]] = 1e15
    assert list(numbers.sequences(samples[:, None]))
    assert [len(found) for _, found in numbers.sequences(spoilt[:, None])] == [len(samples)]
