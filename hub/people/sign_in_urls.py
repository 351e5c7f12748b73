"""The few of allauth's addresses that this enclave uses, and one of ours; no sign-up."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import RedirectView

from hub.people import views


def closed(request: HttpRequest) -> HttpResponse:
    """Say that nobody signs up here."""
    return HttpResponse("An admin of the enclave adds people.\n", status=404, content_type="text/plain")


urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/own-browser/", views.own_browser, name="own_browser"),
    path("sign-in/closed/", account.account_inactive, name="account_inactive"),
    path("sign-in/again/", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/second-factor/", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/again/second-factor/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/second-factor/", mfa.index, name="mfa_index"),
    path("account/second-factor/enrol/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/second-factor/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/second-factor/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/second-factor/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"
    ),
    path(
        "account/second-factor/codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"
    ),
    # allauth names these in its own code; here they lead nowhere.
    path("sign-in/none/", closed, name="account_signup"),
    path("sign-in/no-reset/", closed, name="account_reset_password"),
    path("account/mail/", closed, name="account_email"),
    path("account/password/set/", closed, name="account_set_password"),
    path("sign-in/out/", RedirectView.as_view(pattern_name="sign_out"), name="account_logout"),
]
