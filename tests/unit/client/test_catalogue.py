"""Datasets as a notebook sees them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


def test_every_mounted_version_is_listed_with_its_licence(pl: ModuleType, mounted: Path) -> None:
    table = pl.datasets()
    assert list(zip(table["name"], table["version"], strict=True)) == [
        ("calls", "1.2"),
        ("calls", "1.9"),
        ("calls", "1.10"),
        ("readings", "1.0"),
    ]
    assert set(table["licence"]) == {"CC0-1.0"}
    assert set(table["hours"]) == {1.0}


def test_a_session_without_data_has_an_empty_table_with_the_same_columns(
    pl: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLATORY_DATA", str(tmp_path / "nothing"))
    assert pl.datasets().empty
    assert "attribution" in pl.datasets().columns


def test_loading_without_a_version_takes_the_newest_by_number(pl: ModuleType, mounted: Path) -> None:
    assert pl.load("calls").version == "1.10"
    assert pl.load("calls", version="1.2").version == "1.2"


def test_an_unknown_dataset_is_refused_with_what_is_mounted(pl: ModuleType, mounted: Path) -> None:
    with pytest.raises(pl.NoSuchData, match="mounted: calls, readings"):
        pl.load("secrets")


def test_an_unmounted_version_is_refused_with_those_that_are(pl: ModuleType, mounted: Path) -> None:
    with pytest.raises(pl.NoSuchData, match=r"mounted: 1\.2, 1\.9, 1\.10"):
        pl.load("calls", version="2.0")


def test_the_manifest_has_a_row_for_each_recording(pl: ModuleType, mounted: Path) -> None:
    manifest = pl.load("calls").manifest
    assert list(manifest["recording"]) == ["r0", "r1"]
    assert list(manifest["text"]) == ["good morning", ""]
    assert list(manifest["channels"]) == [2, 2]
    assert list(manifest["licence"]) == ["CC0", "CC0"]


def test_audio_is_channels_by_samples_of_float32(pl: ModuleType, mounted: Path) -> None:
    waveform, rate = pl.load("calls").audio("r1")
    assert (waveform.shape, waveform.dtype, rate) == ((2, 800), np.float32, 8000)
    assert np.allclose(waveform[0], 0.25)
    assert np.allclose(waveform[1], -0.5)


def test_a_recordings_path_lies_in_the_mounted_folder(pl: ModuleType, mounted: Path) -> None:
    assert pl.load("readings").path("r0") == mounted / "readings" / "1.0" / "recordings" / "r0.wav"


def test_an_unknown_recording_is_refused_in_a_sentence(pl: ModuleType, mounted: Path) -> None:
    with pytest.raises(pl.NoSuchData, match="no recording 'r9'"):
        pl.load("calls").audio("r9")


def test_iterating_gives_the_recordings_in_the_manifests_order(pl: ModuleType, mounted: Path) -> None:
    data = pl.load("calls")
    assert [recording.recording for recording in data] == ["r0", "r1"]
    assert len(data) == 2


def test_an_unreadable_manifest_is_named_with_whom_to_tell(pl: ModuleType, mounted: Path) -> None:
    (mounted / "readings" / "1.0" / "manifest.jsonl").write_text('{"id": "r0"}\n')
    with pytest.raises(pl.NoSuchData, match="tell its data steward"):
        _ = pl.load("readings").manifest


def test_a_dataset_shows_its_licence_and_attribution(pl: ModuleType, mounted: Path) -> None:
    assert "Licence: CC0-1.0" in repr(pl.load("calls"))
    assert "Attribution: nobody" in repr(pl.load("calls"))
