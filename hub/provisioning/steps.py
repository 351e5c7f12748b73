"""The two steps of a change: its form, then the page that says who is affected, then the change itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from hub import refusals, rows
from hub.affected import Affected

Values = dict[str, Any]


class Change(forms.Form):
    """A form whose values travel through the page that says who is affected."""

    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def carry(self) -> Change:
        """Return the form with its values out of sight and the confirmation set, for the second page."""
        for one in self.fields.values():
            one.widget = one.hidden_widget()
        assert isinstance(self.data, QueryDict), "a form is bound to what a browser sent"
        data = self.data.copy()
        data["confirmed"] = "on"
        self.data = data
        return self

    def renew(self) -> None:
        """Take the row version of this moment: its reader has just been told what stands against them."""
        assert isinstance(self.data, QueryDict), "a form is bound to what a browser sent"
        data = self.data.copy()
        data["seen"] = self.initial.get("seen", "")
        data.pop("confirmed", None)
        self.data = data


def data(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, also when a form without fields sends nothing."""
    return request.POST if request.method == "POST" else None


@dataclass(frozen=True)
class Wording:
    """What the pages of a change say."""

    heading: str
    sentence: str
    action: str
    back: str
    danger: bool = False
    lead: str = ""
    facts: list[tuple[str, object]] = field(default_factory=list)
    # Another page that the reader may want instead, and what it is called.
    instead: tuple[str, str] = ("", "")


def two(
    request: HttpRequest,
    *,
    form: Change,
    wording: Wording,
    affected: Callable[[Values], Iterable[Affected]],
    act: Callable[[Values], str],
    to: str,
    told: Callable[[Values], list[tuple[str, object]]] | None = None,
) -> HttpResponse:
    """Answer with the form, with who is affected by what it says, or after the change with the next page."""
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if not values["confirmed"]:
            said = replace(wording, facts=told(values)) if told else wording
            return confirm(request, form=form.carry(), wording=said, affected=affected(values))
        if done := attempt(form, act):
            messages.success(request, done)
            return redirect(to)
    return render(request, "provisioning/form.html", {"form": form, **_said(wording)})


def one(
    request: HttpRequest,
    *,
    form: Change,
    wording: Wording,
    affected: Callable[[], Iterable[Affected]],
    act: Callable[[Values], str],
    to: str,
) -> HttpResponse:
    """Answer with who is affected and what is still asked, or after the change with the next page."""
    if request.method == "POST" and form.is_valid() and (done := attempt(form, act)):
        messages.success(request, done)
        return redirect(to)
    return confirm(request, form=form, wording=wording, affected=affected())


def move(
    request: HttpRequest,
    row: models.Model,
    wording: Wording,
    *,
    affected: Callable[[], Iterable[Affected]],
    act: Callable[[Values], None],
    done: str,
    form: type[Change] = Change,
) -> HttpResponse:
    """Change a row that is still as the confirmed page showed it, and go back to its page."""

    def doing(values: Values) -> str:
        unchanged(values, row)
        act(values)
        return done

    seen = row.row_version  # type: ignore[attr-defined]  # every row given here has one
    made = form(data(request), initial={"seen": seen})
    return one(request, form=made, wording=wording, affected=affected, act=doing, to=wording.back)


def at_once(
    request: HttpRequest, *, form: Change, wording: Wording, act: Callable[[Values], str], to: str
) -> HttpResponse:
    """Answer with a form whose change touches nobody yet, or after the change with the next page."""
    if request.method == "POST" and form.is_valid() and (done := attempt(form, act)):
        messages.success(request, done)
        return redirect(to)
    return render(request, "provisioning/form.html", {"form": form, "at_once": True, **_said(wording)})


def unchanged(values: Values, row: models.Model) -> None:
    """Raise WrongState if a row is no longer as the confirmed page showed it."""
    rows.expect(row, values["seen"])


def confirm(
    request: HttpRequest, *, form: Change, wording: Wording, affected: Iterable[Affected]
) -> HttpResponse:
    """Answer with the page that says who is affected before the change is made."""
    context = {"form": form, "affected": list(affected), **_said(wording)}
    return render(request, "confirm.html", context)


def attempt(form: Change, act: Callable[[Values], str]) -> str:
    """Return what the change says when done; what it finds wrong goes back to the form, nothing lost.

    A refusal is no matter of the form: it goes on to the page that says so.
    """
    with refusals.said_on(form):
        return act(form.cleaned_data)
    form.renew()
    return ""


def _said(wording: Wording) -> dict[str, object]:
    return {
        "heading": wording.heading,
        "sentence": wording.sentence,
        "lead": wording.lead or wording.sentence,
        "action": wording.action,
        "back": wording.back,
        "danger": wording.danger,
        "facts": wording.facts,
        "instead": wording.instead,
    }
