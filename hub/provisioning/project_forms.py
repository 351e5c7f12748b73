"""The forms about projects: what they are, who is in them, what their sessions have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from egress_review import reviewers
from hub import images
from hub.access import tiers
from hub.errors import Invalid
from hub.people.models import Person, choices
from hub.projects import limits
from hub.projects.models import FEWEST_APPROVALS, GIB, MemberRole, Project
from hub.projects.services import SLUG
from hub.provisioning.effects import today
from hub.provisioning.steps import Change

MIB = 1024**2
PURPOSE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*\Z")


class Day(forms.DateField):
    """A day, chosen or typed as 2026-11-23."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class About(Change):
    """What a project is about and how long it lasts."""

    title = forms.CharField(max_length=200)
    purpose = forms.CharField(
        max_length=60,
        help_text="In a few words, such as “speech recognition”. Data is approved for exactly this purpose.",
    )
    opens_on = Day(label="First day")
    closes_on = Day(label="Last day", help_text="Sessions end and approvals stop counting after this day.")
    summary = forms.CharField(
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What is to be found out, for members and for those who decide about data.",
    )

    def clean_purpose(self) -> str:
        """Return the purpose as it is kept: lower case, words joined by underscores."""
        purpose = "_".join(re.split(r"[\s_]+", str(self.cleaned_data["purpose"]).strip().lower()))
        if not PURPOSE.match(purpose):
            raise forms.ValidationError(
                "Use letters a–z, digits and spaces only: a purpose is compared word by word."
            )
        return purpose

    def clean(self) -> dict[str, Any]:
        """Hold the two days to their order."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("opens_on"), values.get("closes_on")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("closes_on", "The last day is before the first.")
        return values


class Proposal(About):
    """A new project."""

    slug = forms.CharField(
        label="Short name",
        max_length=30,
        help_text="Up to 30 of a–z, 0–9 and hyphens; part of addresses, and never changed again.",
    )
    field_order = ("title", "slug")

    def clean_slug(self) -> str:
        """Hold the short name to its alphabet."""
        slug = str(self.cleaned_data["slug"])
        if not SLUG.match(slug):
            raise forms.ValidationError("Use a–z, 0–9 and hyphens, beginning with a letter or digit.")
        if Project.objects.filter(slug=slug).exists():
            raise forms.ValidationError(f"There is already a project “{slug}”; choose another short name.")
        return slug


class Settings(Change):
    """What a session of the project has."""

    image = forms.ChoiceField(help_text="What is in each is on the page about images.")
    memory_gib = forms.FloatField(label="Memory, GiB", widget=forms.NumberInput(attrs={"step": "0.25"}))
    cpus = forms.FloatField(label="Processors", widget=forms.NumberInput(attrs={"step": "0.1"}))
    gpus = forms.IntegerField(
        label="GPUs",
        min_value=0,
        help_text="Whole ones; each is one session’s alone, and who finds none free waits for it.",
    )
    pids = forms.IntegerField(label="Processes", help_text="Threads count; 256 is enough for most notebooks.")
    home_gib = forms.FloatField(
        label="Disk, GiB",
        widget=forms.NumberInput(attrs={"step": "0.25"}),
        help_text="The home of each member. Those that exist grow at the next start; none shrinks.",
    )
    idle_minutes = forms.IntegerField(label="Ends when idle for, minutes")
    session_hours = forms.FloatField(
        label="Ends at the latest after, hours", widget=forms.NumberInput(attrs={"step": "0.25"})
    )
    budget_mb = forms.FloatField(
        label="Bytes to the screen a day, MB",
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text="What a screen shows can be read: at 12 kbit/s one MB carries about 11 minutes of speech. "
        "At the budget a session is cut off until the next day (UTC).",
    )

    def __init__(self, *args: Any, machine_gpus: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Where there is none, there is nothing to choose, but what was chosen before can be taken back.
        if not machine_gpus and not self.initial["gpus"]:
            del self.fields["gpus"]
        built = images.choices()
        now = self.initial["image"]
        gone = [] if now in built else [(now, f"{now} (not built here)")]
        image = self.fields["image"]
        assert isinstance(image, forms.ChoiceField)
        image.choices = [*gone, *((name, name) for name in built)]

    def clean(self) -> dict[str, Any]:
        """Hold every value to what the engine takes."""
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                limits.check({name: value for name, value in self.limits().items() if name != "image"})
            except Invalid as error:
                self.add_error(None, str(error))
        return values

    def limits(self) -> dict[str, Any]:
        """Return the values as a project keeps them."""
        given = self.cleaned_data
        return {
            "image": given["image"],
            "memory_bytes": _whole(given["memory_gib"] * GIB),
            "cpus": given["cpus"],
            "gpus": given.get("gpus", 0),
            "pids": given["pids"],
            "home_bytes": _whole(given["home_gib"] * GIB),
            "idle_seconds": given["idle_minutes"] * 60,
            "session_seconds": _whole(given["session_hours"] * 3600),
            "budget_bytes_per_day": _whole(given["budget_mb"] * 1_000_000),
        }

    @staticmethod
    def of(project: Project) -> dict[str, Any]:
        """Return what the form shows for a project."""
        return {
            "image": project.image,
            "memory_gib": _short(project.memory_bytes / GIB),
            "cpus": _short(project.cpus),
            "gpus": project.gpus,
            "pids": project.pids,
            "home_gib": _short(project.home_bytes / GIB),
            "idle_minutes": project.idle_seconds // 60,
            "session_hours": _short(project.session_seconds / 3600),
            "budget_mb": _short(project.budget_bytes_per_day / 1_000_000),
            "seen": project.row_version,
        }


class Reviewers(Change):
    """Who reviews a project's outputs, and how many have to approve."""

    approvals = forms.IntegerField(
        label="Approvals a release needs",
        min_value=FEWEST_APPROVALS,
        max_value=reviewers.MOST_APPROVALS,
    )
    named = forms.MultipleChoiceField(
        label="Checkers who review it",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose nobody to let any output checker from outside the project review.",
    )

    def __init__(
        self,
        *args: Any,
        project: Project,
        checkers: Iterable[Person],
        why_not: dict[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._project = project
        tier = tiers.of(project)
        self.fields["approvals"].help_text = (
            f"By as many different checkers, each file for itself. {tiers.fewest(tier)} at least: the "
            f"highest tier of its data is {tier}."
        )
        named = self.fields["named"]
        assert isinstance(named, forms.MultipleChoiceField)
        named.choices = [(one.pk, _told(one, why_not.get(one.pk, ""))) for one in checkers]

    def clean(self) -> dict[str, Any]:
        """Hold the number to at least two and to at most the checkers who are named."""
        values: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                named = len(set(values["named"]))
                reviewers.check(self._project, approvals=values["approvals"], named=named)
            except Invalid as error:
                self.add_error(None, str(error))
        return values


def _told(checker: Person, why_not: str) -> str:
    """Return a checker's name, place, and what keeps them from reviewing today."""
    return f"{checker.name}, {checker.institution.name}" + (f": {why_not}" if why_not else "")


class Member(Change):
    """Somebody's part in a project."""

    role = forms.ChoiceField(choices=choices(MemberRole), label="Role in the project")
    valid_until = Day(
        label="Last day", required=False, help_text="Leave it empty for as long as the project lasts."
    )

    def clean_valid_until(self) -> date | None:
        """Hold the last day to today or later."""
        return not_over(self.cleaned_data["valid_until"])


class AskForMember(Change):
    """Whom a lead wants in their project, and why."""

    email = forms.EmailField(label="Their e-mail", max_length=254)
    role = forms.ChoiceField(choices=choices(MemberRole), label="Role in the project")
    reason = forms.CharField(
        max_length=2000,
        label="What they will do in it",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="An admin decides by it.",
    )


class Reason(Change):
    """Why something is done, for those whom it touches."""

    reason = forms.CharField(
        max_length=500,
        label="Reason",
        help_text="Those who are affected read it, and it stays on the record.",
    )


def not_over(day: date | None) -> date | None:
    """Return a day that is not over."""
    if day is not None and day < today():
        raise forms.ValidationError("This day is over; choose today or a later one.")
    return day


def _whole(value: float) -> int:
    # Infinity and NaN, which a number field takes, have no whole number.
    return int(value) if abs(value) < 2**62 else 2**62


def _short(value: float) -> float | int:
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else rounded
