"""An index of made-up voices, and what the screening says of files beside it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import soundfile

from egress_review.bench import disguises
from egress_review.screening import index
from egress_review.screening.index import Index
from egress_review.screening.limits import Limits
from egress_review.screening.recordings import Recording
from tests.unit.screening.cases import verdict
from tests.unit.screening.voices import RATE, Samples, spoken

SPEAKERS, EACH = 13, 2
STRANGER = spoken(9_001, 2.5)
KNOWN = {"sound_known", "numbers_known", "picture_known"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Return the index of 26 made-up recordings of 13 voices."""
    folder = tmp_path_factory.mktemp("voices")
    rows = []
    for number in range(SPEAKERS * EACH):
        path = folder / f"r{number}.flac"
        soundfile.write(path, spoken(number, 2.5), RATE)
        rows.append(Recording(f"rec-{number:04d}", f"voice{number % SPEAKERS:02d}", "", path.name))
    index.build("made-up", rows, folder, folder / "index")
    yield Index.open([folder / "index"])


def checks(data: Index, name: str, content: bytes) -> set[tuple[str, str]]:
    """Return the checks that found something in a file, with how severe it is."""
    found = verdict({name: content}, Limits(), data)
    return {(finding.check, finding.severity) for finding in found.findings if finding.severity != "note"}


def disguised(name: str, samples: Samples, *, testing: bool = True) -> tuple[str, bytes]:
    """Return a voice as the bench disguises it."""
    chance = np.random.default_rng(3)
    return disguises.made(name, disguises.Voice(samples, RATE, STRANGER, RATE, chance, testing))


def known(found: set[tuple[str, str]]) -> bool:
    """Return whether a file is blocked as sound of the data."""
    return any(check in KNOWN and severity == "block" for check, severity in found)
