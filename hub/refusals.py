"""What a service refuses of what somebody typed is said on their form, so that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms

from hub.errors import Invalid, ParlatoryError, WrongState


@contextmanager
def said_on(form: forms.BaseForm, *also: type[ParlatoryError]) -> Iterator[None]:
    """Put what is refused as invalid, as overtaken or as is named on the form; other errors go on."""
    named: tuple[type[ParlatoryError], ...] = (Invalid, WrongState, *also)
    try:
        yield
    except named as error:
        form.add_error(None, str(error))
