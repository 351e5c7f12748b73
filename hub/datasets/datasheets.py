"""Datasheets: what a steward says about a dataset, each earlier wording kept.

The questions are those of “Datasheets for Datasets” (Gebru et al., 2021), shortened to what speech needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from hub import rows
from hub.datasets import facts, services
from hub.datasets.models import Dataset, Datasheet
from hub.errors import Invalid, WrongState
from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people.models import Person

MOST_LETTERS = 5_000


@dataclass(frozen=True)
class Section:
    """One question of the datasheet."""

    name: str
    title: str
    asks: str
    required: bool = False


SECTIONS = (
    Section("motivation", "Motivation", "What was it made for, by whom, paid by whom?", True),
    Section("composition", "Composition", "What is one recording? Who speaks, how were they chosen?"),
    Section("collection", "Collection", "How, where and when were the recordings made or gathered?"),
    Section("consent", "Consent", "What did the speakers agree to, and how do they take it back?", True),
    Section("languages", "Languages and accents", "Which, and who told them: the speakers or a listener?"),
    Section("conditions", "Recording conditions", "Rooms, microphones, noise, codecs, processing since."),
    Section("gaps", "Known gaps", "Who or what is missing, over-represented or known to be wrong?"),
    Section("out_of_bounds", "Uses out of bounds", "What must nobody do with it, agreement or not?", True),
    Section("contact", "Contact", "Whom to write to with questions, or to take a recording back?", True),
)


def write(*, by: Person, dataset: Dataset, answers: Mapping[str, str], number: int) -> Datasheet:
    """Write a dataset's datasheet anew; `number` is the one that its writer had before them, 0 for none."""
    said = {section.name: _answer(section, answers.get(section.name, "")) for section in SECTIONS}
    dataset = facts.fresh(dataset)
    allowed = services.may(by, dataset=dataset, change="edit")
    with transaction.atomic():
        allowed.use()
        rows.claim(dataset)
        last = dataset.datasheets.first()
        if number != (last.number if last else 0):
            raise WrongState("The datasheet was changed by somebody else; load it again and repeat.")
        written = Datasheet.objects.create(dataset=dataset, number=number + 1, answers=said, written_by=by)
        before = last.answers if last else {}
        changed = sorted(name for name in said if said[name] != before.get(name, ""))
        told = {"what": "datasheet", "number": written.number, "changed": changed}
        entries.append(Kind.PROVISIONED, by=by.id, subject=dataset.id, facts=told)
    return written


def shown(datasheet: Datasheet | None) -> list[tuple[Section, str]]:
    """Return the questions that have an answer, with it."""
    answers = datasheet.answers if datasheet else {}
    return [(section, answers[section.name]) for section in SECTIONS if answers.get(section.name)]


def changes(sheets: list[Datasheet]) -> list[tuple[Datasheet, list[str]]]:
    """Return each wording, the newest first, with the titles of what it changed."""
    told = []
    for at, sheet in enumerate(sheets):
        before = sheets[at + 1].answers if at + 1 < len(sheets) else {}
        changed = [s.title for s in SECTIONS if sheet.answers.get(s.name, "") != before.get(s.name, "")]
        told.append((sheet, changed))
    return told


def _answer(section: Section, text: str) -> str:
    said = text.strip()
    if section.required and not said:
        raise Invalid(f"“{section.title}” has no answer: {section.asks}")
    if len(said) > MOST_LETTERS or "\0" in said:
        raise Invalid(f"“{section.title}” takes at most {MOST_LETTERS:,} letters, none of them a null.")
    return said
