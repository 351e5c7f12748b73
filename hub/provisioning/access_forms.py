"""The forms about access: asked for, approved with its agreement, refused."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from hub.datasets.models import DatasetVersion, VersionState
from hub.people.models import Person
from hub.projects.models import Project, ProjectState
from hub.provisioning.project_forms import Day, not_over
from hub.provisioning.steps import Change

MOST_TEXT = 20_000


class Ask(Change):
    """What data a project needs, until when, and what for."""

    version = forms.ModelChoiceField(DatasetVersion.objects.none(), label="Dataset", empty_label="Choose…")
    until = Day(label="Until", help_text="At the latest the project’s last day.")
    reason = forms.CharField(
        max_length=4000,
        label="What it is needed for",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="The steward decides by it: what will be done with the recordings, and what shall leave.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.fields["version"]
        assert isinstance(version, forms.ModelChoiceField)
        version.queryset = DatasetVersion.objects.filter(
            state=VersionState.REGISTERED.value, dataset__suspended_at=None
        ).select_related("dataset")

    def clean_until(self) -> date | None:
        """Hold the day to today or later."""
        return not_over(self.cleaned_data["until"])


class Agree(Change):
    """A text that the project's people sign before they use the data."""

    title = forms.CharField(max_length=200, label="Agreement’s title")
    text = forms.CharField(
        max_length=MOST_TEXT,
        label="What its members promise",
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Each signs it in their own name; the text’s hash goes on the ledger and never changes.",
    )
    agreed_until = Day(label="Agreement holds until")

    def clean_agreed_until(self) -> date | None:
        """Hold the day to today or later."""
        return not_over(self.cleaned_data["agreed_until"])

    def clean_text(self) -> str:
        """Return the text with the line ends it is hashed with."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


class Prolong(Change):
    """Until when, and on which conditions."""

    until = Day(label="Approved until", help_text="At the latest the project’s last day.")
    conditions = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Members read them beside the data. What must hold by force belongs into the policies.",
    )

    def clean_until(self) -> date | None:
        """Hold the day to today or later."""
        return not_over(self.cleaned_data["until"])


class Approve(Prolong, Agree):
    """Until when, on which conditions, and under which agreement."""

    field_order = ("until", "conditions", "title", "text", "agreed_until")

    def __init__(self, *args: Any, agreed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if agreed:
            # There is one in force: a further one is asked for only when it is written.
            for name in ("title", "text", "agreed_until"):
                self.fields[name].required = False
            self.fields[
                "title"
            ].help_text = "An agreement is in force. Leave these empty to keep it as it is."


class Choose(forms.Form):
    """A project and one of the steward's own versions."""

    project = forms.ModelChoiceField(
        Project.objects.exclude(state=ProjectState.CLOSED.value),
        to_field_name="slug",
        empty_label="Choose…",
    )
    version = forms.ModelChoiceField(DatasetVersion.objects.none(), label="Dataset", empty_label="Choose…")

    def __init__(self, *args: Any, steward: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        version = self.fields["version"]
        assert isinstance(version, forms.ModelChoiceField)
        version.queryset = DatasetVersion.objects.filter(
            state=VersionState.REGISTERED.value, dataset__steward=steward
        ).select_related("dataset")
        self.versions = version.queryset

    def nothing(self) -> str:
        """Return why there is nothing to choose, and what comes first; empty where there is."""
        if not Project.objects.exclude(state=ProjectState.CLOSED.value).exists():
            return "There is no project yet; an admin of the enclave proposes one."
        if not self.versions.exists():
            return "You answer for no version that can be approved; add a dataset and register its first one."
        return ""
