"""Training records from a table: each row is looked at before anything is written, then all or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from hub import policy, rows
from hub.errors import Invalid
from hub.people import facts, services
from hub.people.models import Person, Training
from hub.people.permission import Actor

COLUMNS = ("email", "course", "completed_on", "valid_until")
MOST_ROWS = 1000
MOST_CHARACTERS = 400_000


@dataclass(frozen=True)
class Row:
    """One row as it was read; with an error nothing of the table is written."""

    line: int
    email: str
    course: str
    completed_on: date | None
    valid_until: date | None
    person: Person | None
    error: str


def read(text: str, *, by: Actor) -> list[Row]:
    """Return every row of a table with what is wrong about it; a table that can't be read is Invalid."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"The table has {len(text):,} characters; give at most {MOST_CHARACTERS:,} at once.")
    found = [_parse(line, cells) for line, cells in _cells(text)]
    if not found:
        raise Invalid("The table has no row below its header.")
    return _examined(found, by)


def record(*, by: Actor, table: Iterable[Row]) -> int:
    """Write down every row of a table that was read, or none; return how many."""
    table = list(table)
    if wrong := [row for row in table if row.error or row.person is None]:
        raise Invalid(f"Nothing was written: {len(wrong)} rows can’t be, the first is line {wrong[0].line}.")
    people = {row.person.id: facts.fresh(row.person) for row in table if row.person}
    allowed = {id: services.may_record(by=by, person=person) for id, person in people.items()}
    with transaction.atomic():
        for permission in allowed.values():
            permission.use()
        for row in table:
            assert row.person and row.completed_on and row.valid_until, "rows without an error are complete"
            person = people[row.person.id]
            rows.claim(person)
            services.write_training(
                by=by,
                person=person,
                course=row.course,
                completed_on=row.completed_on,
                valid_until=row.valid_until,
            )
    return len(table)


def _cells(text: str) -> list[tuple[int, dict[str, str]]]:
    if "\0" in text:
        raise Invalid("The table holds a null byte; save it again as CSV in UTF-8.")
    text = text.removeprefix("\ufeff")
    header = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in header else ",", strict=True)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        if sorted(names) != sorted(COLUMNS):
            raise Invalid(f"The first line has to name the columns {', '.join(COLUMNS)}, and no others.")
        found: list[tuple[int, dict[str, str]]] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(found) == MOST_ROWS:
                raise Invalid(f"The table has more than {MOST_ROWS} rows; give it in parts.")
            padded = dict.fromkeys(COLUMNS, "") | dict(
                zip(names, (cell.strip() for cell in cells), strict=False)
            )
            padded["extra"] = "yes" if len(cells) > len(names) else ""
            found.append((reader.line_num, padded))
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} is not CSV: {error}.") from error
    return found


def _parse(line: int, cells: dict[str, str]) -> Row:
    errors = []
    days: dict[str, date | None] = {}
    for name in ("completed_on", "valid_until"):
        try:
            days[name] = date.fromisoformat(cells[name])
        except ValueError:
            days[name] = None
            errors.append(f"{name} is not a day like 2026-11-23")
    first, last = days["completed_on"], days["valid_until"]
    if first and last and last < first:
        errors.append("it ends before it was completed")
    if not cells["course"] or len(cells["course"]) > 100:
        errors.append("the course is missing or longer than 100 characters")
    if cells["extra"]:
        errors.append("there are more cells than columns")
    return Row(
        line=line,
        email=cells["email"].lower(),
        course=cells["course"],
        completed_on=first,
        valid_until=last,
        person=None,
        error="; ".join(errors),
    )


def _examined(found: list[Row], by: Actor) -> list[Row]:
    """Return the rows with their people, and with what only the register and the policies know."""
    emails = {row.email for row in found}
    people = {one.email: one for one in Person.objects.with_roles().filter(email__in=emails)}
    known = set(
        Training.objects.filter(person__in=people.values()).values_list("person", "course", "completed_on")
    )
    refusals = {id: _refusal(by, person) for id, person in ((one.id, one) for one in people.values())}
    seen: set[tuple[str, str, date | None]] = set()
    return [_examine(row, people.get(row.email), known, refusals, seen) for row in found]


def _examine(
    row: Row,
    person: Person | None,
    known: set[tuple[str, str, date]],
    refusals: dict[str, str],
    seen: set[tuple[str, str, date | None]],
) -> Row:
    errors = [row.error] if row.error else []
    key = (row.email, row.course, row.completed_on)
    if person is None:
        errors.append("nobody has this address")
    elif row.completed_on and (person.id, row.course, row.completed_on) in known:
        errors.append("this is already recorded; take the row out")
    if person is not None and refusals[person.id]:
        errors.append(refusals[person.id])
    if key in seen:
        errors.append("the same row stands above")
    seen.add(key)
    return Row(
        line=row.line,
        email=row.email,
        course=row.course,
        completed_on=row.completed_on,
        valid_until=row.valid_until,
        person=person,
        error="; ".join(errors),
    )


def _refusal(by: Actor, person: Person) -> str:
    """Return why the policies would not let this be recorded; nothing is written down yet."""
    if not isinstance(by, Person):
        return ""
    decision = policy.ask(services.recording(facts.fresh(by), person))
    return "" if decision.allow else " ".join(decision.reasons)
