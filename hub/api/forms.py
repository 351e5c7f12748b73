"""What a person fills in to make a token."""

from __future__ import annotations

from django import forms

from hub.api.scopes import MEANING, Scope
from hub.api.tokens import LONGEST_DAYS

LIVES = ((1, "1 day"), (7, "7 days"), (30, "30 days"), (LONGEST_DAYS, f"{LONGEST_DAYS} days"))


class TokenForm(forms.Form):
    """Name, scopes and days of a token."""

    name = forms.CharField(
        max_length=80,
        label="Name",
        help_text="What the script is for, as “training import”; it stands beside each of its acts.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value} – {MEANING[scope]}") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        label="What it may be used for",
        help_text="The fewest that will do. A scope never gives more than you may do yourself.",
    )
    days = forms.TypedChoiceField(
        choices=LIVES, coerce=int, initial=30, label="How long it lives", help_text="Then it stops by itself."
    )
