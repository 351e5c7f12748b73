"""The forms that find people, and have a link mailed."""

from __future__ import annotations

from typing import Any

from django import forms

from hub.people.models import Institution, Role, choices

STANDINGS = [
    ("active", "active"),
    ("invited", "invited"),
    ("suspended", "suspended"),
    ("closed", "closed"),
]
TRAINING = [("soon", "runs out within 30 days"), ("over", "has run out"), ("none", "none in date")]


class Address(forms.Form):
    """To whom a link is mailed."""

    login = forms.EmailField(
        label="Your e-mail address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class Find(forms.Form):
    """What is looked for among people; every field may be left empty."""

    text = forms.CharField(
        required=False,
        max_length=100,
        label="Name or e-mail",
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    role = forms.ChoiceField(required=False, choices=[("", "any"), *choices(Role)])
    institution = forms.ChoiceField(required=False)
    standing = forms.ChoiceField(required=False, choices=[("", "any"), *STANDINGS])
    training = forms.ChoiceField(required=False, choices=[("", "any"), *TRAINING])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        institution = self.fields["institution"]
        assert isinstance(institution, forms.ChoiceField)
        institution.choices = [("", "any"), *Institution.objects.values_list("slug", "name")]
