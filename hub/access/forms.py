"""The form that finds projects."""

from __future__ import annotations

from django import forms

from hub.people.models import choices
from hub.projects.models import ProjectState


class Find(forms.Form):
    """What is looked for among projects; every field may be left empty."""

    all = forms.CharField(required=False, max_length=5, widget=forms.HiddenInput)
    text = forms.CharField(
        required=False, max_length=100, label="Title", widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(required=False, choices=[("", "any"), *choices(ProjectState)])
