"""The forms about people: invited, described, given roles, their training recorded."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms

from hub.people import courses
from hub.people.models import Institution, Person, Role, choices
from hub.people.services import SLUG
from hub.provisioning.project_forms import Day, not_over
from hub.provisioning.steps import Change

# What sessions and reviews ask for by name; other courses are recorded too.
COURSES = "“safe-researcher” opens sessions, “output-checking” the review of releases."


class Invite(Change):
    """Somebody new."""

    name = forms.CharField(max_length=200)
    email = forms.EmailField(
        label="E-mail", max_length=254, help_text="They sign in with it; it is never changed later."
    )
    institution = forms.ModelChoiceField(Institution.objects.all(), empty_label="Choose…")
    roles = forms.MultipleChoiceField(
        choices=choices(Role),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A role opens no data by itself: that takes a project, an approval and an agreement.",
    )
    valid_until = Day(label="Last day of the roles", required=False, help_text="Empty for no end.")

    def clean_email(self) -> str:
        """Hold an address to one person."""
        email = str(self.cleaned_data["email"]).lower()
        if Person.objects.filter(email=email).exists():
            raise forms.ValidationError("Somebody with this address is here; look under People.")
        return email

    def clean_valid_until(self) -> date | None:
        """Hold the last day to today or later."""
        return not_over(self.cleaned_data["valid_until"])


class About(Change):
    """A person's name and institution."""

    name = forms.CharField(max_length=200)
    institution = forms.ModelChoiceField(Institution.objects.all())


class GiveRole(Change):
    """A role until a day."""

    role = forms.ChoiceField(choices=choices(Role))
    valid_until = Day(label="Last day", required=False, help_text="Empty for no end.")

    def clean_valid_until(self) -> date | None:
        """Hold the last day to today or later."""
        return not_over(self.cleaned_data["valid_until"])


class Course(Change):
    """A course that somebody completed."""

    course = forms.CharField(max_length=100, help_text=COURSES)
    completed_on = Day(label="Completed on")
    valid_until = Day(label="Counts until")

    def clean(self) -> dict[str, Any]:
        """Hold the two days to their order."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("completed_on"), values.get("valid_until")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("valid_until", "It ends before it was completed.")
        return values


class Courses(Change):
    """A table of courses: a file, or its text."""

    file = forms.FileField(required=False, label="CSV file")
    text = forms.CharField(
        required=False,
        strip=False,
        max_length=courses.MOST_CHARACTERS,
        label="or its text",
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Take the file's text, where a file was given."""
        values: dict[str, Any] = super().clean() or {}
        file = values.get("file")
        if file is not None:
            if file.size > courses.MOST_CHARACTERS:
                raise forms.ValidationError(f"The file is larger than {courses.MOST_CHARACTERS:,} bytes.")
            try:
                values["text"] = file.read().decode("utf-8")
            except UnicodeDecodeError as error:
                raise forms.ValidationError(
                    f"The file is not UTF-8 (byte {error.start}); save it again as CSV in UTF-8."
                ) from error
        if not str(values.get("text", "")).strip() and not self.errors:
            raise forms.ValidationError("Choose a file, or write the table.")
        return values


class NewInstitution(Change):
    """An institution."""

    name = forms.CharField(max_length=200)
    slug = forms.CharField(
        max_length=60, label="Short name", help_text="a–z, 0–9 and hyphens; never changed again."
    )

    def clean_slug(self) -> str:
        """Hold the short name to its alphabet, and to one institution."""
        slug = str(self.cleaned_data["slug"])
        if not SLUG.match(slug):
            raise forms.ValidationError("Use a–z, 0–9 and hyphens, beginning with a letter or digit.")
        if Institution.objects.filter(slug=slug).exists():
            raise forms.ValidationError(f"There is already an institution “{slug}”.")
        return slug


class Rename(Change):
    """An institution's name."""

    name = forms.CharField(max_length=200)


class NewPassword(Change):
    """A password, twice."""

    password = forms.CharField(
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters, and none that many people use.",
    )
    again = forms.CharField(
        strip=False,
        max_length=200,
        label="The same again",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Hold both to each other."""
        values: dict[str, Any] = super().clean() or {}
        if "again" in values and values.get("password") != values["again"]:
            self.add_error("again", "The two are not the same.")
        return values
