"""The forms that take a second factor's code: few tries for strangers, each wrong one on the ledger."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from django.core.exceptions import ValidationError
from django.db import transaction

from hub.ledger import entries
from hub.ledger.kinds import Kind
from hub.people import known_browsers

WRONG = "wrong code of a second factor, after the right password"


class _Counted(BaseAuthenticateForm):  # type: ignore[misc]  # allauth carries no types
    def clean_code(self) -> str:
        """Count a try, to be taken back if the code is right.

        A wrong one came with the right password: it is on the ledger.
        """
        tried = known_browsers.try_code(context.request, self.user)
        if tried is None:
            raise get_adapter(context.request).validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()
        except ValidationError:
            with transaction.atomic():
                entries.append(
                    Kind.SIGN_IN_REFUSED, by=self.user.pk, subject=self.user.pk, facts={"why": WRONG}
                )
            raise
        tried.rollback()
        return code


class Code(_Counted, AuthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """The code at sign-in."""


class CodeAgain(_Counted, ReauthenticateForm):  # type: ignore[misc]  # allauth carries no types
    """The code before a change of how somebody signs in."""
