"""The enclave's OpenID provider: the portal says who somebody is, to clients that prove they asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from oauthlib.openid.connect.core.exceptions import (  # type: ignore[import-untyped]  # carries no types
    InvalidTokenError,
)

from hub.people.facts import fresh
from hub.people.models import Person
from hub.places import places

HUB_CLIENT = "jupyterhub"
AUTHORIZE = "/identity/o/authorize"
# Of allauth's provider these are served; device codes, registration and its own sign-out are not.
SERVED = frozenset({AUTHORIZE, "/identity/o/api/token", "/identity/o/api/userinfo", "/identity/o/api/revoke"})
# RFC 7636: the base64url of a SHA-256 has 43 characters.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class IdentityAdapter(DefaultOIDCAdapter):  # type: ignore[misc]  # allauth carries no types
    """Claims about people in good standing; about others nothing is said."""

    def get_issuer(self) -> str:
        """The portal's own address, whatever Host the hub used to reach it."""
        return places.portal_url

    def get_user_sub(self, client: Client, user: Person) -> str:
        """A person's id, the same for every client of the enclave."""
        return user.id

    def get_user_by_sub(self, client: Client, sub: str) -> Person | None:
        """Return the person behind a code, unless they are suspended or closed meanwhile."""
        return Person.objects.filter(pk=sub, is_active=True, suspended_at=None).first()

    def get_claims(
        self, purpose: str, user: Person, client: Client, scopes: Any, **kwargs: Any
    ) -> dict[str, Any]:
        """Say who a person is, and in which roles today."""
        person = fresh(user)
        if not person.is_active or person.is_suspended:
            raise InvalidTokenError("This account is closed or suspended.")
        roles = person.roles_on(datetime.now(UTC).date())
        return {
            "sub": person.id,
            "preferred_username": person.id,
            "name": person.name,
            "email": person.email,
            "groups": sorted(role.value for role in roles),
        }


class Challenges:
    """Let no client authorise without PKCE by S256, and serve no more of the provider than is used."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        """Remember what comes after."""
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse an authorisation request without a challenge before allauth sees it."""
        if not request.path.startswith("/identity/"):
            return self.respond(request)
        if request.path not in SERVED:
            return HttpResponse("This is not served here.\n", status=404, content_type="text/plain")
        if request.path == AUTHORIZE and not _challenged(request):
            reason = (
                "The sign-in request carries no PKCE challenge by S256, so a stolen code could be used; "
                "the client has to send code_challenge and code_challenge_method=S256."
            )
            context = {"heading": "This sign-in request is refused", "reasons": (reason,), "status": 400}
            return render(request, "error.html", context, status=HTTPStatus.BAD_REQUEST)
        return self.respond(request)


def _challenged(request: HttpRequest) -> bool:
    # A second value, or one in the body, could be read by allauth where we read the first.
    if request.method != "GET":
        return False
    methods = request.GET.getlist("code_challenge_method")
    challenges = request.GET.getlist("code_challenge")
    return methods == ["S256"] and len(challenges) == 1 and bool(CHALLENGE.match(challenges[0]))


def ensure_hub_client() -> Client:
    """Make the hub's client as it must be: confidential, one redirect, code and refresh only."""
    client, _ = Client.objects.get_or_create(id=HUB_CLIENT, defaults={"name": "Notebooks"})
    secret = settings.PARLATORY_OIDC_CLIENT_SECRET
    if not check_password(secret, client.secret):
        client.set_secret(secret)
    client.name = "Notebooks"
    client.type = Client.Type.CONFIDENTIAL
    client.skip_consent = True
    client.set_scopes(["openid", "profile", "email"])
    client.set_redirect_uris([f"{places.lab_url}/hub/oauth_callback"])
    client.grant_types = "\n".join([Client.GrantType.AUTHORIZATION_CODE, Client.GrantType.REFRESH_TOKEN])
    client.response_types = Client.ResponseType.CODE.value
    client.allow_uri_wildcards = False
    client.save()
    return client
