"""What a service refuses is said on the form that asked for it; anything else goes on."""

from __future__ import annotations

import pytest
from django import forms

from hub import refusals
from hub.errors import Invalid, NotFound, ParlatoryError, Refused, WrongState


def form() -> forms.Form:
    made = forms.Form({})
    assert made.is_valid()
    return made


def refused(error: ParlatoryError) -> None:
    raise error


@pytest.mark.parametrize("error", [Refused(["You may not."]), NotFound("It is not there.")])
def test_what_is_no_matter_of_what_was_typed_goes_on(error: ParlatoryError) -> None:
    with pytest.raises(type(error)), refusals.said_on(form()):
        refused(error)


@pytest.mark.parametrize("error", [Invalid("Say more."), WrongState("It is closed.")])
def test_what_the_reader_can_mend_is_said_on_the_form(error: ParlatoryError) -> None:
    typed = form()
    with refusals.said_on(typed):
        refused(error)
    assert typed.non_field_errors() == [str(error)]


def test_an_error_that_is_named_is_said_as_well() -> None:
    typed = form()
    with refusals.said_on(typed, NotFound):
        refused(NotFound("There is no such folder."))
    assert typed.non_field_errors() == ["There is no such folder."]
