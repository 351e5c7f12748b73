"""What a reader of the ledger narrows it by; what can't be used is said, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.db.models import Q

from hub.ledger.kinds import Kind
from hub.people.models import Person

DENIALS = (
    Kind.DECISION_DENIED,
    Kind.SIGN_IN_REFUSED,
    Kind.GATE_REFUSED,
    Kind.RELEASE_STOPPED,
    Kind.SECRETS_MISSED,
)
# Who acts without being a person.
PARTS = frozenset({"enclave", "portal", "operator"})
MOST_NAMESAKES = 8
LARGEST_INDEX = 2**62


def _words(kind: Kind) -> str:
    return kind.value.replace("_", " ")


class DayInput(forms.DateInput):
    """A day, chosen in the browser's own way."""

    input_type = "date"


class ManyChoices(forms.Select):
    """A list of a thousand choices, in one template: Django’s own takes one for each choice."""

    template_name = "audit/_many_choices.html"

    def create_option(
        self, name: str, value: Any, label: int | str, selected: bool, *_: Any, **__: Any
    ) -> dict[str, Any]:
        """Return what the template shows of a choice."""
        return {"value": value, "label": label, "selected": selected}


class FilterForm(forms.Form):
    """The filters above the timeline."""

    kind = forms.ChoiceField(required=False, label="Kind of act")
    person = forms.CharField(
        required=False, max_length=200, label="Person", help_text="a name, an address or an id"
    )
    subject = forms.CharField(
        required=False, max_length=64, label="On", help_text="the id of what was acted on"
    )
    since = forms.DateField(required=False, label="From", widget=DayInput)
    until = forms.DateField(required=False, label="To", widget=DayInput)
    text = forms.CharField(
        required=False, max_length=100, label="Words in its facts", help_text="a reason, a file, a course"
    )
    denials = forms.BooleanField(required=False, label="Only what was refused")

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Offer every kind there is."""
        super().__init__(data)
        kinds = [(kind.value, _words(kind)) for kind in sorted(Kind)]
        self.fields["kind"].choices = [("", "all"), *kinds]  # type: ignore[attr-defined]  # a choice field

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins."""
        given: dict[str, Any] = super().clean() or {}
        since, until = given.get("since"), given.get("until")
        if since and until and until < since:
            self.add_error("until", "This day lies before the first; turn the two round.")
        return given


@dataclass(frozen=True)
class Filter:
    """What is looked for; empty means everything."""

    kinds: tuple[Kind, ...] = ()
    person: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""

    @property
    def begins_at(self) -> datetime | None:
        """The first moment that is looked for."""
        return datetime.combine(self.since, time.min, UTC) if self.since else None

    @property
    def ends_at(self) -> datetime | None:
        """The last moment that is looked for."""
        return datetime.combine(self.until, time.max, UTC) if self.until else None


def people_called(words: str) -> list[Person]:
    """Return the people whom a reader may mean by an id, an address or a part of a name."""
    exact = list(Person.objects.filter(Q(pk=words.lower()) | Q(email__iexact=words))[:1])
    return exact or list(Person.objects.filter(name__icontains=words)[:MOST_NAMESAKES])


def read(form: FilterForm, *, person: str) -> Filter:
    """Return the filter in a valid form, with the person it means as an id."""
    given = form.cleaned_data
    kinds: tuple[Kind, ...] = DENIALS if given["denials"] else ()
    if given["kind"]:
        kind = Kind(given["kind"])
        kinds = (kind,)
    return Filter(
        kinds=kinds,
        person=person,
        subject=given["subject"].strip(),
        since=given["since"],
        until=given["until"],
        text=given["text"].strip(),
    )


def place(given: Mapping[str, Any], name: str) -> int | None:
    """Return the entry's number that a page begins at; None where none can be read."""
    written = str(given.get(name, ""))
    if not (written.isascii() and written.isdigit()):
        return None
    number = int(written[:20])
    return number if number < LARGEST_INDEX else None
