"""The form of what is mailed how soon."""

from __future__ import annotations

from typing import Any

from django import forms

from hub.notices.kinds import RULES, Mail
from hub.notices.models import Preference
from hub.people.models import Person


class PreferencesForm(forms.Form):
    """One choice for each kind of notice; what may not be chosen is not offered and not taken."""

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        """Show what the person has chosen, or what holds without a choice."""
        super().__init__(*args, **kwargs)
        chosen = dict(Preference.objects.filter(person=person).values_list("about", "mail"))
        for about, rule in RULES.items():
            self.fields[about.value] = forms.ChoiceField(
                label=rule.label,
                help_text=rule.says,
                choices=[(one.value, one.label) for one in rule.choices],
                initial=chosen.get(about.value, rule.default.value),
            )

    def save(self, *, person: Person) -> None:
        """Keep the choices."""
        for about in RULES:
            mail = Mail(self.cleaned_data[about.value])
            Preference.objects.update_or_create(
                person=person, about=about.value, defaults={"mail": mail.value}
            )
