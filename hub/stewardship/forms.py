"""Forms of stewards and of those who tell them something."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict

from hub.datasets import datasheets, intakes
from hub.people.models import Institution
from hub.stewardship import feedback, tiers


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, though it be nothing; None where a page was only looked at."""
    return request.POST if request.method == "POST" else None


def _long(label: str, help_text: str = "", *, rows: int = 4, most: int = 5_000, required: bool = True) -> Any:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        required=required,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class WordsForm(forms.Form):
    """What is said about a dataset and may be said better later."""

    title = forms.CharField(max_length=200, label="Title")
    description = _long("Description", "What is in it, in a few sentences that a researcher searches for.")
    licence = forms.CharField(
        max_length=200, label="Licence", help_text="Its name, best as SPDX writes it: CC-BY-4.0."
    )
    attribution = _long("Attribution", "How results name the people and institutions behind it.", rows=3)


class EditForm(WordsForm):
    """The words of a dataset that is there already."""

    row_version = forms.IntegerField(widget=forms.HiddenInput)


class AddForm(WordsForm):
    """A new dataset."""

    slug = forms.SlugField(
        max_length=60,
        label="Short name",
        help_text="Its folder in a session: up to 60 of a–z, 0–9 and hyphens. It never changes.",
    )
    institution = forms.ModelChoiceField(Institution.objects.all(), label="Institution it comes from")
    tier = forms.TypedChoiceField(
        choices=tiers.choices, coerce=int, widget=forms.RadioSelect, label="Tier: how careful to be"
    )
    field_order = ("title", "slug", "description", "institution", "tier", "licence", "attribution")


class IntakeForm(forms.Form):
    """A folder to be registered as a version."""

    folder = forms.ChoiceField(label="Folder on the intake disk")
    version = forms.RegexField(
        r"\A[a-z0-9][a-z0-9.-]{0,39}\Z",
        label="Version",
        help_text="Up to 40 of a–z, 0–9, points and hyphens; people cite it.",
        error_messages={"invalid": "Use up to 40 of a–z, 0–9, points and hyphens, such as 2.0."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the folders that are there now."""
        super().__init__(*args, **kwargs)
        field = self.fields["folder"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in intakes.folders()]


class DatasheetForm(forms.Form):
    """The datasheet's questions; `number` is the wording that its writer had before them."""

    number = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask each question."""
        super().__init__(*args, **kwargs)
        for section in datasheets.SECTIONS:
            self.fields[section.name] = _long(
                section.title, section.asks, most=datasheets.MOST_LETTERS, required=section.required
            )


class ReasonForm(forms.Form):
    """Why something is stopped."""

    reason = forms.CharField(max_length=1_000, label="Reason, which its users read")


class ConfirmForm(forms.Form):
    """Nothing to say; the row as it was seen."""

    row_version = forms.IntegerField(widget=forms.HiddenInput)


class FeedbackForm(forms.Form):
    """What is wrong."""

    text = _long(
        "What is wrong, and where",
        "Name the version, the recording or the column; write nothing that describes a speaker.",
        rows=5,
        most=feedback.MOST_LETTERS,
    )


class AnswerForm(ConfirmForm):
    """An answer."""

    text = _long("Your answer", "Its author reads it on this page.", rows=5, most=feedback.MOST_LETTERS)
