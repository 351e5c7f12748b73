"""Second factors sealed anew when the portal's secret is rotated."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken

from hub.people import reseal
from tests import portal

pytestmark = pytest.mark.django_db


def sealed(secret: str) -> Authenticator:
    """Return a second factor that a secret of the portal's sealed."""
    data = {"secret": reseal.cipher(secret).encrypt(b"JBSWY3DPEHPK3PXP").decode()}
    return Authenticator.objects.create(
        user=portal.person(f"person-{secret}"), type=Authenticator.Type.TOTP, data=data
    )


def test_a_second_factor_opens_with_the_new_secret_and_no_longer_with_the_old() -> None:
    factor = sealed("old")
    assert reseal.reseal("old", "new") == 1
    factor.refresh_from_db()
    assert reseal.cipher("new").decrypt(factor.data["secret"].encode()) == b"JBSWY3DPEHPK3PXP"
    with pytest.raises(InvalidToken):
        reseal.cipher("old").decrypt(factor.data["secret"].encode())


def test_sealing_again_changes_nothing() -> None:
    factor = sealed("old")
    reseal.reseal("old", "new")
    factor.refresh_from_db()
    before = dict(factor.data)
    assert reseal.reseal("old", "new") == 0
    factor.refresh_from_db()
    assert factor.data == before


def test_a_factor_that_neither_opens_stops_everything() -> None:
    factor = sealed("old")
    sealed("another")
    with pytest.raises(InvalidToken):
        reseal.reseal("old", "new")
    factor.refresh_from_db()
    assert reseal.cipher("old").decrypt(factor.data["secret"].encode())
