"""Every address of the portal."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("allauth.idp.urls")),
]
handler400 = "hub.pages.errors.bad_request"
handler403 = "hub.pages.errors.forbidden"
handler404 = "hub.pages.errors.not_found"
handler500 = "hub.pages.errors.server_error"
