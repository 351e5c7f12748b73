"""The whole demo, from real packages through real policies."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
import soundfile

from hub.demo import credentials, data
from hub.demo.sources import RECIPES, Recipe
from tests.integration.demo.conftest import Seeded

pytestmark = pytest.mark.timeout(1000)

COUNTS = """
from hub.access import models as access
from hub.datasets import models as datasets
from hub.ledger import models as ledger
from hub.people import models as people
from hub.projects import models as projects
kinds = [access.Approval, access.Agreement, access.AgreementSignature, datasets.DatasetVersion, ledger.Entry,
         people.Person, people.Training, people.RoleAssignment, projects.Project, projects.Membership]
print(json.dumps({kind.__name__: kind.objects.count() for kind in kinds}))
"""
MAY_START = """
from hub.people.models import Person
from hub.projects.models import Project
from hub.workspaces import sessions
answers = []
for email, slug in {asked!r}:
    project = Project.objects.get(slug=slug)
    decision = sessions.may_start(by=Person.objects.get(email=email), project=project)
    answers.append([decision.allow, list(decision.reasons)])
print(json.dumps(answers))
"""
# Denials first. The words are those of the reason that the refused person reads.
STARTS = (
    ("outsider", "pitch-across-languages", "not a member"),
    ("lapsed", "pitch-across-languages", "safe-researcher"),
    ("admin1", "pitch-across-languages", "not a member"),
    ("steward1", "pitch-across-languages", "not a member"),
    ("custodian1", "pitch-across-languages", "not a member"),
    ("researcher1", "reading-styles", "approv"),
    ("researcher2", "number-words", "not open"),
    ("researcher1", "pitch-across-languages", ""),
    ("researcher2", "pitch-across-languages", ""),
    ("both", "pitch-across-languages", ""),
)


@pytest.fixture(scope="module")
def answers(seeded: Seeded) -> list[tuple[bool, list[str]]]:
    """Return the policies' answer to each start, asked in one go."""
    asked = [(f"{login}@demo.invalid", project) for login, project, _ in STARTS]
    found: list[tuple[bool, list[str]]] = json.loads(seeded.portal(MAY_START.format(asked=asked)))
    return found


def test_seeding_again_changes_nothing(seeded: Seeded) -> None:
    before = json.loads(seeded.portal(COUNTS))
    passwords = credentials.path(seeded.places.state).read_bytes()
    seeded.module("hub.demo", "seed")
    assert json.loads(seeded.portal(COUNTS)) == before
    assert credentials.path(seeded.places.state).read_bytes() == passwords


@pytest.mark.parametrize("number", range(len(STARTS)), ids=["-".join(start[:2]) for start in STARTS])
def test_the_policies_say_who_may_start_a_session(answers: list[tuple[bool, list[str]]], number: int) -> None:
    reason = STARTS[number][2]
    allow, reasons = answers[number]
    assert allow is (not reason), reasons
    assert reason in " ".join(reasons)


def test_a_demo_persons_code_is_the_one_the_portal_expects(seeded: Seeded) -> None:
    def accepted() -> bool:
        code = seeded.module("hub.demo", "code", "checker1@demo.invalid").strip()
        checked = seeded.portal(
            "from allauth.mfa.models import Authenticator\n"
            "enrolled = Authenticator.objects.get(user__email='checker1@demo.invalid', type='totp')\n"
            f"print(json.dumps(enrolled.wrap().validate_code({code!r})))"
        )
        return json.loads(checked) is True

    # A code is good for half a minute, which may end between showing and checking it; the next one is fresh.
    assert accepted() or accepted()


def test_only_root_reads_the_passwords(seeded: Seeded) -> None:
    found = credentials.path(seeded.places.state).stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, 0)


def test_data_that_are_there_are_not_made_again(seeded: Seeded) -> None:
    folder = seeded.places.state / "datasets"
    made = {path: path.stat().st_ctime_ns for path in folder.rglob("*")}
    data.build(folder, cache=seeded.places.tools / data.CACHE, say=print)
    assert len(made) > 100
    assert {path: path.stat().st_ctime_ns for path in folder.rglob("*")} == made


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.dataset}-{recipe.version}")
def test_real_recordings_last_as_long_as_their_manifest_says(seeded: Seeded, recipe: Recipe) -> None:
    folder: Path = seeded.places.state / "datasets" / recipe.dataset / recipe.version
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    about = json.loads((folder / "DATASET.json").read_text())
    seconds = 0.0
    for line in lines:
        cut = json.loads(line)
        info = soundfile.info(folder / cut["recording"]["sources"][0]["source"])
        assert cut["duration"] == info.frames / info.samplerate
        seconds += cut["duration"]
    assert len(lines) == about["recordings"]
    assert seconds == pytest.approx(about["seconds"], abs=0.01)
    assert (folder / "LICENSES.txt").stat().st_size > 1000


def test_the_demo_is_speech_of_several_speakers_and_languages(seeded: Seeded) -> None:
    text = (seeded.places.state / "datasets/prompts-voices/1.1/DATASET.json").read_text()
    about = json.loads(text)
    assert (about["speakers"], len(about["languages"]), about["recordings"]) == (7, 7, 1880)
