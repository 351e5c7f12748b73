"""Dataset versions made of packages: the same bytes each time, and a manifest that tells the truth."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest
import soundfile

from hub.datasets import manifest
from hub.demo import data, packages, recordings
from hub.demo.packages import Unpacked
from hub.demo.sources import FURTHER_VOICES, RECIPES, VOICES, Recipe
from hub.errors import Unavailable, WrongState

Packages = dict[str, Unpacked]
recipes = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.dataset}-{recipe.version}")


def cuts(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a manifest."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    """Return an empty folder of datasets."""
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@recipes
def test_the_same_packages_give_the_same_bytes(recipe: Recipe, datasets: Path, unpacked: Packages) -> None:
    (datasets / "again").mkdir()
    first = data.write(recipe, datasets, unpacked)
    second = data.write(recipe, datasets / "again", unpacked)
    assert contents(first) == contents(second)


@recipes
def test_durations_and_rates_are_those_of_the_files(
    recipe: Recipe, datasets: Path, unpacked: Packages
) -> None:
    folder = data.write(recipe, datasets, unpacked)
    for cut in cuts(folder):
        info = soundfile.info(folder / cut["recording"]["sources"][0]["source"])
        assert cut["recording"]["num_samples"] == info.frames
        assert cut["recording"]["sampling_rate"] == info.samplerate
        assert cut["duration"] == pytest.approx(info.frames / info.samplerate)
        assert info.subtype == "PCM_16"


@recipes
def test_every_recording_has_a_unique_id_a_speaker_and_a_licence(
    recipe: Recipe, datasets: Path, unpacked: Packages
) -> None:
    found = cuts(data.write(recipe, datasets, unpacked))
    assert len({cut["id"] for cut in found}) == len(found) > 0
    for cut in found:
        (said,) = cut["supervisions"]
        assert said["recording_id"] == cut["recording"]["id"] == cut["id"]
        assert said["speaker"]
        assert said["language"]
        assert said["custom"]["licence"]


@recipes
def test_the_portal_registers_what_was_made(recipe: Recipe, datasets: Path, unpacked: Packages) -> None:
    folder = data.write(recipe, datasets, unpacked)
    about = json.loads((folder / "DATASET.json").read_text())
    read = manifest.read(folder)
    assert (read.recordings, read.speakers) == (about["recordings"], about["speakers"])
    assert read.seconds == pytest.approx(about["seconds"], abs=0.01)


@recipes
def test_nothing_made_can_be_written(recipe: Recipe, datasets: Path, unpacked: Packages) -> None:
    folder = data.write(recipe, datasets, unpacked)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o444}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


@recipes
def test_the_index_for_screening_names_every_recording(
    recipe: Recipe, datasets: Path, unpacked: Packages
) -> None:
    folder = data.write(recipe, datasets, unpacked)
    with (folder / "recordings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["recording"] for row in rows] == [cut["id"] for cut in cuts(folder)]
    assert all((folder / row["path"]).is_file() for row in rows)
    assert {"speaker", "transcript"} <= set(rows[0])


@recipes
def test_the_packages_own_licences_lie_beside_the_recordings(
    recipe: Recipe, datasets: Path, unpacked: Packages
) -> None:
    folder = data.write(recipe, datasets, unpacked)
    text = (folder / "LICENSES.txt").read_text()
    assert all(f"{package} was made by somebody." in text for package in recipe.packages)
    about = json.loads((folder / "DATASET.json").read_text())
    assert all(voice.attribution in about["attribution"] for voice in recipe.voices)


def test_only_prompts_that_every_voice_speaks_are_taken(datasets: Path, unpacked: Packages) -> None:
    found = cuts(data.write(RECIPES[1], datasets, unpacked))
    spoken = [cut["supervisions"][0]["custom"]["prompt"] for cut in found]
    assert set(spoken) == {"hello", "digits/1", "digits/2"}
    assert len(spoken) == 3 * len(RECIPES[1].voices)


def test_a_recording_keeps_its_id_and_bytes_in_the_next_version(datasets: Path, unpacked: Packages) -> None:
    first, second = (contents(data.write(recipe, datasets, unpacked)) for recipe in RECIPES[:2])
    old = {name for name in first if name.startswith("recordings/")}
    assert old < set(second)
    assert all(first[name] == second[name] for name in old)


def test_transcripts_are_those_of_the_package(datasets: Path, unpacked: Packages) -> None:
    found = cuts(data.write(RECIPES[2], datasets, unpacked))
    assert [cut["supervisions"][0]["text"] for cut in found] == [
        "he was not an ill disposed young man",
        "and so",
    ]


def test_what_is_made_is_not_made_again(
    datasets: Path, unpacked: Packages, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def unpack(names: set[str], work: Path, cache: Path) -> Packages:
        asked.append(names)
        return unpacked

    monkeypatch.setattr(packages, "unpack", unpack)
    first = data.build(datasets, cache=datasets / "cache", say=str)
    assert data.build(datasets, cache=datasets / "cache", say=str) == first
    assert len(asked) == 1


def test_a_version_of_another_recipe_is_never_overwritten(datasets: Path, unpacked: Packages) -> None:
    folder = data.write(RECIPES[0], datasets, unpacked)
    (folder / data.STAMP).chmod(0o644)
    (folder / data.STAMP).write_text("of another release\n")
    with pytest.raises(WrongState, match="a dataset version never changes"):
        data.build(datasets, cache=datasets / "cache", say=str)


def test_a_voice_is_found_where_another_release_of_debian_has_it(datasets: Path, unpacked: Packages) -> None:
    voice = next(voice for voice in FURTHER_VOICES if voice.elsewhere)
    package = unpacked[voice.package].folder
    before = recordings.prompts((voice,), VOICES, unpacked)
    (package / voice.folder).rename(package / voice.elsewhere[0])
    after = recordings.prompts((voice,), VOICES, unpacked)
    assert before and [clip.id for clip in after] == [clip.id for clip in before]


def test_a_package_without_its_voice_makes_no_empty_version(datasets: Path, unpacked: Packages) -> None:
    recipe, voice = RECIPES[0], RECIPES[0].voices[0]
    folder = unpacked[voice.package].folder / voice.folder
    folder.rename(folder.with_name("moved"))
    with pytest.raises(Unavailable, match=f"{voice.package} .* holds no recording in {voice.folder}"):
        data.write(recipe, datasets, unpacked)
    assert not (datasets / recipe.dataset / recipe.version).exists()


def test_where_a_voice_lies_is_no_part_of_what_a_version_is_made_from() -> None:
    assert "elsewhere" not in repr(RECIPES) and "es_CO_f_Avatar" not in repr(RECIPES)
