"""The enclave's OpenID provider: the portal says who somebody is."""

from __future__ import annotations

from allauth.idp.oidc.adapter import DefaultOIDCAdapter


class IdentityAdapter(DefaultOIDCAdapter):  # type: ignore[misc]
    """Claims about people."""
